"""Models of a warehouse: what they learn, what SQL trains them, and the step that waits for them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift import (
    ModelObjective,
    ModelProblem,
    TrainModel,
    Warehouse,
    WarehouseCluster,
    WarehouseModel,
)
from lake_blueprints.orchestration.asl import DISCARD, chain
from lake_blueprints.orchestration.context import StepContext
from local_cloud.cloud import LocalCloud
from tests.conformance.fixtures import Fixtures
from tests.support import new_stack, resources, template_of

TRIPS = Dataset(
    name="trips",
    columns=[
        Column(name="id", type="int"),
        Column(name="late", type="boolean"),
        Column(name="fare", type="decimal(10, 2)"),
        Column(name="hour", type="int"),
        Column(name="rider", type="string", classification="restricted"),
        Column(name="stops", type="array<string>"),
    ],
    primary_key=["id"],
)
WHAT: dict[str, Any] = {"target": "late", "features": ["hour", "fare"], "problem": ModelProblem.BINARY_CLASSIFICATION}
CONTEXT = StepContext(pipeline="p", topic_arn="t", poll_interval=cdk.Duration.seconds(1))


class Trips:
    """A table of trips in a warehouse, and models that learn from it."""

    def __init__(self, **options: Any) -> None:
        self.stack = new_stack()
        self.lake = Fixtures(self.stack)
        self.table = self.lake.database.add_table(TRIPS)
        self.warehouse: Warehouse | WarehouseCluster = Warehouse(self.stack, "Warehouse", network=self.lake.network)
        if options:
            self.warehouse = WarehouseCluster(self.stack, "Cluster", **options)
        self.warehouse.add_dataset(self.table, restricted=True)

    def model(self, construct_id: str = "Model", **options: Any) -> WarehouseModel:
        return WarehouseModel(
            self.stack, construct_id, **{"warehouse": self.warehouse, "table": self.table, **WHAT, **options}
        )


@pytest.fixture(scope="module")
def trips() -> Trips:
    return Trips()


def test_the_statement_names_columns_costs_bucket_and_key() -> None:
    model = Trips().model(max_cells=50_000, max_runtime=cdk.Duration.hours(1))
    role, bucket, key = model.role.role_arn, model.bucket.bucket_name, model.warehouse.key.key_arn
    assert model.create_statement() == (
        'CREATE MODEL "public"."trips_late"\n'
        'FROM (SELECT "hour", "fare", "late" FROM "public"."trips" WHERE "late" IS NOT NULL)\n'
        f'TARGET "late"\nFUNCTION "predict_late"\nIAM_ROLE \'{role}\'\n'
        "PROBLEM_TYPE BINARY_CLASSIFICATION\nOBJECTIVE 'F1'\n"
        f"SETTINGS (S3_BUCKET '{bucket}', KMS_KEY_ID '{key}', S3_GARBAGE_COLLECT ON, MAX_CELLS 50000, MAX_RUNTIME 3600)"
    )


def test_a_model_of_the_lake_reads_the_external_schema(trips: Trips) -> None:
    model = trips.model(from_lake=True, model_name="lake", function="of_lake")
    assert f'FROM "{trips.table.database.database_name}"."trips" WHERE' in model.create_statement()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "price"}, "'target' has 'price', which is no column of 'trips'; its columns are id, late"),
        (
            {"target": "fare", "features": ["hour"]},
            "'target' has 'fare', which is decimal; here Redshift learns smallint, integer",
        ),
        ({"problem": ModelProblem.REGRESSION}, "'target' has 'late', which is boolean"),
        ({"features": ["stops"]}, "'features' has 'stops', which is super"),
        ({"features": ["rider"]}, "'features' has the restricted column 'rider'"),
        ({"features": []}, "'features' must be 1 to 256 columns, got 0"),
        ({"features": ["hour", "late"]}, "'features' has 'late' twice, or as the target"),
        (
            {"objective": ModelObjective.MSE},
            "'objective' of BINARY_CLASSIFICATION must be F1 or ACCURACY or AUC, got MSE",
        ),
        ({"max_cells": 0}, "'max_cells' must be at least 1, got 0"),
        ({"function": "f" * 128}, "is too long for Redshift: 128 characters"),
    ],
)
def test_what_redshift_would_not_learn_is_refused(trips: Trips, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trips.model(f"Model{message}", **options)


def test_a_model_is_of_its_warehouse() -> None:
    trips, others = Trips(), Trips()
    trips.model()
    with pytest.raises(ValueError, match="already has a model 'trips_late'; give this one another"):
        trips.model("Twice")
    with pytest.raises(ValueError, match="already has a function 'predict_late'"):
        trips.model("Again", model_name="again")
    with pytest.raises(ValueError, match="must be in the stack of its warehouse"):
        trips.model("Elsewhere", warehouse=others.warehouse)
    with pytest.raises(ValueError, match=r"is not in warehouse '.*Warehouse'; add it by add_dataset\(\)"):
        trips.model("Other", table=trips.lake.table)


def test_a_cluster_that_routes_through_its_network_reaches_sagemaker_there() -> None:
    trips = Trips(enhanced_vpc_routing=True)
    model = trips.model()
    template = template_of(trips.stack)
    (cluster,) = resources(template, "AWS::Redshift::Cluster")
    assert len(cluster["Properties"]["IamRoles"]) == 2
    endpoints = [str(one["Properties"]["ServiceName"]) for one in resources(template, "AWS::EC2::VPCEndpoint")]
    assert any("sagemaker.api" in name for name in endpoints)
    assert "compiles the model in the network" in {one.because for one in model.role.permission_set.allowed}


def test_training_must_end_before_the_step_gives_up() -> None:
    step = TrainModel(model=Trips().model(max_runtime=cdk.Duration.hours(4)))
    with pytest.raises(ValueError, match="'timeout' of 'Train trips_late' must be more than the model's max_runtime"):
        step.render(CONTEXT)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


class Training:
    """The step, run by the local Step Functions; a table stands for what Redshift shows of the model."""

    def __init__(self, cloud: LocalCloud, name: str, trips: Trips) -> None:
        self.cloud, self.name = cloud, name
        self.model = trips.model(name, model_name=name, function=name, readers=["analysts"])
        serverless, iam = cloud.client("redshift-serverless"), cloud.client("iam")
        serverless.create_namespace(namespaceName=name)
        serverless.create_workgroup(workgroupName=name, namespaceName=name)
        self._role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self._where = {"WorkgroupName": name, "Database": "dev"}

    def run(self, *, shown: list[tuple[str, str]] | None = None) -> str:
        """Return how an execution ended: as Redshift would show the model, or as the local warehouse refuses it."""
        found = chain([TrainModel(model=self.model).render(CONTEXT)])
        for state in found["States"].values():
            if "WorkgroupName" in state.get("Parameters", {}):
                state["Parameters"] = self._where | {"Sql": self._sql(state["Parameters"]["Sql"], shown)}
        text = json.dumps(found).replace(cdk.Aws.PARTITION, "aws").replace(json.dumps(DISCARD), "null")
        client = self.cloud.client("stepfunctions")
        machine = client.create_state_machine(
            name=f"{self.name}-{time.monotonic_ns()}", definition=text, roleArn=self._role
        )
        execution = client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        while (ended := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.05)
        return f"{ended['status']} {ended.get('error', '')}: {ended.get('cause', '')}"

    @staticmethod
    def _sql(sql: str, shown: list[tuple[str, str]] | None) -> str:
        if shown is None:
            return sql
        rows = ", ".join(f"('{key}', '{value}')" for key, value in shown)
        return f"SELECT * FROM (VALUES {rows}) AS m(k, v)" if sql.startswith("SHOW MODEL") else "SELECT 1"


def test_the_step_waits_until_the_model_is_ready(cloud: LocalCloud, trips: Trips) -> None:
    training = Training(cloud, "ready", trips)
    assert training.run(shown=[("Model Name", "trips_late"), ("Model State", "READY")]).startswith("SUCCEEDED")


def test_a_training_that_failed_fails_the_step_with_the_reason(cloud: LocalCloud, trips: Trips) -> None:
    found = Training(cloud, "failed", trips).run(shown=[("Model State", "FAILED"), ("Failure", "no models")])
    assert found == "FAILED Train failed training: Model State: FAILED; Failure: no models"


def test_the_local_warehouse_refuses_models_by_name(cloud: LocalCloud, trips: Trips) -> None:
    found = Training(cloud, "refused", trips).run()
    assert found.startswith("FAILED Train refused drops: ERROR: DROP MODEL is not reproduced by the local warehouse")
