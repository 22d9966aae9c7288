"""A cloud with a cluster, a warehouse and an integration between them, by templates."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from local_cloud.cloud import LocalCloud

ORDERS = "create table orders (id bigint primary key, amount numeric(10, 2), note text, placed timestamptz)"
FILL = (
    "insert into orders select n, n * 1.25, case when mod(n, 3) > 0 then 'note ' || n end, "
    "timestamptz '2026-01-01 12:00+00' + n * interval '1 hour' from generate_series(1, %s) as n"
)
PARAMETERS = {
    "rds.logical_replication": "1",
    "aurora.enhanced_logical_replication": "1",
    "aurora.logical_replication_backup": "0",
    "aurora.logical_replication_globaldb": "0",
}


def resource(kind: str, depends: Sequence[str] = (), **properties: Any) -> dict[str, Any]:
    return {
        "Type": f"AWS::{kind}",
        "Properties": properties,
        **({"DependsOn": list(depends)} if depends else {}),
    }


def admitting(source: Any) -> dict[str, Any]:
    """Return the policy of a namespace that takes a source."""
    return {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "redshift.amazonaws.com"},
                "Action": "redshift:AuthorizeInboundIntegration",
                "Condition": {"StringEquals": {"aws:SourceArn": source}},
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                "Action": "redshift:CreateInboundIntegration",
            },
        ]
    }


CLUSTER_ARN = {"Fn::GetAtt": ["Cluster", "DBClusterArn"]}
NAMESPACE_ARN = {"Fn::GetAtt": ["Namespace", "Namespace.NamespaceArn"]}


def shop(**changes: Any) -> dict[str, Any]:
    """Return the resources of a cluster that is integrated with a warehouse, some of which are changed."""
    return {
        "Parameters": resource(
            "RDS::DBClusterParameterGroup", Family="aurora-postgresql17", Description="shop", Parameters=PARAMETERS
        ),
        "Cluster": resource(
            "RDS::DBCluster",
            Engine="aurora-postgresql",
            EngineVersion="17",
            DatabaseName="shop",
            MasterUsername="shopkeeper",
            ManageMasterUserPassword=True,
            DBClusterParameterGroupName={"Ref": "Parameters"},
        ),
        "Writer": resource(
            "RDS::DBInstance",
            Engine="aurora-postgresql",
            DBClusterIdentifier={"Ref": "Cluster"},
            DBInstanceClass="db.serverless",
        ),
        "Namespace": resource(
            "RedshiftServerless::Namespace", NamespaceName="shop", NamespaceResourcePolicy=admitting(CLUSTER_ARN)
        ),
        "Workgroup": resource(
            "RedshiftServerless::Workgroup",
            WorkgroupName="shop",
            NamespaceName={"Ref": "Namespace"},
            ConfigParameters=[{"ParameterKey": "enable_case_sensitive_identifier", "ParameterValue": "true"}],
        ),
        "Integration": resource(
            "RDS::Integration",
            depends=("Workgroup", "Writer"),
            SourceArn=CLUSTER_ARN,
            TargetArn=NAMESPACE_ARN,
            DataFilter="include: shop.public.*, exclude: shop.public.drafts",
        ),
        **changes,
    }


class Shop:
    """The stack, its source and its warehouse."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud

    def deploy(self, resources: dict[str, Any], name: str = "shop") -> str:
        """Deploy resources; return the reason of a failure."""
        client = self.cloud.client("cloudformation")
        client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        failed = [one for one in events if one["ResourceStatus"].endswith("_FAILED")]
        return str(failed[-1].get("ResourceStatusReason")) if failed else ""

    @property
    def integration(self) -> str:
        """The id of the integration."""
        (found,) = self.cloud.client("rds").describe_integrations()["Integrations"]
        return str(found["IntegrationArn"].rpartition(":")[2])

    def source(self) -> psycopg.Connection[Any]:
        """Return a session of the source's first user."""
        (cluster,) = self.cloud.client("rds").describe_db_clusters()["DBClusters"]
        secret = self.cloud.client("secretsmanager").get_secret_value(
            SecretId=cluster["MasterUserSecret"]["SecretArn"]
        )["SecretString"]
        return psycopg.connect(
            host="localhost",
            port=cluster["Port"],
            dbname="shop",
            user="shopkeeper",
            password=json.loads(secret)["password"],
            sslmode="require",
            autocommit=True,
            options="-c timezone=UTC",
        )

    def sql(self, *statements: str, database: str = "dev") -> list[list[Any]]:
        """Run statements in the warehouse; return the rows of the last one.

        Raises
        ------
        RuntimeError
            If it fails; with the reason.
        """
        client = self.cloud.client("redshift-data")
        target = {"WorkgroupName": "shop", "Database": database}
        started = (
            client.execute_statement(Sql=statements[0], **target)
            if len(statements) == 1
            else client.batch_execute_statement(Sqls=list(statements), **target)
        )["Id"]
        while (described := client.describe_statement(Id=started))["Status"] in ("SUBMITTED", "STARTED"):
            time.sleep(0.01)
        if described["Status"] != "FINISHED":
            raise RuntimeError(described["Error"])
        if not described["HasResultSet"]:
            return []
        records = client.get_statement_result(Id=started)["Records"]
        return [[None if "isNull" in cell else next(iter(cell.values())) for cell in row] for row in records]

    def create_destination(self) -> None:
        self.sql(f'CREATE DATABASE "orders" FROM INTEGRATION \'{self.integration}\' DATABASE "shop"')

    def both(self, table: str = "orders") -> tuple[list[list[Any]], list[list[Any]]]:
        """Return the rows of a table in the source and in the warehouse, as texts."""
        self.cloud.drain()
        with self.source() as connection:
            names = [one.name for one in connection.execute(f"select * from {table} where false").description or ()]
            shown = ", ".join(f"cast({name} as varchar)" for name in names)
            found = connection.execute(f"select {shown} from {table} order by 1").fetchall()
        arrived = self.sql(f"select {shown} from public.{table} order by 1", database="orders")
        return [list(row) for row in found], arrived


@pytest.fixture
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A cloud without a stack."""
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield Shop(cloud)
