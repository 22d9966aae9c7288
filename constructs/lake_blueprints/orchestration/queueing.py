"""One execution at a time, without losing what happened meanwhile.

An execution goes on if it is the oldest one that runs. The next one in line waits. All later ones end at once: the
one in line has not begun, and will see everything that they were started for.

The list of executions is only eventually consistent, so that two that begin within moments may both go on; the
curation job itself allows one run at a time, and adds nothing twice.
"""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.orchestration.asl import Fragment, State, count, gave_up, retry, rounds, task

_ERRORS = ("Sfn.ThrottlingException", "Sfn.SfnException", "Sfn.SdkClientException")
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
    me = f"{_FOUND}.me"
    look = task(
        "Look who runs",
        "aws-sdk:sfn:listExecutions",
        {"StateMachineArn.$": "$$.StateMachine.Id", "StatusFilter": "RUNNING"},
        timeout=Duration.minutes(1),
        retries=[retry(_ERRORS)],
        # The newest comes first.
        result={
            "me.$": "$$.Execution.Id",
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
                {"Variable": f"{_FOUND}.length", "NumericEquals": 1, "Next": "Only me"},
            ],
            "Default": "Find the place in line",
        },
        "Only me": {
            "Type": "Choice",
            "Choices": [{"Variable": f"{_FOUND}.executions[0].ExecutionArn", "StringEqualsPath": me, "Next": "Go on"}],
            # The list does not have this execution yet.
            "Default": "Count the looks",
        },
        "Find the place in line": {
            "Type": "Pass",
            "Parameters": {"oldest.$": _from_the_end(1), "next.$": _from_the_end(2)},
            "ResultPath": _PLACE,
            "Next": "Whose turn",
        },
        "Whose turn": {
            "Type": "Choice",
            "Choices": [
                {"Variable": f"{_PLACE}.oldest.ExecutionArn", "StringEqualsPath": me, "Next": "Go on"},
                {"Variable": f"{_PLACE}.next.ExecutionArn", "StringEqualsPath": me, "Next": "Count the looks"},
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
