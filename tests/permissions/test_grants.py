"""Every `grant_*` of the library, to roles of the same stack, of another stack and of another account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.analytics.athena.calls import execute_query, run_queries_calls
from lake_blueprints.analytics.quality.calls import run_ruleset_calls
from lake_blueprints.catalog import calls as catalog
from lake_blueprints.catalog.table_location import Access, TableLocation
from lake_blueprints.databases.redshift.calls import run_statements, run_statements_calls, usage_limit_calls
from lake_blueprints.foundation.access.declared import Call, Declared
from lake_blueprints.foundation.access.principals import has_policies
from lake_blueprints.foundation.encryption.calls import read_salt_calls
from lake_blueprints.ingestion.firehose.calls import delivery_write_calls, stream_read_calls, stream_write_calls
from lake_blueprints.lake import DataLake
from lake_blueprints.machine_learning.training.calls import register_model_calls, run_training_calls
from lake_blueprints.orchestration.calls import start_calls
from lake_blueprints.processing.curation.calls import KEEP_PARTITIONS
from lake_blueprints.storage.s3 import calls as objects
from tests.library import constructs
from tests.permissions import authorization
from tests.permissions.lakes import FLIGHTS, SampleLake
from tests.permissions.proof import Proof, deployment_of
from tests.permissions.resolver import Deployment, Place
from tests.permissions.simulator import Simulator

STRANGER = "444455556666"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_SOURCE = "https://docs.aws.amazon.com/glue/latest/webapi/WebAPI_Welcome.html"


@dataclass(frozen=True)
class Lakes:
    sample: SampleLake
    data_lake: DataLake


Give = Callable[[Lakes, Any], object]
Declare = Callable[[Lakes, iam.IRole], Declared]


def of(principal: iam.IRole, *required: Call, refused: tuple[Call, ...] = ()) -> Declared:
    return Declared(name="A grantee", principal=principal, required=required, refused=refused)


def both(one: Declared, other: Declared, but: tuple[str, ...] = ()) -> Declared:
    """Return what two declarations require, and refuse what both do."""
    refused = tuple(call for call in (*one.refused, *other.refused) if not set(call.actions) & set(but))
    return replace(one, required=one.required + other.required, refused=refused)


def zone_read_write(lakes: Lakes, role: iam.IRole) -> Declared:
    table = lakes.sample.raw_flights
    in_both = ("s3:GetObject", "s3:PutObject", "glue:CreatePartition")
    return both(catalog.read_calls(table, role), catalog.write_calls(table, role), in_both)


def zone_delete(lakes: Lakes, role: iam.IRole) -> Declared:
    raw = lakes.sample.raw
    refused = (*objects.beside(raw, "flights/"), objects.unread(raw, "flights/"))
    return of(role, objects.deleting(raw, "flights/", "deletes"), refused=refused)


def zone_objects(lakes: Lakes, role: iam.IRole) -> Declared:
    raw = lakes.sample.raw
    refused = (*objects.beside(raw, "flights/"), objects.unchanged(raw, "flights/"))
    return of(role, *objects.reading(raw, "flights/", "reads"), refused=refused)


def entry(*actions: str) -> Declare:
    def declare(lakes: Lakes, role: iam.IRole) -> Declared:
        table = lakes.sample.raw_flights
        call = catalog.in_catalog(table, actions, "uses the entry", _SOURCE)
        return of(role, call, refused=(catalog.unchanged_entries(table), objects.unread(table.zone, table.prefix)))

    return declare


def query(lakes: Lakes, role: iam.IRole) -> Declared:
    lake = lakes.data_lake
    declared = run_queries_calls(lake.workgroup, role)
    table = lake.tables["flights"]
    zone = lake.curated
    read = (*objects.reading(zone, "", "reads"), objects.locating(zone, "reads"), *catalog.read_entries(table, "reads"))
    return replace(declared, required=declared.required + read)


def entry_of(lakes: Lakes) -> TableLocation:
    return TableLocation(prefix="flights/", tables="flights")


def before(lakes: Lakes, grantee: Any) -> Construct:
    name = f"After{grantee.grant_principal.node.addr if has_policies(grantee) else ''}"
    return cast(Construct, lakes.sample.work.node.try_find_child(name) or Construct(lakes.sample.work, name))


LOOK, EXTEND = ("glue:GetTable",), KEEP_PARTITIONS
SCHEMA = ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions")
GRANTS: dict[str, tuple[Give, Declare]] = {
    "DataLake.grant_put_records": (
        lambda all, to: all.data_lake.grant_put_records(to, "flights"),
        lambda all, role: delivery_write_calls(all.data_lake.deliveries["flights"], role),
    ),
    "DataLake.grant_query": (lambda all, to: all.data_lake.grant_query(to), query),
    "DataLake.grant_role": (
        lambda all, to: all.data_lake.grant_role(to, "flights", "writer"),
        lambda all, role: delivery_write_calls(all.data_lake.deliveries["flights"], role),
    ),
    "Database.grant_catalog_read": (
        lambda all, to: all.sample.raw_database.grant_catalog_read(to, "flights/"),
        lambda all, role: of(role, *catalog.read_entries(all.sample.raw_flights, "finds the table")),
    ),
    "Database.grant_catalog_write": (
        lambda all, to: all.sample.raw_database.grant_catalog_write(to, "flights/"),
        lambda all, role: of(role, *catalog.write_entries(all.sample.raw_flights, "adds partitions")),
    ),
    "Database.grant_entry": (
        lambda all, to: all.sample.raw_database.grant_entry(to, entry_of(all), Access.DESCRIBE),
        entry(*LOOK),
    ),
    "Database.grant_schema": (
        lambda all, to: all.sample.raw_database.grant_schema(to, entry_of(all), before=before(all, to)),
        entry(*SCHEMA),
    ),
    "Delivery.grant_write": (
        lambda all, to: all.sample.direct.grant_write(to),
        lambda all, role: delivery_write_calls(all.sample.direct, role),
    ),
    "HashSalt.grant_read": (
        lambda all, to: salt(all).grant_read(to),
        lambda all, role: read_salt_calls(salt(all), role),
    ),
    "Pipeline.grant_start": (
        lambda all, to: all.sample.pipeline.grant_start(to),
        lambda all, role: start_calls(all.sample.pipeline, role),
    ),
    "QualityRuleset.grant_run": (
        lambda all, to: all.sample.ruleset.grant_run(to),
        lambda all, role: run_ruleset_calls(all.sample.ruleset, role),
    ),
    "Stream.grant_read": (
        lambda all, to: all.sample.stream.grant_read(to),
        lambda all, role: stream_read_calls(all.sample.stream, role),
    ),
    "Stream.grant_write": (
        lambda all, to: all.sample.stream.grant_write(to),
        lambda all, role: stream_write_calls(all.sample.stream, role),
    ),
    "Table.grant_manage_partitions": (
        lambda all, to: all.sample.raw_flights.grant_manage_partitions(to),
        entry(*EXTEND),
    ),
    "Table.grant_describe": (lambda all, to: all.sample.raw_flights.grant_describe(to), entry(*LOOK)),
    "Table.grant_read": (
        lambda all, to: all.sample.raw_flights.grant_read(to),
        lambda all, role: catalog.read_calls(all.sample.raw_flights, role),
    ),
    "Table.grant_read_write": (lambda all, to: all.sample.raw_flights.grant_read_write(to), zone_read_write),
    "Table.grant_schema": (
        lambda all, to: all.sample.raw_flights.grant_schema(to, before=before(all, to)),
        entry(*SCHEMA),
    ),
    "Table.grant_write": (
        lambda all, to: all.sample.raw_flights.grant_write(to),
        lambda all, role: catalog.write_calls(all.sample.raw_flights, role),
    ),
    "TrainingJob.grant_register": (
        lambda all, to: all.sample.training.grant_register(to),
        lambda all, role: register_model_calls(all.sample.training, role),
    ),
    "TrainingJob.grant_run": (
        lambda all, to: all.sample.training.grant_run(to),
        lambda all, role: run_training_calls(all.sample.training, role),
    ),
    "Warehouse.grant_load": (
        lambda all, to: all.sample.warehouse.grant_load(to),
        lambda all, role: of(
            role,
            *run_statements(all.sample.warehouse, "loads", "BatchExecuteStatement", "DescribeStatement"),
        ),
    ),
    "Warehouse.grant_run_statements": (
        lambda all, to: all.sample.warehouse.grant_run_statements(to),
        lambda all, role: run_statements_calls(all.sample.warehouse, role),
    ),
    "Warehouse.grant_set_usage_limits": (
        lambda all, to: all.sample.warehouse.grant_set_usage_limits(to),
        lambda all, role: usage_limit_calls(role),
    ),
    "Workgroup.grant_execute": (
        lambda all, to: all.sample.workgroup.grant_execute(to),
        lambda all, role: of(role, *execute_query(all.sample.workgroup, "runs a query")),
    ),
    "Workgroup.grant_run_queries": (
        lambda all, to: all.sample.workgroup.grant_run_queries(to),
        lambda all, role: run_queries_calls(all.sample.workgroup, role),
    ),
    "Zone.grant_delete": (lambda all, to: all.sample.raw.grant_delete(to, prefix="flights/"), zone_delete),
    "Zone.grant_objects": (lambda all, to: all.sample.raw.grant_objects(to, prefix="flights/"), zone_objects),
    "Zone.grant_read": (
        lambda all, to: all.sample.raw.grant_read(to, prefix="flights/"),
        lambda all, role: catalog.read_calls(all.sample.raw_flights, role),
    ),
    "Zone.grant_read_write": (
        lambda all, to: all.sample.raw.grant_read_write(to, prefix="flights/"),
        zone_read_write,
    ),
    "Zone.grant_write": (
        lambda all, to: all.sample.raw.grant_write(to, prefix="flights/"),
        lambda all, role: catalog.write_calls(all.sample.raw_flights, role),
    ),
}
# What another account can be granted: what has a policy of its own. All others refuse.
ACROSS_ACCOUNTS = {
    "Stream.grant_read",
    "Stream.grant_write",
    "Table.grant_read",
    "Table.grant_read_write",
    "Table.grant_write",
    "Zone.grant_delete",
    "Zone.grant_objects",
    "Zone.grant_read",
    "Zone.grant_read_write",
    "Zone.grant_write",
}
# The catalog's part of these is left to Lake Formation, with a synth warning.
SILENT = {"Database.grant_catalog_read", "Database.grant_catalog_write"}


def salt(lakes: Lakes) -> Any:
    assert lakes.sample.masking_job.salt is not None
    return lakes.sample.masking_job.salt


@pytest.fixture(scope="module")
def granted(simulator: Simulator) -> tuple[Lakes, Proof, dict[tuple[str, str], Any]]:
    """Give every grant to a role of its own in the same stack, in another, and to one of another account."""
    # Apart: a DataLake has its App checked by rules, and a sample lake has what no lake has.
    # The flag is one that `cdk init` sets: the CDK's own roles then have no statement twice.
    flags = {"@aws-cdk/aws-iam:minimizePolicies": True}
    common: dict[str, Any] = {"builtin_cloud_formation_validation": False, "analytics_reporting": False}
    apps = [cdk.App(context=flags, **common) for _ in range(2)]
    here = cdk.Environment(account=Place().account, region=Place().region)
    sample = SampleLake(apps[0], "Ours", env=here)
    whole = cdk.Stack(apps[1], "whole", env=here)
    users, whole_users = (cdk.Stack(app, f"users{number}", env=here) for number, app in enumerate(apps))
    lakes = Lakes(sample, DataLake(whole, "DataLake", datasets=[with_writer()]))
    roles: dict[tuple[str, str], Any] = {}
    for number, (name, (give, _)) in enumerate(GRANTS.items()):
        stacks = {"same": whole, "other": whole_users} if "DataLake" in name else {"same": sample.work, "other": users}
        for where, stack in stacks.items():
            roles[name, where] = iam.Role(stack, f"User{number}{where}", assumed_by=iam.AccountRootPrincipal())
            give(lakes, roles[name, where])
        if name in ACROSS_ACCOUNTS | SILENT:
            arn = f"arn:aws:iam::{STRANGER}:role/user{number}"
            roles[name, "foreign"] = iam.Role.from_role_arn(users, f"User{number}foreign", arn)
            give(lakes, roles[name, "foreign"])
    templates = {name: found for app in apps for name, found in deployment_of(app).templates.items()}
    return lakes, Proof(simulator, Deployment(templates)), roles


def with_writer() -> Any:
    from attrs import evolve  # noqa: PLC0415  the only test that needs it

    from lake_blueprints.contracts import AccessRole  # noqa: PLC0415

    return evolve(FLIGHTS, roles=(AccessRole(name="writer", access="write"),))


def test_no_grant_of_the_library_is_without_a_test() -> None:
    found = set()
    for kind in constructs():
        found |= {f"{kind.__name__}.{name}" for name in vars(kind) if name.startswith("grant_")}
    found -= {name for name in found if name.startswith("ServiceRole.")}
    assert found == set(GRANTS)


@pytest.mark.parametrize("where", ["same", "other"])
@pytest.mark.parametrize("name", GRANTS)
def test_a_grant_allows_what_is_declared_and_nothing_else(
    name: str, where: str, granted: tuple[Lakes, Proof, dict[tuple[str, str], Any]]
) -> None:
    lakes, proof, roles = granted
    declared = GRANTS[name][1](lakes, roles[name, where])
    required = proof.requests(declared, declared.required)
    assert proof.refused(required) == []
    assert proof.allowed(proof.requests(declared, declared.refused)) == []
    assert proof.superfluous(required) == []
    policies = proof.granted(required[0].principal)
    assert authorization.mismatched(required) + authorization.unchecked(required) == []
    assert authorization.powerless(policies) + authorization.incomplete(policies) == []


@pytest.mark.parametrize("name", sorted(ACROSS_ACCOUNTS))
def test_a_grant_to_another_account_is_in_the_policies_of_bucket_key_and_stream(
    name: str, granted: tuple[Lakes, Proof, dict[tuple[str, str], Any]]
) -> None:
    """The other account has to allow it as well, and the catalog is shared by Lake Formation alone."""
    lakes, proof, roles = granted
    declared = GRANTS[name][1](lakes, roles[name, "foreign"])
    required, refused = proof.requests(declared, declared.required), proof.requests(declared, declared.refused)
    guarded = [replace(r, identity=[EVERYTHING]) for r in required if r.guard]
    assert guarded
    assert proof.refused(guarded) == []
    assert proof.allowed([replace(request, identity=[]) for request in required]) == []
    assert proof.allowed([replace(request, identity=[EVERYTHING]) for request in refused]) == []
    catalog_calls = [replace(r, identity=[EVERYTHING]) for r in required if r.action.startswith("glue:")]
    assert proof.allowed(catalog_calls) == []


@pytest.mark.parametrize("name", sorted(set(GRANTS) - ACROSS_ACCOUNTS - SILENT))
def test_what_has_no_policy_of_its_own_refuses_another_account(
    name: str, granted: tuple[Lakes, Proof, dict[tuple[str, str], Any]]
) -> None:
    lakes, _, _ = granted
    stack = cdk.Stack(cdk.App(), "Elsewhere", env=cdk.Environment(account=Place().account, region=Place().region))
    stranger = iam.Role.from_role_arn(stack, "Stranger", f"arn:aws:iam::{STRANGER}:role/stranger")
    with pytest.raises(ValueError, match="cannot be granted to another account"):
        GRANTS[name][0](lakes, stranger)
