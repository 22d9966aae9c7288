"""Three lakes: without a network, in an isolated one, and in a VPC that is given; and calls from inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from urllib.parse import urlsplit

import aws_cdk as cdk
import boto3
from aws_cdk import aws_ec2 as ec2
from botocore.config import Config
from moto.ec2.models.vpcs import VPCBackend

from lake_blueprints.catalog import Database
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.access import PermissionSet
from lake_blueprints.foundation.connections import Connection, DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork, VpcEndpoints
from lake_blueprints.machine_learning.training import InputChannel, TrainingJob, TrainingNetwork
from lake_blueprints.processing.curation import Curation, CurationJob
from lake_blueprints.processing.item_load import ItemLoadJob
from lake_blueprints.storage.s3 import Zone
from tests.permissions.lakes import AIRPORTS, FLIGHTS
from tests.permissions.proof import Proof
from tests.permissions.resolver import Place
from tests.permissions.simulator import Policy, Request


class NetworkLake:
    """A lake whose warehouse, training and jobs work in a network, if it has one."""

    def __init__(self, app: cdk.App, name: str) -> None:
        self.stack = cdk.Stack(app, name)
        raw, curated = Zone(self.stack, "Raw"), Zone(self.stack, "Curated")
        database = Database(self.stack, "Database", zone=curated)
        self.flights = database.add_iceberg_table(Curation().curated(FLIGHTS))
        self.examples = database.add_table(FLIGHTS, table_name="examples", prefix="examples/")
        self.airports = database.add_table(Curation().curated(AIRPORTS))
        self.curation = CurationJob(self.stack, "Curate", dataset=FLIGHTS, source=raw, target=self.flights)
        served = ServingTable(self.stack, "Served", dataset=AIRPORTS)
        self.item_load = ItemLoadJob(self.stack, "ItemLoad", source=self.airports, target=served)
        self.output = curated
        self.roles: list[PermissionSet] = []

    def work_in(self, network: LakeNetwork | ec2.IVpc) -> None:
        """Let warehouse, training and jobs work in a network."""
        vpc = network.vpc if isinstance(network, LakeNetwork) else network
        warehouse = Warehouse(self.stack, "Warehouse", network=network, enhanced_vpc_routing=True)
        warehouse.add_dataset(self.flights)
        training = TrainingJob(
            self.stack,
            "Training",
            channels={"train": InputChannel(table=self.examples)},
            output=self.output,
            hyperparameters={"target": "delay", "features": "origin", "time_column": "scheduled"},
            network=TrainingNetwork(
                subnets=vpc.isolated_subnets, security_groups=warehouse.connections.security_groups
            ),
        )
        user = DatabaseSecret(self.stack, "User", username="lake_reader")
        shop = DatabaseEndpoint(
            engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret
        )
        connection = Connection(self.stack, "Shop", endpoint=shop, network=network)
        for job in (self.curation, self.item_load):
            connection.grant_connect(job.role)
        roles = (warehouse.role, training.role, self.curation.role, self.item_load.role)
        self.roles = [role.permission_set for role in roles]


@dataclass(frozen=True)
class Way:
    """An endpoint of a network: the name of its service, and its policy."""

    name: str
    policy: Policy


def ways_of(proof: Proof, stack: str) -> list[Way]:
    """Return the endpoints of a stack."""
    found = []
    for resource in proof.deployment.templates[stack]["Resources"].values():
        if resource["Type"] == "AWS::EC2::VPCEndpoint":
            text = proof.deployment.resolve(stack, resource["Properties"])
            found.append(Way(text["ServiceName"], text["PolicyDocument"]))
    return found


def from_inside(proof: Proof, roles: Iterable[PermissionSet]) -> Iterator[Request]:
    """Yield the calls that work in a network makes itself."""
    for role in roles:
        called = tuple(one for one in role.allowed if one.called_services)
        for request in proof.requests(replace(role, allowed=called)):
            if "kms:ViaService" not in request.context and request.action != "iam:PassRole":
                yield request


def through(request: Request, ways: Iterable[Way]) -> Request | None:
    """Return a call as it goes through the endpoint of its service; None if there is none."""
    names = endpoint_names(request.action.partition(":")[0])
    way = next((way for way in ways if way.name in names), None)
    if way is None:
        return None
    accounts = {
        "aws:PrincipalAccount": request.principal.split(":")[4],
        "aws:ResourceAccount": request.account,
    }
    return replace(request, context={**request.context, **accounts}, endpoint=way.policy)


def stopped(proof: Proof, requests: Iterable[Request], ways: list[Way]) -> list[str]:
    """Return the calls that do not arrive, or are refused on the way or where they arrive."""
    ways_through = [(request, through(request, ways)) for request in requests]
    arriving = [going for _, going in ways_through if going]
    return [str(request) for request, going in ways_through if going is None] + proof.refused(arriving)


@cache
def endpoint_names(prefix: str) -> frozenset[str]:
    """Return the endpoints by which a service is reached: its host by boto3, and the endpoints of that name by moto.

    Neither knows of the library.
    """
    region = Place().region
    session = boto3.Session(region_name=region)
    # Whatever endpoint other tests of this process have in the environment.
    config = Config(ignore_configured_endpoint_urls=True)
    client = session.client(prefix, aws_access_key_id="none", aws_secret_access_key="none", config=config)
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    known = VPCBackend._collect_default_endpoint_services(Place().account, region)
    return frozenset(
        one["ServiceName"]
        for one in known
        if fnmatchcase(host, one.get("PrivateDnsName") or "")
        or one["ServiceName"] == f"com.amazonaws.{region}.{prefix}"
    )


def isolated(app: cdk.App, name: str) -> NetworkLake:
    """Define a lake in an isolated network."""
    lake = NetworkLake(app, name)
    lake.work_in(LakeNetwork(lake.stack, "Network"))
    return lake


def given(app: cdk.App, name: str, *, endpoints: bool) -> NetworkLake:
    """Define a lake in a VPC that is there already."""
    lake = NetworkLake(app, name)
    vpc = ec2.Vpc.from_vpc_attributes(
        lake.stack,
        "Vpc",
        vpc_id="vpc-1",
        vpc_cidr_block="10.0.0.0/16",
        availability_zones=["eu-central-1a", "eu-central-1b", "eu-central-1c"],
        isolated_subnet_ids=["subnet-1", "subnet-2", "subnet-3"],
        isolated_subnet_route_table_ids=["rtb-1", "rtb-2", "rtb-3"],
    )
    lake.work_in(vpc)
    if endpoints:
        VpcEndpoints(lake.stack, "Endpoints", vpc=vpc)
    return lake
