"""Every `grant_*` of the library, found on its constructs and called on the first of their kind in a lake."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import aws_cdk as cdk
from attrs import evolve
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.table_location import Access, TableLocation
from lake_blueprints.contracts import AccessRole
from lake_blueprints.foundation.access import PermissionSet
from lake_blueprints.foundation.access.grants import allowed_to
from lake_blueprints.foundation.access.principals import has_policies
from lake_blueprints.lake import DataLake
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import samples
from tests.library import constructs, grants_of
from tests.permissions.lakes import FLIGHTS, SampleLake
from tests.permissions.proof import Proof, deployment_of
from tests.permissions.resolver import Deployment, Place
from tests.permissions.simulator import Simulator

HERE = cdk.Environment(account=Place().account, region=Place().region)
# What a grant needs beside its grantee, by the names of its parameters; all else has its default.
ARGUMENTS: dict[str, Any] = {
    "prefix": "flights/",
    "dataset": "flights",
    "role": "writer",
    "entry": TableLocation(prefix="flights/", tables="flights"),
    "access": Access.DESCRIBE,
    "username": "reader",
    "topic": "flights",
}


@dataclass(frozen=True)
class Grants:
    """The grants of two lakes: a sample, and a `DataLake` that has its App checked by rules."""

    sample: SampleLake
    data_lake: DataLake

    def give(self, name: str, grantee: Any) -> iam.Grant:
        """Grant something, by the name of the construct and its method."""
        kind, _, method = name.partition(".")
        grant = getattr(self._construct(kind), method)
        asked = list(inspect.signature(grant).parameters)[1:]
        given = {parameter: ARGUMENTS[parameter] for parameter in asked if parameter in ARGUMENTS}
        if "before" in asked:
            given["before"] = self._before(grantee)
        return cast(iam.Grant, grant(grantee, **given))

    def home(self, name: str) -> cdk.Stack:
        """Return the stack of the construct that grants something."""
        return cdk.Stack.of(self.data_lake) if name.startswith("DataLake.") else self.sample.work

    def declared(self, name: str) -> PermissionSet:
        """Return the permissions of a grant, as a role of the lake's own stack has them."""
        stack, construct_id = self.home(name), f"Declared{NAMES.index(name)}"
        role = cast(iam.Role | None, stack.node.try_find_child(construct_id))
        if role is None:
            role = iam.Role(stack, construct_id, assumed_by=iam.AccountRootPrincipal())
            self.give(name, role)
        return PermissionSet(name=name, principal=role, allowed=allowed_to(role))

    def proof(self, simulator: Simulator) -> Proof:
        apps = [cast(cdk.App, lake.node.root) for lake in (self.sample.data, self.data_lake)]
        templates = {name: found for app in apps for name, found in deployment_of(app).templates.items()}
        return Proof(simulator, Deployment(templates))

    def _construct(self, kind: str) -> Any:
        if kind == "DataLake":
            return self.data_lake
        # The first delivery reads a stream, so that nobody may send records to it.
        chosen = {"DeliveryStream": self.sample.direct}
        stacks = (self.sample.data, self.sample.work)
        tree = (found for stack in stacks for found in cast(Any, stack.node.find_all()))
        found = chosen.get(kind) or next((one for one in tree if type(one).__name__ == kind), None)
        return found or self._sampled(kind)

    def _sampled(self, kind: str) -> Any:
        """Define what no lake has, as its sample does."""
        (sample,) = (one for one in samples() if one.name == kind)
        scope = Construct(self.sample.work, f"Sample{kind}")
        return sample.define(Fixtures(scope), scope, kind)

    def _before(self, grantee: Any) -> Construct:
        name = f"After{grantee.grant_principal.node.addr if has_policies(grantee) else ''}"
        work = self.sample.work
        return cast(Construct, work.node.try_find_child(name) or Construct(work, name))


def define_grants(*, env: cdk.Environment = HERE) -> Grants:
    """Define both lakes, each in an App of its own, with the dataset's role that a grant may name."""
    # The first flag is one that `cdk init` sets: the CDK's own roles then have no statement twice. The lake's stack
    # also holds a grantee for each grant and kind of principal, more than the 500 resources of one that is deployed.
    flags = {"@aws-cdk/aws-iam:minimizePolicies": True, "@aws-cdk/core:stackResourceLimit": 0}
    common: dict[str, Any] = {"builtin_cloud_formation_validation": False, "analytics_reporting": False}
    apps = [cdk.App(context=flags, **common) for _ in range(2)]
    dataset = evolve(FLIGHTS, roles=(AccessRole(name="writer", access="write"),))
    whole = DataLake(cdk.Stack(apps[1], "whole", env=env), "DataLake", datasets=[dataset])
    return Grants(SampleLake(apps[0], "Ours", env=env), whole)


def _names() -> Iterator[str]:
    for kind in constructs():
        yield from (f"{kind.__name__}.{name}" for name in grants_of(kind))


NAMES = sorted(name for name in _names() if not name.startswith("ServiceRole."))
# What another account can be granted: what has a policy of its own. All others refuse.
ACROSS_ACCOUNTS = [
    "AccessPoint.grant_read",
    "Erasure.grant_request",
    "IcebergTable.grant_read",
    "IcebergTable.grant_read_write",
    "IcebergTable.grant_write",
    "Inventory.grant_read",
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
]
# The catalog's part of these is left to Lake Formation, with a synth warning.
SILENT = ["Database.grant_catalog_read", "Database.grant_catalog_write"]
REFUSING = sorted({*NAMES} - {*ACROSS_ACCOUNTS, *SILENT})
