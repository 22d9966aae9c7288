"""Evaluating the quality of a table."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.access import ServiceRole
from lake_blueprints.orchestration.asl import (
    IDEMPOTENCY_TOKEN,
    ONE_CALL,
    Fragment,
    Poll,
    State,
    check_name,
    retry,
    step_name,
    task,
)
from lake_blueprints.orchestration.messages import publish
from lake_blueprints.orchestration.setting import Setting
from lake_blueprints.orchestration.transient import GLUE
from lake_blueprints.quality import QualityRuleset

# In JSONata: a filter of JSONPath that finds nothing fails, and JSONPath cannot count. A rule without a label of its
# severity, as somebody may have added it in the console, counts as an error.
_JUDGE = """{% (
    $broken := [$states.input.quality.RuleResults[Result != 'PASS'].{
        'rule': $exists(Labels.rule) ? Labels.rule : Name,
        'severity': $exists(Labels.severity) ? Labels.severity : 'error',
        'found': EvaluatedMetrics.*[0],
        'message': EvaluationMessage
    }];
    $told := function($severity) {
        $join($broken[severity = $severity].(
            rule & ' (' & ($exists(found) ? 'found ' & $string(found) : message) & ')'
        ), '; ')
    };
    $merge([$states.input, {'quality': {
        'table': TABLE,
        'broken': $broken,
        'errors': $count($broken[severity = 'error']),
        'warnings': $count($broken[severity = 'warning']),
        'cause': TABLE & ' breaks ' & $told('error')
    }}])
) %}"""


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Evaluate a ruleset: a broken error fails the step, broken warnings are published, and the rest is noted.

    Parameters
    ----------
    ruleset: QualityRuleset
        What is evaluated.
    timeout: Duration
        Time after which the run ends and the step fails, whole minutes. By default 1 hour.
    name: str, optional
        Name of the step. By default `Evaluate` and the dataset.
    """

    ruleset: QualityRuleset
    timeout: Duration = field(default_factory=lambda: Duration.hours(1))
    name: str | None = None

    def render(self, setting: Setting) -> Fragment:
        name = check_name(self.name or step_name("Evaluate", self.ruleset.table.dataset.name))
        start = task(
            name,
            "aws-sdk:glue:startDataQualityRulesetEvaluationRun",
            {**self.ruleset.start_run(timeout=self.timeout), "ClientToken.$": IDEMPOTENCY_TOKEN},
            timeout=ONE_CALL,
            retries=[retry(["Glue.ConcurrentRunsExceededException"], attempts=30), retry(GLUE)],
            result={"id.$": "$.RunId", "count": {"value": 0}},
            result_path="$.poll",
        )
        status = "$.poll.answer.Status"
        poll = Poll(
            action="aws-sdk:glue:getDataQualityRulesetEvaluationRun",
            parameters={"RunId.$": "$.poll.id"},
            retries=[retry(GLUE)],
            succeeded={"Variable": status, "StringEquals": "SUCCEEDED"},
            failures=[
                ({"Variable": status, "StringEquals": "FAILED"}, "$.poll.answer.ErrorString"),
                *(({"Variable": status, "StringEquals": end}, status) for end in ("STOPPED", "TIMEOUT")),
            ],
        )
        run = poll.fragment(name, start, interval=setting.poll_interval, limit=self.timeout)
        reads, judges, decides, warns, done = (
            f"{name}: {what}" for what in ("read", "judge", "decide", "warn", "done")
        )
        broken = f"{name}: broken"
        reading = task(
            reads,
            "aws-sdk:glue:getDataQualityResult",
            {"ResultId.$": "$.poll.answer.ResultIds[0]"},
            timeout=ONE_CALL,
            retries=[retry(GLUE)],
            result_path="$.quality",
        )
        warning = publish(
            warns,
            setting,
            subject="Warning",
            message={"table.$": "$.quality.table", "broken.$": "$.quality.broken"},
        )
        table = f"'{self.ruleset.table.dataset.name}'"
        states: dict[str, State] = {
            **{key: state | {"Next": reads} if key == run.end else state for key, state in run.states.items()},
            **{key: state | {"Next": judges} if key == reads else state for key, state in reading.items()},
            judges: {
                "Type": "Pass",
                "QueryLanguage": "JSONata",
                "Output": _JUDGE.replace("TABLE", table),
                "Next": decides,
            },
            decides: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.quality.errors", "NumericGreaterThan": 0, "Next": broken},
                    {"Variable": "$.quality.warnings", "NumericGreaterThan": 0, "Next": warns},
                ],
                "Default": done,
            },
            broken: {"Type": "Fail", "Error": name, "CausePath": "$.quality.cause"},
            **{key: state | {"Next": done} if key == warns else state for key, state in warning.items()},
            done: {"Type": "Pass"},
        }
        return Fragment(start=name, end=done, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.ruleset.grant_run(role)
