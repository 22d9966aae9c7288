"""CreateModel: SQL that nothing breaks out of, a role of its own, and a wait for what trains behind the statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration

from lake_blueprints.catalog.table import Table
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift import CreateModel, Load, ProblemType, Warehouse, WarehouseCluster
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of
from tests.unit.databases.redshift.test_warehouse import curated

TRIPS = Dataset(
    name="trips",
    columns=[
        Column(name="distance", type="double"),
        Column(name="city", type="string"),
        Column(name="late", type="boolean"),
        Column(name="price", type="decimal(8, 2)"),
        Column(name="tags", type="array<string>"),
    ],
)
BOTH = pytest.mark.parametrize("kind", [Warehouse, WarehouseCluster])


def step(stack: cdk.Stack, kind: Any = Warehouse, **options: Any) -> CreateModel:
    table: Table = curated(stack).add_table(TRIPS)
    warehouse = kind(stack, "Warehouse")
    warehouse.add_dataset(table)
    given = {"target": "late", "features": ["distance", "city"], "zone": Zone(stack, "Models"), **options}
    return CreateModel(warehouse=warehouse, table=table, **given)


def template(stack: cdk.Stack, *steps: Any) -> dict[str, Any]:
    Pipeline(stack, "Pipeline", steps=steps)
    return template_of(stack)


def statements(found: dict[str, Any]) -> list[str]:
    """Return the SQL of a definition, with what is known when deployed in angle brackets."""
    (_, parts) = properties(found, "AWS::StepFunctions::StateMachine")["DefinitionString"]["Fn::Join"]
    texts = [part if isinstance(part, str) else "<>" for part in parts]
    return list(sqls(json.loads("".join(texts))))


def sqls(node: Any) -> Iterator[str]:
    """Yield the statements below a part of a definition."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "Sql":
            yield value
        yield from sqls(value)


@BOTH
def test_trains_on_the_columns_of_a_table_by_a_role_that_it_names(stack: cdk.Stack, kind: Any) -> None:
    found = template(
        stack,
        step(stack, kind, problem_type=ProblemType.BINARY_CLASSIFICATION, max_runtime=Duration.hours(2), max_cells=9),
    )
    assert statements(found) == [
        'DROP MODEL IF EXISTS "public"."trips_late"',
        'CREATE MODEL "public"."trips_late"\n'
        'FROM (SELECT "distance", "city", "late" FROM "public"."trips")\n'
        'TARGET "late"\n'
        'FUNCTION "public"."predict_trips_late"\n'
        "IAM_ROLE '<>'\n"
        "AUTO ON\n"
        "PROBLEM_TYPE BINARY_CLASSIFICATION\n"
        "SETTINGS (S3_BUCKET '<>', KMS_KEY_ID '<>', MAX_CELLS 9, MAX_RUNTIME 7200)",
        "SELECT RTRIM(model_state) FROM svv_ml_model_info "
        "WHERE schema_name = 'public' AND database_name = current_database() AND model_name = 'trips_late'",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "nothing"}, "dataset 'trips' has no column 'nothing'; it has distance, "),
        ({"features": ["late"]}, "'features' must not have the target 'late'"),
        ({"features": []}, "'features' must be 1 to 256 columns, got 0"),
        ({"features": ["tags"]}, "column 'tags' is super, and Redshift ML trains on no super, varbyte"),
        ({"features": None}, "column 'tags' is super"),
        ({"target": "price"}, r"column 'price' is decimal\(8,2\), and Redshift ML predicts no super, .*decimal"),
        ({"model": "m; drop table trips"}, "'model' must be 1 to 127 of a-z, 0-9 and _, .*, got 'm; drop table trips'"),
        ({"function": 'f"'}, "'function' must be 1 to 127 of a-z"),
        ({"max_runtime": Duration.seconds(0)}, "'max_runtime' must be at least 1 seconds, got 0 seconds"),
        ({"max_cells": 0}, "'max_cells' must be at least 1 cells, got 0 cells"),
    ],
)
def test_refuses_what_redshift_would_refuse(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        template(stack, step(stack, **options))


def test_refuses_a_table_that_the_warehouse_does_not_have(stack: cdk.Stack) -> None:
    given = step(stack)
    other = Warehouse(stack, "Other")
    with pytest.raises(ValueError, match="warehouse 'Stack/Other' has no table 'trips'; add it by add_dataset"):
        template(stack, CreateModel(warehouse=other, table=given.table, target="late", zone=given.zone))


@BOTH
def test_the_role_is_the_warehouses_once_the_policy_is_there_that_hands_it_on(stack: cdk.Stack, kind: Any) -> None:
    given = step(stack, kind)
    found = template(stack, Load(warehouse=given.warehouse), given)
    (holder,) = resources(found, "AWS::RedshiftServerless::Namespace") + resources(found, "AWS::Redshift::Cluster")
    role = stack.resolve(given.warehouse.model_role(given.zone).role_arn)
    assert holder["Properties"]["IamRoles"] == [stack.resolve(given.warehouse.role.role_arn), role]
    passing = [
        name
        for name, one in found["Resources"].items()
        if one["Type"] == "AWS::IAM::Policy" and one["Properties"]["PolicyName"] == "PassRole"
    ]
    assert set(passing) <= set(holder["DependsOn"])
    (statement,) = found["Resources"][passing[0]]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["iam:PassRole"], [role])
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_the_role_of_models_reads_nothing_of_the_lake(stack: cdk.Stack) -> None:
    given = step(stack)
    template(stack, given)
    role = given.warehouse.model_role(given.zone)
    allowed = str([stack.resolve(list(one.on)) for one in role.permission_set.allowed])
    assert stack.resolve(given.zone.bucket.bucket_arn)["Fn::GetAtt"][0] in allowed
    assert "Curated" not in allowed
    assert "glue" not in allowed


def test_models_of_a_zone_share_a_role(stack: cdk.Stack) -> None:
    given = step(stack)
    assert given.warehouse.model_role(given.zone) is given.warehouse.model_role(given.zone)
    assert given.warehouse.model_role(Zone(stack, "Others")) is not given.warehouse.model_role(given.zone)


def test_a_warehouse_without_models_has_one_role(stack: cdk.Stack) -> None:
    given = step(stack)
    template(stack, Load(warehouse=given.warehouse))
    namespace = properties(template_of(stack), "AWS::RedshiftServerless::Namespace")
    assert namespace["IamRoles"] == [stack.resolve(given.warehouse.role.role_arn)]
