"""A pipeline step that trains a model of a warehouse, and waits until it can predict."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.databases.redshift.model import WarehouseModel
from lake_blueprints.databases.redshift.statement_states import RETRIES, STATEMENT_ID, run_sql
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, State, check_name, joined, step_name, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import count, gave_up, rounds, wait
from lake_blueprints.orchestration.step import Step

_COUNT, _SHOWN = "$.training.count", "$.shown.model"
# The rows of SHOW MODEL as one text: `Model Name: late; Model State: READY; ...`.
_AS_TEXT = (
    "$join($map($states.input.shown.rows, function($row) "
    "{ $trim($row[0].StringValue) & ': ' & $trim($row[1].StringValue) }), '; ')"
)


@checked
@dataclass(frozen=True, kw_only=True)
class TrainModel(Step):
    """Replace a model of a warehouse: drop it, train it on the table as it is now, and wait until it is ready.

    Redshift has no other way to train a model again, so that nothing can be predicted meanwhile, nor after a training
    that failed. Each run is billed; see `max_cells` of the model.

    Parameters
    ----------
    model: WarehouseModel
        What is trained.
    timeout: Duration
        Time after which waiting for the training ends and the step fails, more than the model's `max_runtime`:
        Redshift compiles the model afterwards. The training goes on. By default 4 hours.
    name: str, optional
        Name of the step. By default `Train` and the model's name.

    Raises
    ------
    ValueError
        When the pipeline is defined, if the training may take longer than is waited for.

    Notes
    -----
    https://docs.aws.amazon.com/redshift/latest/dg/r_create_model_usage_notes.html
    """

    model: WarehouseModel
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(4))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or step_name("Train", self.model.model_name))
        longest = self.model.max_runtime
        if self.timeout.to_seconds() <= longest.to_seconds():
            raise ValueError(
                f"'timeout' of '{name}' must be more than the model's max_runtime of {longest.to_human_string()}, got "
                f"{self.timeout.to_human_string()}"
            )
        grants = self.model.reader_statements()
        return joined(
            self._run(f"{name} drops", self.model.drop_statement(), context),
            self._run(name, self.model.create_statement(), context),
            self._wait(f"{name} training", context),
            *(self._run(f"{name} grants {number}", sql, context) for number, sql in enumerate(grants, start=1)),
        )

    def grant(self, role: ServiceRole) -> None:
        with role.used_for("trains the model"):
            self.model.warehouse.grant_query(role)

    def _run(self, name: str, sql: str, context: StepContext) -> Fragment:
        return run_sql(name, self.model.warehouse, {"Sql": sql}, interval=context.poll_interval, limit=self.timeout)

    def _wait(self, name: str, context: StepContext) -> Fragment:
        """Return the states that show the model again and again until it is ready, or has failed."""
        waits, counts, reads, tells, decides = (
            f"{name} {part}" for part in ("waits", "counts", "reads", "tells", "is")
        )
        done, failed, late = (f"{name} {part}" for part in ("done", "ended badly", "took too long"))
        shows = self._run(f"{name} shows", self.model.show_statement(), context)
        waiting = wait(context.poll_interval, self.timeout, f"{_COUNT}.value")
        reading = task(
            reads,
            "aws-sdk:redshiftdata:getStatementResult",
            {"Id.$": STATEMENT_ID},
            timeout=ONE_CALL,
            retries=RETRIES,
            result={"rows.$": "$.Records"},
            result_path="$.shown",
        )
        states: dict[str, State] = {
            name: {"Type": "Pass", "Result": {"value": 0}, "ResultPath": _COUNT, "Next": waits},
            waits: waiting | {"Next": counts},
            counts: count(_COUNT) | {"Next": shows.start},
            **shows.states,
            shows.end: shows.states[shows.end] | {"Next": reads},
            **reading,
            reads: reading[reads] | {"Next": tells},
            tells: {
                "Type": "Pass",
                "QueryLanguage": "JSONata",
                "Output": "{% $merge([$states.input, {'shown': {'model': " + _AS_TEXT + "}}]) %}",
                "Next": decides,
            },
            decides: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": _SHOWN, "StringMatches": "*Model State: READY*", "Next": done},
                    {"Variable": _SHOWN, "StringMatches": "*Model State: FAILED*", "Next": failed},
                    {
                        "Variable": f"{_COUNT}.value",
                        "NumericGreaterThanEquals": rounds(self.timeout, waiting),
                        "Next": late,
                    },
                ],
                "Default": waits,
            },
            failed: {"Type": "Fail", "Error": name, "CausePath": _SHOWN},
            late: gave_up(name, self.timeout),
            done: {"Type": "Pass"},
        }
        return Fragment(start=name, end=done, states=states)
