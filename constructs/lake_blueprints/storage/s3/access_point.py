"""An access point: a name of its own for the objects below a prefix of a zone, with a policy of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsii
from aws_cdk import ArnFormat, IStableAnyProducer, Lazy, Names, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lake_blueprints.foundation.access import Permission, allow
from lake_blueprints.foundation.access.principals import check_principal, is_out_of_reach
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.storage.s3 import permissions
from lake_blueprints.storage.s3.zone import Zone

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html
_LONGEST_NAME = 50


@checked
class AccessPoint(Construct):
    """Define an access point of a zone for one consumer, who asks it instead of the bucket and sees one prefix.

    The policy of the bucket leaves the prefix to the access point; its own policy and those of this account's roles say
    who reads. So each consumer makes the policy of the bucket longer by two statements, however many roles it has.

    Parameters
    ----------
    zone: Zone
        Where the objects are.
    prefix: str
        Start of the keys. By default all of the zone.
    network: LakeNetwork or ec2.IVpc, optional
        The only network from which it can be used. By default any, with the permission.
    restricted: bool
        Whether prefixes with restricted columns can be read through it. By default they cannot, by nobody and whatever
        else is granted.

    Defines
    -------
    One access point, named `access_point_name` and known to clients by `alias`; a statement in the policy of the
    bucket.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html#access-points-delegating-control

    Example
    -------
        >>> point = AccessPoint(self, "Pricing", zone=curated, prefix="flights/")
        >>> point.grant_read(analyst)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: Zone,
        prefix: str = "",
        network: LakeNetwork | ec2.IVpc | None = None,
        restricted: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self.zone = zone
        self.prefix = prefix
        self._restricted = restricted
        # CloudFormation would make one up, but the policy must name its own access point.
        self.access_point_name = Names.unique_resource_name(self, max_length=_LONGEST_NAME, separator="-").lower()
        self.access_point_arn = Stack.of(self).format_arn(
            service="s3",
            resource="accesspoint",
            resource_name=self.access_point_name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        self._admitted: list[dict[str, Any]] = []
        vpc = network.vpc if isinstance(network, LakeNetwork) else network
        point = s3.CfnAccessPoint(
            self,
            "AccessPoint",
            bucket=zone.bucket.bucket_name,
            name=self.access_point_name,
            policy=Lazy.any(_Policy(self)),
            vpc_configuration=s3.CfnAccessPoint.VpcConfigurationProperty(vpc_id=vpc.vpc_id) if vpc else None,
            public_access_block_configuration=s3.CfnAccessPoint.PublicAccessBlockConfigurationProperty(
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            ),
        )
        self.alias: str = point.attr_alias
        self._delegate()

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow listing and reading the objects through the access point; not by the bucket, nor in the catalog."""
        check_principal(grantee)
        asked = list(permissions.read_through(self.access_point_arn, self.prefix))
        key = permissions.with_key(self.zone, permissions.DECRYPT, [self.prefix], "reads objects")
        if not is_out_of_reach(grantee):
            return allow(grantee, *asked, key)
        self._admitted += (_statement(grantee.grant_principal, one) for one in asked)
        return allow(grantee, key)

    def statements(self) -> Iterator[dict[str, Any]]:
        """Yield the statements of the access point's policy."""
        yield from self._admitted
        if self._restricted:
            return
        for kept_out in self.zone.restricted_prefixes:
            if kept_out.startswith(self.prefix) or self.prefix.startswith(kept_out):
                yield {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": list(permissions.GET),
                    "Resource": f"{self.access_point_arn}/object/{kept_out}*",
                }

    def _delegate(self) -> None:
        """Let the access point's policy, and those of roles, decide on requests that come through it."""
        bucket = self.zone.bucket
        condition = {"StringEquals": {"s3:DataAccessPointArn": self.access_point_arn}}
        for actions, resource in (
            (permissions.LIST, bucket.bucket_arn),
            (permissions.GET, bucket.arn_for_objects(f"{self.prefix}*")),
        ):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.AnyPrincipal()], actions=list(actions), resources=[resource], conditions=condition
                )
            )


def _statement(principal: iam.IPrincipal, permission: Permission) -> dict[str, Any]:
    statement = iam.PolicyStatement(
        principals=[principal],
        actions=list(permission.actions),
        resources=list(permission.on),
        conditions=permission.conditions,
    )
    found: dict[str, Any] = statement.to_statement_json()
    return found


@jsii.implements(IStableAnyProducer)
class _Policy:
    """The policy, written once all grants and restricted prefixes are known; none without a statement."""

    def __init__(self, point: AccessPoint) -> None:
        self._point = point

    def produce(self) -> Any:
        statements = list(self._point.statements())
        return {"Version": "2012-10-17", "Statement": statements} if statements else None
