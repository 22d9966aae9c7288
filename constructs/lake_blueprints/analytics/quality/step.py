"""Evaluating the quality of a table."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.analytics.quality.ruleset import QualityRuleset
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import (
    IDEMPOTENCY_TOKEN,
    ONE_CALL,
    Fragment,
    State,
    check_name,
    equals,
    joined,
    retry,
    step_name,
    task,
)
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.messages import publish
from lake_blueprints.orchestration.service import GLUE
from lake_blueprints.orchestration.step import Step

# In JSONata: a filter of JSONPath that finds nothing fails, and JSONPath cannot count. A rule without a label of its
# severity, as someone may have added it in the console, counts as an error. What was found is handed on only if it is
# a count; Glue's message, which may quote a value, never is.
_JUDGE = """{% (
    $broken := [$states.input.quality.RuleResults[Result != 'PASS'].{
        'rule': $exists(Labels.rule) ? Labels.rule : Name,
        'severity': $exists(Labels.severity) ? Labels.severity : 'error',
        'found': $exists(Labels.rule) and $not($exists(Labels.reports)) ? EvaluatedMetrics.*[0]
    }];
    $told := function($severity) {
        $join($broken[severity = $severity].(
            rule & ($exists(found) ? ' (found ' & $string(found) & ')' : '')
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


@checked
@dataclass(frozen=True, kw_only=True)
class Evaluate(Step):
    """Evaluate a ruleset: a broken error fails the step, broken warnings are published, and the rest is noted.

    What is said of a broken rule is its name, its severity and, where it counts rows, how many; no value of the data.

    Parameters
    ----------
    ruleset: QualityRuleset
        What is evaluated.
    timeout: Duration
        Time after which the run ends, on the minute, and the step fails. By default 1 hour.
    name: str, optional
        Name of the step. By default `Evaluate` and the dataset.
    """

    ruleset: QualityRuleset
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(1))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or step_name("Evaluate", self.ruleset.table.dataset.name))
        return joined(self._run(name, context), self._read(f"{name} result"), self._judge(name, context))

    def grant(self, role: ServiceRole) -> None:
        self.ruleset.grant_run(role)

    def _run(self, name: str, context: StepContext) -> Fragment:
        start = GLUE.call(
            name,
            "StartDataQualityRulesetEvaluationRun",
            {**self.ruleset.start_run(timeout=self.timeout), "ClientToken.$": IDEMPOTENCY_TOKEN},
            busy_on=["Glue.ConcurrentRunsExceededException", *GLUE.busy],
            result={"id.$": "$.RunId"},
        )
        status, reason = "$.poll.answer.Status", "$.poll.answer.ErrorString"
        explained = {"And": [{"Variable": reason, "IsPresent": True}, equals(status, "FAILED")]}
        poll = GLUE.poll(
            "GetDataQualityRulesetEvaluationRun",
            {"RunId.$": "$.poll.id"},
            succeeded=equals(status, "SUCCEEDED"),
            failures=[
                (explained, reason),
                *((equals(status, end), status) for end in ("FAILED", "STOPPED", "TIMEOUT")),
            ],
        )
        return poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)

    def _read(self, name: str) -> Fragment:
        states = task(
            name,
            "aws-sdk:glue:getDataQualityResult",
            {"ResultId.$": "$.poll.answer.ResultIds[0]"},
            timeout=ONE_CALL,
            retries=[retry(GLUE.passing)],
            result_path="$.quality",
        )
        return Fragment(start=name, end=name, states=states)

    def _judge(self, name: str, context: StepContext) -> Fragment:
        judges, decides, broken, warns, done = (
            f"{name} {state}" for state in ("rules", "judged", "broken", "warns", "passed")
        )
        message = {"table.$": "$.quality.table", "broken.$": "$.quality.broken"}
        warning = publish(warns, context, subject="Warning", message=message)
        states: dict[str, State] = {
            judges: {
                "Type": "Pass",
                "QueryLanguage": "JSONata",
                "Output": _JUDGE.replace("TABLE", f"'{self.ruleset.table.dataset.name}'"),
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
            **warning,
            warns: warning[warns] | {"Next": done},
            done: {"Type": "Pass"},
        }
        return Fragment(start=judges, end=done, states=states)
