"""One execution at a time, without losing what happened meanwhile.

An execution goes on if it is the oldest one that runs. The next one in line waits. All later ones end at once: the
one in line has not begun, and will see everything that they were started for.

The list of executions is only eventually consistent, so that two that begin within moments may both go on; the
curation job itself allows one run at a time, and adds nothing twice.
"""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, State, count, gave_up, retry, rounds, task
from lake_blueprints.orchestration.transient import STEP_FUNCTIONS

_LINE, _FOUND, _PLACE = "$.line", "$.line.found", "$.line.place"


def wait_in_line(*, interval: Duration, limit: Duration) -> Fragment:
    """Return the states that wait until the execution is the oldest one that runs.

    Parameters
    ----------
    interval: Duration
        Time between two looks.
    limit: Duration
        Time after which the execution fails.
    """
    me = "$$.Execution.Id"
    look = task(
        "Look who runs",
        "aws-sdk:sfn:listExecutions",
        {"StateMachineArn.$": "$$.StateMachine.Id", "StatusFilter": "RUNNING"},
        timeout=ONE_CALL,
        retries=[retry(STEP_FUNCTIONS)],
        # The newest comes first.
        result={
            "executions.$": "$.Executions",
            "length.$": "States.ArrayLength($.Executions)",
        },
        result_path=_FOUND,
    )
    look["Look who runs"]["Next"] = "Anyone else"
    states: dict[str, State] = {
        "Join the line": {
            "Type": "Pass",
            "Result": {"count": {"value": 0}},
            "ResultPath": _LINE,
            "Next": "Look who runs",
        },
        **look,
        "Anyone else": {
            "Type": "Choice",
            "Choices": [
                {"Variable": f"{_FOUND}.length", "NumericEquals": 0, "Next": "Go on"},
                {"Variable": f"{_FOUND}.length", "NumericEquals": 1, "Next": "Find the only one"},
            ],
            "Default": "Find the first two",
        },
        # A list that does not have this execution yet: it is the second for now.
        "Find the only one": {
            "Type": "Pass",
            "Parameters": {"first.$": _from_the_end(1), "second": {"ExecutionArn.$": me}, "me.$": me},
            "ResultPath": _PLACE,
            "Next": "Whose turn",
        },
        "Find the first two": {
            "Type": "Pass",
            "Parameters": {"first.$": _from_the_end(1), "second.$": _from_the_end(2), "me.$": me},
            "ResultPath": _PLACE,
            "Next": "Whose turn",
        },
        "Whose turn": {
            "Type": "Choice",
            "Choices": [
                {**_is_me("first"), "Next": "Go on"},
                {**_is_me("second"), "Next": "Count the looks"},
            ],
            "Default": "Leave it to the next in line",
        },
        "Leave it to the next in line": {"Type": "Succeed"},
        "Count the looks": count(f"{_LINE}.count") | {"Next": "Waited too long"},
        "Waited too long": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": f"{_LINE}.count.value",
                    "NumericGreaterThan": rounds(limit, interval),
                    "Next": "Left the line",
                }
            ],
            "Default": "Wait in line",
        },
        "Left the line": gave_up("Wait in line", limit),
        "Wait in line": {"Type": "Wait", "Seconds": int(interval.to_seconds()), "Next": "Look who runs"},
        "Go on": {"Type": "Pass"},
    }
    return Fragment(start="Join the line", end="Go on", states=states)


def _from_the_end(place: int) -> str:
    return f"States.ArrayGetItem({_FOUND}.executions, States.MathAdd({_FOUND}.length, -{place}))"


def _is_me(place: str) -> State:
    return {"Variable": f"{_PLACE}.{place}.ExecutionArn", "StringEqualsPath": f"{_PLACE}.me"}
