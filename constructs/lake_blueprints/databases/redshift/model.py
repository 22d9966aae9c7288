"""A model that a warehouse trains by SageMaker Autopilot, and predicts with by a function of SQL.

Above 200 lines: half of it is the documentation of one class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, Duration, Names, RemovalPolicy, Stack, Token
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.databases.redshift import model_sql as sql
from lake_blueprints.databases.redshift.model_sql import ModelObjective, ModelProblem
from lake_blueprints.databases.redshift.permissions import train_models
from lake_blueprints.databases.redshift.statements import check_name, qualified, quoted
from lake_blueprints.databases.redshift.warehouse import Warehouse
from lake_blueprints.databases.redshift.warehouse_cluster import WarehouseCluster
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.storage.s3 import AccessLogBucket, LakeBucket, LifecycleRule

# A job's last files, should Redshift not have removed them.
_EXPIRE = Duration.days(7)


@checked
class WarehouseModel(Construct):
    """Define a model that Redshift ML trains on a table of a warehouse, and the function that predicts with it.

    It has a bucket and a role of its own: training reaches neither the lake nor the tables of the warehouse, but the
    rows that Redshift exports for it. The step `TrainModel` trains it; idle it costs nothing, and predictions cost what
    other statements of the warehouse do.

    Parameters
    ----------
    warehouse: Warehouse or WarehouseCluster
        Where the model is trained and predicts.
    table: Table or IcebergTable
        What it learns from, added to the warehouse: at least 500 rows.
    target: str
        Column that is predicted, neither decimal, date nor timestamp. Rows without it are left out.
    features: sequence of str
        Columns that it learns from, 1 to 256, in the order of the function's arguments.
    problem: ModelProblem
        What kind of problem it solves.
    objective: ModelObjective, optional
        What training optimises. By default MSE for regression, F1 for two classes, accuracy for more.
    model_name: str, optional
        Name of the model. By default that of the table and of the target.
    function: str, optional
        Name of the function. By default predict_ and the target.
    from_lake: bool
        Whether the rows are those of the lake, by the external schema. By default they are those that were loaded.
    max_cells: int
        Most training data, rows times columns; of more, Redshift takes rows at random. It is the ceiling of what a
        training costs: 20 USD for each million up to ten. By default 1,000,000.
    max_runtime: Duration
        Most time of the training. By default 90 minutes.
    readers: sequence of str
        Roles of the warehouse, which exist there, that may predict. By default the admin only may.
    restricted: bool
        Whether it learns from restricted columns. By default one that is named is refused.
    access_logs: AccessLogBucket, optional
        Where S3 logs each request for training data. By default a new one is defined.
    removal_policy: RemovalPolicy
        What happens to the bucket when the model leaves the stack, subject to the removal guard; the model itself
        stays in the warehouse. By default it is retained.

    Defines
    -------
    A bucket for training data, as `bucket`, under the warehouse's key, which Redshift clears after each training and S3
    after 7 days; the role of the training, as `role`, associated with the warehouse.

    Raises
    ------
    ValueError
        If it is in another stack than its warehouse, the table was not added to that, columns are unknown or of another
        type than Redshift learns, the objective is none of the problem, a number is not positive, or the warehouse has
        a model or function of that name.

    Notes
    -----
    Redshift hands its role to SageMaker, so that this role may pass itself, and no other. A warehouse with enhanced VPC
    routing reaches SageMaker by an endpoint of a `LakeNetwork`, about 22 USD a month.

    https://docs.aws.amazon.com/redshift/latest/dg/admin-setup.html, https://docs.aws.amazon.com/redshift/latest/dg/cost.html

    Example
    -------
        >>> warehouse = Warehouse(self, "Warehouse")
        >>> warehouse.add_dataset(flights)
        >>> model = WarehouseModel(
        ...     self,
        ...     "Delays",
        ...     warehouse=warehouse,
        ...     table=flights,
        ...     target="arr_delay",
        ...     features=["carrier", "hour"],
        ...     problem=ModelProblem.REGRESSION,
        ... )
        >>> Pipeline(self, "Pipeline", steps=[Load(warehouse=warehouse), TrainModel(model=model)])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        warehouse: Warehouse | WarehouseCluster,
        table: Table | IcebergTable,
        target: str,
        features: Sequence[str],
        problem: ModelProblem,
        objective: ModelObjective | None = None,
        model_name: str | None = None,
        function: str | None = None,
        from_lake: bool = False,
        max_cells: int = 1_000_000,
        max_runtime: KnownDurationInSeconds | None = None,
        readers: Sequence[str] = (),
        restricted: bool = False,
        access_logs: AccessLogBucket | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.warehouse, self.table = warehouse, table
        self.target, self.features, self.readers = target, tuple(features), tuple(readers)
        self.problem, self.objective = problem, objective or problem.objectives[0]
        self.model_name = model_name or f"{table.dataset.name}_{target}"
        self.function = function or f"predict_{target}"
        self.max_cells, self.max_runtime = max_cells, max_runtime or Duration.minutes(90)
        self._from_lake = from_lake
        self._check()
        sql.check_columns(table.dataset, target=target, features=features, problem=problem, restricted=restricted)
        storage = LakeBucket(
            self,
            "Training",
            encryption_key=warehouse.key,
            access_logs=access_logs,
            lifecycle=[LifecycleRule(expire_after=_EXPIRE)],
            noncurrent_expire_after=Duration.days(1),
            removal_policy=removal_policy,
        )
        self.bucket = storage.bucket
        # AWS documents neither that Redshift sends `aws:SourceAccount`, nor that SageMaker does.
        self.role = ServiceRole(
            self,
            "Role",
            services=["redshift.amazonaws.com", "redshift-serverless.amazonaws.com", "sagemaker.amazonaws.com"],
            description=f"Trains {self.model_name} of {warehouse.node.path}",
            source_account=False,
        )
        # Of its own, since its policies are there before it is and cannot name it.
        path = f"/{Names.unique_resource_name(self, max_length=200)}/"
        cast(iam.CfnRole, self.role.node.default_child).path = path
        itself = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role{path}*"
        allow(self.role, *train_models(self, storage, role=itself, routed=warehouse.routed))
        warehouse.add_model(self.model_name, self.function, self.role)

    def drop_statement(self) -> str:
        """Return the statement that drops the model, its function and a training that still runs."""
        return sql.drop_model(self.model_name)

    def create_statement(self) -> str:
        """Return the statement that exports the rows and begins the training; it cannot run twice without a drop."""
        name = self.table.table_name
        return sql.create_model(
            model=self.model_name,
            source=f"{quoted(self.table.database.database_name)}.{quoted(name)}"
            if self._from_lake
            else qualified(name),
            target=self.target,
            features=self.features,
            function=self.function,
            role_arn=self.role.role_arn,
            problem=self.problem,
            objective=self.objective,
            bucket=self.bucket.bucket_name,
            key_arn=self.warehouse.key.key_arn,
            max_cells=self.max_cells,
            max_seconds=int(self.max_runtime.to_seconds()),
        )

    def show_statement(self) -> str:
        """Return the statement that tells the state of the model."""
        return sql.show_model(self.model_name)

    def reader_statements(self) -> list[str]:
        """Return the statements that let the readers predict; what they were granted ends with a model."""
        return [sql.grant_model(self.model_name, reader) for reader in self.readers]

    def _check(self) -> None:
        where = self.warehouse.node.path
        if Stack.of(self) is not Stack.of(self.warehouse):
            raise ValueError(
                f"'{self.node.path}' must be in the stack of its warehouse '{where}', which names its role; give the "
                "warehouse as its scope"
            )
        if self.table not in self.warehouse.tables:
            raise ValueError(f"table '{self.table.table_name}' is not in warehouse '{where}'; add it by add_dataset()")
        if self.objective not in self.problem.objectives:
            allowed = " or ".join(one.name for one in self.problem.objectives)
            raise ValueError(f"'objective' of {self.problem.name} must be {allowed}, got {self.objective.name}")
        for name in (self.model_name, self.function):
            if not Token.is_unresolved(name):
                check_name(name)
        for option, value in (("max_cells", self.max_cells), ("max_runtime", self.max_runtime.to_seconds())):
            if not Token.is_unresolved(value) and value < 1:
                raise ValueError(f"'{option}' must be at least 1, got {value:g}")
