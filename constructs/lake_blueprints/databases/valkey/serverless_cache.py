"""A serverless cache of Valkey that roles sign in to, without passwords."""

from __future__ import annotations

from aws_cdk import Names, RemovalPolicy, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.databases.valkey.permissions import connect
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.network.vpc import choose_vpc
from lake_blueprints.foundation.removal import guard_removal
from template_checks.limits import elasticache as limits

_CACHE = elasticache.CfnServerlessCache
_ENGINE = "valkey"
_MOST_SUBNETS, _LEAST_SUBNETS = 3, 2
# Without what changes the server itself or ends it; clients of clusters ask for its state.
_ACCESS = "on ~* &* +@all -@admin -@dangerous +info"


@checked
class ServerlessCache(Construct):
    """Define an encrypted serverless cache of Valkey in a private network that roles sign in to by IAM.

    Idle, it costs its least storage of 100 MB, about 6 USD a month; prefer a `ServingTable`, which costs nothing, where
    milliseconds are soon enough.

    Parameters
    ----------
    max_storage: int
        Most data, in GB, 1 to 5000, beyond which keys that expire are evicted and other writes fail. By default 1.
    max_units_per_second: int
        Most processing, in ECPUs a second, 1000 to 15,000,000, beyond which commands are throttled. By default 1000.
    snapshots_kept: int
        Days for which a daily snapshot is kept, 0 to 35. By default 0: there is none, and a cache is filled again.
    engine_version: str
        Major version of Valkey. By default 8.
    network: LakeNetwork or ec2.IVpc, optional
        Network of the cache, with isolated subnets in two or three zones. By default a new one is defined.
    encryption_key: kms.IKey, optional
        Key for data and snapshots. By default a new `LakeKey` is defined.
    removal_policy: RemovalPolicy
        What happens to the cache when it leaves the stack, subject to the removal guard. By default it is retained.

    Defines
    -------
    The cache, named `cache_name`, with its `endpoint_address` and `endpoint_port`; its security group, as
    `connections`; the user `user_name`, who signs in by IAM, in a group with a default user who cannot; a network, as
    `vpc`, and a key, as `key`, unless they are given.

    Raises
    ------
    ValueError
        If a limit is out of range, or the network has subnets in fewer than two zones.

    Notes
    -----
    A client connects by TLS with `user_name` and a token that IAM signs and that is valid for 15 minutes.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html

    Example
    -------
        >>> cache = ServerlessCache(self, "Features")
        >>> cache.grant_connect(role)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        max_storage: int = 1,
        max_units_per_second: int = 1_000,
        snapshots_kept: int = 0,
        engine_version: str = "8",
        network: LakeNetwork | ec2.IVpc | None = None,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        for option, value, limit in (
            ("max_storage", max_storage, limits.STORAGE),
            ("max_units_per_second", max_units_per_second, limits.UNITS),
            ("snapshots_kept", snapshots_kept, limits.SNAPSHOTS),
        ):
            if not Token.is_unresolved(value):
                limit.check(option, value)
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.vpc = vpc = choose_vpc(self, network, encryption_key=self.key, removal_policy=removal_policy)
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description=f"Cache {self.node.path}", allow_all_outbound=False
        )
        # The second one is that of readers.
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.tcp_range(6379, 6380))
        self.cache_name = self.user_name = self._name("lake")
        user = self._user("User", name=self.user_name, access=_ACCESS, authentication="iam")
        nobody = self._user("DefaultUser", name="default", access="off -@all", authentication="no-password-required")
        users = elasticache.CfnUserGroup(
            self, "Users", user_group_id=self.cache_name, engine=_ENGINE, user_ids=[user.ref, nobody.ref]
        )
        cache = _CACHE(
            self,
            "Cache",
            serverless_cache_name=self.cache_name,
            description=f"Cache {self.node.path}",
            engine=_ENGINE,
            major_engine_version=engine_version,
            cache_usage_limits=_CACHE.CacheUsageLimitsProperty(
                data_storage=_CACHE.DataStorageProperty(unit="GB", maximum=max_storage),
                ecpu_per_second=_CACHE.ECPUPerSecondProperty(maximum=max_units_per_second),
            ),
            kms_key_id=self.key.key_arn,
            security_group_ids=[group.security_group_id],
            subnet_ids=_subnets(vpc),
            snapshot_retention_limit=snapshots_kept,
            user_group_id=users.ref,
        )
        kept = guard_removal(cache, removal_policy, encryption_key=self.key)
        if kept is not RemovalPolicy.DESTROY:
            # Those who sign in to the cache that stays.
            for one in (user, nobody, users):
                one.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        self.cache_arn: str = cache.attr_arn
        self.user_arn: str = user.attr_arn
        self.endpoint_address: str = cache.attr_endpoint_address
        self.endpoint_port: str = cache.attr_endpoint_port

    def grant_connect(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signing in to the cache, to read and write everything in it."""
        return allow(grantee, connect(self.cache_arn, self.user_arn))

    def _user(self, construct_id: str, *, name: str, access: str, authentication: str) -> elasticache.CfnUser:
        # Who signs in by IAM is called as the id is.
        return elasticache.CfnUser(
            self,
            construct_id,
            user_id=name if authentication == "iam" else self._name("nobody"),
            user_name=name,
            engine=_ENGINE,
            access_string=access,
            authentication_mode={"Type": authentication},
        )

    def _name(self, kind: str) -> str:
        return f"{kind}-{Names.unique_id(self).lower()[-24:]}"


def _subnets(vpc: ec2.IVpc) -> list[str]:
    found = vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
    if len(found) < _LEAST_SUBNETS:
        raise ValueError(f"'network' must have isolated subnets in two or three zones, got {len(found)}")
    return found[:_MOST_SUBNETS]
