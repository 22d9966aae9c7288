"""Roles that work in subnets, and the endpoints that lead from there to the services that they call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

import jsii
from aws_cdk import Annotations, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import IConstruct, IValidation

from lake_blueprints.foundation.access import allowed_to
from lake_blueprints.foundation.network.endpoint_services import endpoints_of
from lake_blueprints.foundation.network.endpoint_set import EndpointSet

_BEFORE_NAME = re.compile(r"^(.*\.[a-z]{2}(-[a-z]+)+-\d+)?\.")
# By the app's root, since subnets of two apps may have the same id.
_SETS: WeakKeyDictionary[IConstruct, list[EndpointSet]] = WeakKeyDictionary()
_WORKING: WeakKeyDictionary[IConstruct, list[tuple[tuple[ec2.ISubnet, ...], iam.IRole]]] = WeakKeyDictionary()


def work_in(subnets: Sequence[ec2.ISubnet], role: iam.IRole) -> None:
    """Take note that whatever assumes a role works in subnets.

    The endpoints of a `LakeNetwork` or of `VpcEndpoints` follow what the role may call. At synth, a service is named in
    a warning that the role calls and nothing leads to from isolated subnets.
    """
    root = role.node.root
    _WORKING.setdefault(root, []).append((tuple(subnets), role))
    for endpoints in _sets_of(root, subnets):
        endpoints.follow(role)
    role.node.add_validation(_Reach(subnets, role))


def serve(root: IConstruct, endpoints: EndpointSet) -> None:
    """Let endpoints follow all roles that work in their subnets."""
    _SETS.setdefault(root, []).append(endpoints)
    for subnets, role in _WORKING.get(root, []):
        if _meet(subnets, endpoints.subnets):
            endpoints.follow(role)


def _sets_of(root: IConstruct, subnets: Sequence[ec2.ISubnet]) -> Iterator[EndpointSet]:
    return (endpoints for endpoints in _SETS.get(root, []) if _meet(subnets, endpoints.subnets))


def _meet(some: Sequence[ec2.ISubnet], others: Sequence[ec2.ISubnet]) -> bool:
    return bool({subnet.subnet_id for subnet in some} & {subnet.subnet_id for subnet in others})


@jsii.implements(IValidation)
class _Reach:
    """Says at synth which services a role calls and nothing leads to."""

    def __init__(self, subnets: Sequence[ec2.ISubnet], role: iam.IRole) -> None:
        self._subnets = tuple(subnets)
        self._role = role

    def validate(self) -> list[str]:
        vpc = _vpc_of(self._subnets[0])
        sets = list(_sets_of(self._role.node.root, self._subnets))
        if not sets and (vpc is None or not _meet(self._subnets, vpc.isolated_subnets)):
            # They have a way out, or nothing is known of them.
            return []
        there = {name for endpoints in sets for name in endpoints.names} | set(_defined_in(vpc))
        for prefix in sorted({prefix for one in allowed_to(self._role) for prefix in one.called_services}):
            names = endpoints_of(prefix)
            if not names or not there.issuperset(names):
                Annotations.of(self._role).add_warning_v2(
                    f"lake-blueprints:endpoint:{prefix}",
                    f"'{self._role.node.path}' works in isolated subnets and calls {prefix}, to which no endpoint "
                    f"leads that is defined here; define VpcEndpoints of the network, or one for "
                    f"{' and '.join(names) or prefix}, or acknowledge that there is a way",
                )
        return []


def _vpc_of(subnet: ec2.ISubnet) -> ec2.IVpc | None:
    """Return the network that a subnet was defined or imported with."""
    owner = subnet.node.scope
    return cast(ec2.IVpc, owner) if hasattr(owner, "isolated_subnets") else None


def _defined_in(vpc: ec2.IVpc | None) -> Iterator[str]:
    """Yield the names of the endpoints that the app itself has defined in a network."""
    if vpc is None:
        return
    stack = Stack.of(vpc)
    found: Any = stack.node.find_all()
    for one in found:
        if isinstance(one, ec2.CfnVPCEndpoint) and stack.resolve(one.vpc_id) == stack.resolve(vpc.vpc_id):
            yield _short_name(stack.resolve(one.service_name))


def _short_name(service: Any) -> str:
    """Return `glue` of com.amazonaws.<region>.glue, where the Region may be a reference."""
    text = service["Fn::Join"][1][-1] if isinstance(service, dict) else service
    return _BEFORE_NAME.sub("", str(text))
