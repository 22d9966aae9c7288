"""Items of a DynamoDB table in a database of the local warehouse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud.zero_etl.conftest import NAMESPACE_ARN, Shop, admitting, resource, shop

TABLE_ARN = {"Fn::GetAtt": ["Table", "Arn"]}
EXPORT = ["dynamodb:ExportTableToPointInTime", "dynamodb:DescribeTable", "dynamodb:DescribeExport"]


def served(*, recovery: bool = True, actions: list[str] = EXPORT) -> dict[str, Any]:
    """Return the resources of a table that is integrated with a warehouse."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "redshift.amazonaws.com"},
        "Action": actions,
        "Resource": "*",
    }
    parts = shop()
    return {
        "Table": resource(
            "DynamoDB::Table",
            TableName="Served",
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": "N"},
                {"AttributeName": "day", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "id", "KeyType": "HASH"},
                {"AttributeName": "day", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": recovery},
            ResourcePolicy={"PolicyDocument": {"Statement": [statement]}},
        ),
        "Namespace": resource(
            "RedshiftServerless::Namespace", NamespaceName="shop", NamespaceResourcePolicy=admitting(TABLE_ARN)
        ),
        "Workgroup": parts["Workgroup"],
        "Integration": resource(
            "Redshift::Integration", depends=("Workgroup",), SourceArn=TABLE_ARN, TargetArn=NAMESPACE_ARN
        ),
    }


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (served(recovery=False), "point-in-time recovery is not enabled for table Served"),
        (served(actions=EXPORT[:1]), "policy of table Served does not allow dynamodb:DescribeTable"),
    ],
)
def test_what_is_not_prepared_fails_at_deployment_with_the_reason(
    cloud: LocalCloud, resources: dict[str, Any], reason: str
) -> None:
    assert reason in Shop(cloud).deploy(resources, f"refused-{len(reason)}")


def test_table_and_warehouse_are_equal_after_puts_updates_and_deletions(cloud: LocalCloud) -> None:
    found = Shop(cloud)
    assert found.deploy(served()) == ""
    items = cloud.client("dynamodb")

    def put(number: int, **attributes: Any) -> None:
        key = {"id": {"N": str(number)}, "day": {"S": "2026-01-01"}}
        items.put_item(TableName="Served", Item={**key, **attributes})

    for number in range(5):
        put(number, price={"N": "1.5"}, tags={"L": [{"S": "a"}]})
    (integration,) = cloud.client("redshift").describe_integrations()["Integrations"]
    identity = integration["IntegrationArn"].rpartition(":")[2]
    found.sql(f"create database served from integration '{identity}'")
    put(2, price={"N": "9"})
    put(7)
    items.delete_item(TableName="Served", Key={"id": {"N": "3"}, "day": {"S": "2026-01-01"}})
    cloud.drain()
    stored = items.scan(TableName="Served")["Items"]
    arrived = found.sql('select cast(id as int), day, value from public."Served" order by id', database="served")
    expected = sorted(([int(one["id"]["N"]), one["day"]["S"], one] for one in stored), key=lambda row: row[0])
    assert [[number, day, json.loads(value)] for number, day, value in arrived] == expected
    with pytest.raises(RuntimeError, match="must not name the source's DATABASE"):
        found.sql(f"create database other from integration '{identity}' database x")
    with pytest.raises(RuntimeError, match="REFRESH_INTERVAL must be 900 to 432000 seconds, got 60"):
        found.sql("alter database served integration set refresh_interval 60")
