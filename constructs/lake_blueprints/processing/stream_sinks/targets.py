"""Places where the newest record of each key is kept: a table of DynamoDB, or a cache of Valkey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_

from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.dynamodb.permissions import put_items
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.network.working import work_in
from lake_blueprints.ingestion.kinesis.stream_function import FunctionOnStream
from lake_blueprints.processing.stream_sinks.permissions import attach


@dataclass(frozen=True, kw_only=True)
class TableTarget:
    """A `ServingTable`, of one item for each key.

    Parameters
    ----------
    table: ServingTable
        The table.
    """

    table: ServingTable
    handler: ClassVar[str] = "lake_sinks.newest_items.handler"
    packages: ClassVar[Sequence[str]] = ()

    @property
    def keys(self) -> Sequence[str]:
        return self.table.keys

    @property
    def environment(self) -> Mapping[str, str]:
        expiry = {"TIME_TO_LIVE": self.table.time_to_live} if self.table.time_to_live else {}
        return {"TABLE": self.table.table_name, **expiry}

    def bind(self, function: FunctionOnStream) -> None:
        allow(function.role, *put_items(self.table.table, self.table.key))


@checked
@dataclass(frozen=True, kw_only=True)
class CacheTarget:
    """A cache of Valkey, with one hash for each key: `HGETALL readings:D1` returns the newest record of a device.

    The function works in the network of the cache, with a security group that leads to the cache alone, and signs in by
    IAM. It has the package `valkey` in its code, as it is installed: `pip install 'lake-blueprints[valkey]'`.

    Parameters
    ----------
    cache: ServerlessCache
        The cache, of which the function is one client among others.
    keys: sequence of str
        Columns whose values are the key, after the prefix and a colon each.
    prefix: str, optional
        First part of the keys. By default the name of the dataset.

    Raises
    ------
    ValueError
        If there are no keys.

    Example
    -------
        >>> target = CacheTarget(cache=ServerlessCache(self, "State"), keys=["carrier"])
    """

    cache: ServerlessCache
    keys: Sequence[str]
    prefix: str | None = None
    handler: ClassVar[str] = "lake_sinks.newest_hashes.handler"
    packages: ClassVar[Sequence[str]] = ("valkey",)

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("'keys' must have the columns that are the key in the cache, got none")

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "HOST": self.cache.endpoint_address,
            "PORT": self.cache.endpoint_port,
            "CACHE": self.cache.cache_name,
            "USER_NAME": self.cache.user_name,
            **({"PREFIX": self.prefix} if self.prefix else {}),
        }

    def bind(self, function: FunctionOnStream) -> None:
        """Put a function into the network of the cache, and let it sign in."""
        subnets = self.cache.vpc.isolated_subnets
        group = ec2.SecurityGroup(
            function,
            "Group",
            vpc=self.cache.vpc,
            description=f"Function {function.node.path}",
            allow_all_outbound=False,
        )
        # From its side, so that the rules are in its stack and not in that of the cache.
        connections = ec2.Connections(security_groups=[group])
        connections.allow_to_default_port(self.cache.connections, "Function that keeps the newest records")
        defined: Any = function.function.node.default_child
        names = [subnet.subnet_id for subnet in subnets]
        defined.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=names, security_group_ids=[group.security_group_id]
        )
        allow(function.role, *attach(function, subnets=names, security_group=group.security_group_id))
        self.cache.grant_connect(function.role)
        work_in(subnets, function.role)
