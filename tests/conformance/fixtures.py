"""A small lake around a construct under test; each part is defined when it is first asked for."""

from __future__ import annotations

from functools import cached_property

from aws_cdk import ArnFormat
from aws_cdk import Stack as CdkStack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.catalog import Database, Table
from lake_blueprints.catalog.iceberg import WITHOUT_OPTIMIZERS, IcebergTable, IcebergTableOptions
from lake_blueprints.contracts import Column, Contract, Dataset, DatasetFormat
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.storage.s3 import AccessLogBucket, Zone

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="id", type="int", unique=True),
        Column(name="carrier", type="string"),
        Column(name="delay", type="double"),
    ],
    primary_key=["id"],
    format=DatasetFormat.JSON,
)


class Fixtures:
    """Keys, logs, zones and tables below one scope.

    Parameters
    ----------
    scope: Construct
        Where they are defined, under the id `Fixtures`.
    """

    def __init__(self, scope: Construct) -> None:
        self.scope = Construct(scope, "Fixtures")
        self.dataset = FLIGHTS
        self.contract = Contract(id="flights", version="1.0.0", datasets=(FLIGHTS,))

    @cached_property
    def key(self) -> kms.IKey:
        """Key of the zones."""
        return LakeKey(self.scope, "Key").key

    @cached_property
    def given_key(self) -> kms.IKey:
        """Key that a construct is given, and nothing else has."""
        return LakeKey(self.scope, "GivenKey", eventbridge=True, cloudwatch_alarms=True).key

    @cached_property
    def access_logs(self) -> AccessLogBucket:
        return AccessLogBucket(self.scope, "AccessLogs")

    @cached_property
    def raw(self) -> Zone:
        return self._zone("Raw")

    @cached_property
    def curated(self) -> Zone:
        return self._zone("Curated")

    @cached_property
    def analytics(self) -> Zone:
        return self._zone("Analytics")

    def _zone(self, name: str) -> Zone:
        return Zone(self.scope, name, encryption_key=self.key, access_logs=self.access_logs)

    @cached_property
    def database(self) -> Database:
        """Database of the curated zone."""
        return Database(self.scope, "Database", zone=self.curated)

    @cached_property
    def table(self) -> Table:
        """Table of the curated zone."""
        return Table(self.scope, "Flights", database=self.database, dataset=self.dataset)

    @cached_property
    def iceberg_table(self) -> IcebergTable:
        """Iceberg table of the curated zone, beside the other of its dataset."""
        # Maintained by nobody: what its optimizers add is the business of its own sample.
        options = IcebergTableOptions(table_name="curated_flights", prefix="curated_flights/", **WITHOUT_OPTIMIZERS)
        return IcebergTable(self.scope, "CuratedFlights", database=self.database, dataset=self.dataset, **options)

    @cached_property
    def raw_database(self) -> Database:
        return Database(self.scope, "RawDatabase", zone=self.raw)

    @cached_property
    def topic(self) -> sns.Topic:
        """Topic for alarms."""
        return sns.Topic(self.scope, "Topic", master_key=self.given_key, enforce_ssl=True)

    @cached_property
    def network(self) -> LakeNetwork:
        endpoints = [ec2.InterfaceVpcEndpointAwsService.GLUE]
        return LakeNetwork(self.scope, "Network", endpoints=endpoints, encryption_key=self.key)

    @cached_property
    def function(self) -> lambda_.IFunction:
        """Function of another stack, which has the findings of its own."""
        arn = CdkStack.of(self.scope).format_arn(
            service="lambda", resource="function", resource_name="transform", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        return lambda_.Function.from_function_arn(self.scope, "Function", arn)

    @cached_property
    def stream(self) -> Stream:
        return Stream(self.scope, "Stream", encryption_key=self.key)

    def unique(self, name: str) -> str:
        """Return an id that no other part has."""
        return f"{name}{len(self.scope.node.children)}"

    def role(self, name: str) -> iam.Role:
        """Return a new role that grants can be given to."""
        return iam.Role(self.scope, name, assumed_by=iam.AccountRootPrincipal())
