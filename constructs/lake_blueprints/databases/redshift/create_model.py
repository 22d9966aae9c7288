"""Training of a model by Redshift ML, in a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from aws_cdk import Duration

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.databases.redshift.model_statements import (
    READY,
    check_columns,
    check_model_name,
    create_model,
    drop_model,
    model_state,
)
from lake_blueprints.databases.redshift.run_sql import run_sql
from lake_blueprints.databases.redshift.warehouse import Warehouse
from lake_blueprints.databases.redshift.warehouse_cluster import WarehouseCluster
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.orchestration.asl import (
    ONE_CALL,
    Fragment,
    State,
    check_name,
    discard_output,
    joined,
    retry,
    step_name,
    task,
)
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import count, gave_up, rounds, wait
from lake_blueprints.orchestration.retryable_errors import REDSHIFT, REDSHIFT_BUSY
from lake_blueprints.orchestration.step import Step
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import redshift as limits

_COUNTER = "$.training"
_LONGEST_EXPORT = Duration.hours(1)


class ProblemType(StrEnum):
    """Kind of a prediction."""

    REGRESSION = "REGRESSION"
    BINARY_CLASSIFICATION = "BINARY_CLASSIFICATION"
    MULTICLASS_CLASSIFICATION = "MULTICLASS_CLASSIFICATION"


@checked
@dataclass(frozen=True, kw_only=True)
class CreateModel(Step):
    """Train a model on a table of the warehouse by Redshift ML, and wait until its function can be called in SQL.

    SageMaker Autopilot trains, and bills, for each run. A model of the name is dropped first, since Redshift replaces
    none: until the new one is ready, its function is not there.

    Parameters
    ----------
    warehouse: Warehouse or WarehouseCluster
        Where the table is, and the model will be.
    table: Table or IcebergTable
        A table that was added to the warehouse, with 500 rows or more.
    target: str
        Column that is predicted: a number that is no decimal, a text or a boolean.
    zone: Zone
        Where training data and models are staged, in the warehouse's Region; Redshift and SageMaker may read, write and
        delete everything in it, so give it nothing else.
    features: sequence of str, optional
        Columns that the prediction is made from, 1 to 256. By default all others.
    model: str, optional
        Name of the model. By default the table's and the target's.
    function: str, optional
        Name of the function. By default `predict_` and the model's.
    problem_type: ProblemType, optional
        Kind of the prediction. By default Autopilot finds it out.
    max_runtime: Duration
        Most time of training. By default 90 minutes.
    max_cells: int
        Most cells, rows times columns, that are exported, at least 1; Redshift samples beyond. By default 1,000,000.
    name: str, optional
        Name of the step. By default `Train` and the model's.

    Raises
    ------
    ValueError
        If a column or name is one that Redshift ML does not take, or the table was not added to the warehouse.

    Notes
    -----
    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_MODEL.html
    """

    warehouse: Warehouse | WarehouseCluster
    table: Table | IcebergTable
    target: str
    zone: Zone
    features: Sequence[str] | None = None
    model: str | None = None
    function: str | None = None
    problem_type: ProblemType | None = None
    max_runtime: Duration = field(default_factory=lambda: Duration.minutes(90))
    max_cells: int = 1_000_000
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        sql = self._sql()
        name = check_name(self.name) if self.name else step_name("Train", self._model)
        pieces = [
            self._statement(f"{name} drops", drop_model(self._model), context),
            self._statement(name, sql, context),
            self._waiting(name, context),
        ]
        return discard_output(joined(*pieces))

    def grant(self, role: ServiceRole) -> None:
        with role.used_for(f"trains model '{self._model}'"):
            self.warehouse.grant_run_statements(role)

    @property
    def _model(self) -> str:
        return self.model or f"{self.table.table_name}_{self.target}"

    def _statement(self, name: str, sql: str, context: StepContext) -> Fragment:
        return run_sql(
            name,
            {"Sql": sql},
            connection=self.warehouse.connection,
            interval=context.poll_interval,
            limit=_LONGEST_EXPORT,
        )

    def _waiting(self, name: str, context: StepContext) -> Fragment:
        """Return the states that ask for the model's state until it is ready: SageMaker trains behind the statement."""
        begins, waits, counts = f"{name} trains", f"{name} training waits", f"{name} training counts"
        asks, reads, decides = f"{name} training asks", f"{name} training reads", f"{name} training decides"
        failed, late, done = f"{name} failed in training", f"{name} trained too long", f"{name} trained"
        # Redshift prepares and compiles before and after the training that it bounds.
        limit = Duration.seconds(self.max_runtime.to_seconds() + _LONGEST_EXPORT.to_seconds())
        asking = self._statement(asks, model_state(self._model), context)
        waiting = wait(context.poll_interval, limit, f"{_COUNTER}.count.value")
        reading = task(
            reads,
            "aws-sdk:redshiftdata:getStatementResult",
            {"Id.$": "$.poll.id"},
            timeout=ONE_CALL,
            retries=[retry([*REDSHIFT_BUSY, *REDSHIFT])],
            result={"state.$": "$.Records[0][0].StringValue"},
            result_path=f"{_COUNTER}.answer",
        )
        state = f"{_COUNTER}.answer.state"
        states: dict[str, State] = {
            begins: {"Type": "Pass", "Result": {"count": {"value": 0}}, "ResultPath": _COUNTER, "Next": waits},
            waits: waiting | {"Next": counts},
            counts: count(f"{_COUNTER}.count") | {"Next": asking.start},
            **asking.states,
            asking.end: asking.states[asking.end] | {"Next": reads},
            **reading,
            reads: reading[reads] | {"Next": decides},
            decides: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": state, "StringEquals": READY, "Next": done},
                    {"Variable": state, "StringMatches": "*Fail*", "Next": failed},
                    {
                        "Variable": f"{_COUNTER}.count.value",
                        "NumericGreaterThanEquals": rounds(limit, waiting),
                        "Next": late,
                    },
                ],
                "Default": waits,
            },
            failed: {"Type": "Fail", "Error": name, "CausePath": state},
            late: gave_up(name, limit),
            done: {"Type": "Pass"},
        }
        return Fragment(start=begins, end=done, states=states)

    def _sql(self) -> str:
        dataset, model = self.table.dataset, self._model
        if self.table not in self.warehouse.tables:
            raise ValueError(
                f"warehouse '{self.warehouse.node.path}' has no table '{self.table.table_name}'; add it by add_dataset"
            )
        features = self.features
        if features is None:
            features = [column.name for column in dataset.columns if column.name != self.target]
        check_columns(dataset, self.target, features)
        function = self.function or f"predict_{model}"
        check_model_name("model", model)
        check_model_name("function", function)
        seconds = int(self.max_runtime.to_seconds())
        limits.MODEL_RUNTIME.check("max_runtime", seconds)
        limits.MODEL_CELLS.check("max_cells", self.max_cells)
        return create_model(
            dataset,
            self.table.table_name,
            model=model,
            function=function,
            target=self.target,
            features=features,
            role_arn=self.warehouse.model_role(self.zone).role_arn,
            bucket=self.zone.bucket.bucket_name,
            key_id=self.zone.key.key_id,
            problem_type=self.problem_type,
            max_runtime_seconds=seconds,
            max_cells=self.max_cells,
        )
