"""One execution at a time, without losing what happened meanwhile.

An execution goes on if it is the oldest one that runs. The second oldest waits. All later ones end at once: the one
that waits has not begun, and will see everything that they were started for.

The list of executions is only eventually consistent, so that two that begin within moments may both go on; the
curation job itself allows one run at a time, and adds nothing twice.
"""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, State, task
from lake_blueprints.orchestration.poll import ask_again, count, gave_up, rounds, wait
from lake_blueprints.orchestration.retryable_errors import STEP_FUNCTIONS

_QUEUE, _COUNTER = "$.queue", "$.queue.count"
# Of one call. An entry of the list has up to about 700 bytes, and a state hands on 262,144.
_PAGE = 100

# The newest execution comes first, and the list may lack this one for a moment. On a first page of several, this
# execution may be older than all that are listed, or among the last: what is ahead is then unknown, which is waited
# for as for one, until those behind have ended.
_AHEAD = """{% (
    $me := $states.context.Execution.Id;
    $listed := [$states.input.queue.answer.Executions.ExecutionArn];
    $place := $map($listed, function($arn, $index) { $arn = $me ? $index });
    $older := $exists($place) ? $count($listed) - 1 - $place : $count($listed);
    $unknown := $exists($states.input.queue.answer.NextToken) and ($not($exists($place)) or $older < 2);
    $merge([$states.input, {'queue': {
        'count': $states.input.queue.count,
        'ahead': $unknown ? 1 : $older
    }}])
) %}"""


def single_execution_guard(*, interval: Duration, limit: Duration) -> Fragment:
    """Return the states that wait until the execution is the oldest one that runs.

    Parameters
    ----------
    interval: Duration
        Time between the first two looks; further ones are farther apart.
    limit: Duration
        Time after which the execution fails.
    """
    lists, finds, decides, waits = "List running executions", "Count those ahead", "Position in queue", "Wait in line"
    listing = task(
        lists,
        "aws-sdk:sfn:listExecutions",
        {"StateMachineArn.$": "$$.StateMachine.Id", "StatusFilter": "RUNNING", "MaxResults": _PAGE},
        timeout=ONE_CALL,
        retries=[],
        result_path=f"{_QUEUE}.answer",
    )
    waiting = wait(interval, limit, f"{_COUNTER}.value")
    ahead = {"Variable": f"{_QUEUE}.ahead"}
    states: dict[str, State] = {
        "Join the queue": {
            "Type": "Pass",
            "Result": {"count": {"value": 0}, "ahead": 1},
            "ResultPath": _QUEUE,
            "Next": lists,
        },
        **ask_again(listing, lists, STEP_FUNCTIONS, result_path=f"{_QUEUE}.error", then=decides),
        finds: {"Type": "Pass", "QueryLanguage": "JSONata", "Output": _AHEAD, "Next": decides},
        decides: {
            "Type": "Choice",
            "Choices": [
                {**ahead, "NumericEquals": 0, "Next": "Go on"},
                {**ahead, "NumericGreaterThan": 1, "Next": "Skip: one is waiting"},
                {
                    "Variable": f"{_COUNTER}.value",
                    "NumericGreaterThanEquals": rounds(limit, waiting),
                    "Next": "Waited too long",
                },
            ],
            "Default": waits,
        },
        "Skip: one is waiting": {"Type": "Succeed"},
        "Waited too long": gave_up(waits, limit),
        waits: waiting | {"Next": "Count rounds"},
        "Count rounds": count(_COUNTER) | {"Next": lists},
        "Go on": {"Type": "Pass"},
    }
    states[lists]["Next"] = finds
    return Fragment(start="Join the queue", end="Go on", states=states)
