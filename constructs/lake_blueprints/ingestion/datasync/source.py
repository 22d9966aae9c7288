"""Sources of transfers: shares behind agents, object stores, and buckets.

Above 200 lines: one class for each kind of source.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Stack, Token
from aws_cdk import aws_datasync as datasync
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.datasync import permissions
from template_checks.limits import datasync as limits

DATASYNC = "datasync.amazonaws.com"
_HOST = re.compile(r"(([a-zA-Z0-9-]*[a-zA-Z0-9])\.)*[A-Za-z0-9-]*[A-Za-z0-9]")


class TransferSource(ABC):
    """A source of a transfer."""

    @abstractmethod
    def define(self, scope: Construct) -> str:
        """Define the location of the source in a scope, and return its ARN."""


@checked
@dataclass(frozen=True, kw_only=True)
class S3Location(TransferSource):
    """Objects of a bucket that is not the lake's.

    Parameters
    ----------
    bucket: s3.IBucket
        The bucket; one of another account must allow the role of the transfer by its own policy.
    key: kms.IKey
        The key of its objects.
    prefix: str
        Prefix of the objects, ending in a slash. By default all of them.

    Example
    -------
        >>> bucket = s3.Bucket.from_bucket_name(self, "Partner", "partner-exports")
        >>> S3Location(bucket=bucket, key=zone.key, prefix="flights/")
    """

    bucket: s3.IBucket
    key: kms.IKey
    prefix: str = ""

    def define(self, scope: Construct) -> str:
        role = _source_role(scope)
        allow(role, *permissions.copy_from(self, self.prefix))
        return s3_location(scope, "Source", self.bucket, self.prefix, role)


@checked
@dataclass(frozen=True, kw_only=True)
class NfsShare(TransferSource):
    """An export of an NFS server, which agents beside the server mount.

    Parameters
    ----------
    host: str
        Name or address of the server.
    path: str
        Path of the export: "/exports/flights".
    agent_arns: sequence of str
        ARNs of 1 to 8 agents that are activated.

    Example
    -------
        >>> agent = f"arn:{Aws.PARTITION}:datasync:eu-central-1:111122223333:agent/agent-01234567890123456"
        >>> NfsShare(host="files.example.com", path="/exports/flights", agent_arns=[agent])
    """

    host: str
    path: str
    agent_arns: Sequence[str]

    def __post_init__(self) -> None:
        _check_server(self.host, self.path, self.agent_arns)

    def define(self, scope: Construct) -> str:
        location = datasync.CfnLocationNFS(
            scope,
            "Source",
            server_hostname=self.host,
            subdirectory=self.path,
            on_prem_config=datasync.CfnLocationNFS.OnPremConfigProperty(agent_arns=list(self.agent_arns)),
        )
        return location.attr_location_arn


@checked
@dataclass(frozen=True, kw_only=True)
class SmbShare(TransferSource):
    """A share of an SMB server, which agents beside the server mount.

    Parameters
    ----------
    host: str
        Name or address of the server.
    path: str
        Path of the share: "/flights".
    user: str
        Who signs in, by NTLM.
    secret: secretsmanager.ISecret
        Secret whose value is the password, as plain text.
    agent_arns: sequence of str
        ARNs of 1 to 8 agents that are activated.
    domain: str, optional
        Windows domain of the user. By default none.

    Example
    -------
        >>> agent = f"arn:{Aws.PARTITION}:datasync:eu-central-1:111122223333:agent/agent-01234567890123456"
        >>> password = secretsmanager.Secret(self, "Password", encryption_key=zone.key)
        >>> share = {"host": "files.example.com", "path": "/flights", "agent_arns": [agent]}
        >>> SmbShare(**share, user="lake", secret=password)
    """

    host: str
    path: str
    user: str
    secret: secretsmanager.ISecret
    agent_arns: Sequence[str]
    domain: str | None = None

    def __post_init__(self) -> None:
        _check_server(self.host, self.path, self.agent_arns)

    def define(self, scope: Construct) -> str:
        role = _secret_role(scope, self.secret)
        location = datasync.CfnLocationSMB(
            scope,
            "Source",
            server_hostname=self.host,
            subdirectory=self.path,
            user=self.user,
            domain=self.domain,
            authentication_type="NTLM",
            agent_arns=list(self.agent_arns),
            custom_secret_config=datasync.CfnLocationSMB.CustomSecretConfigProperty(
                secret_arn=self.secret.secret_arn, secret_access_role_arn=role.role_arn
            ),
        )
        return location.attr_location_arn


@checked
@dataclass(frozen=True, kw_only=True)
class Hdfs(TransferSource):
    """Files of a Hadoop cluster with simple authentication, which agents beside the cluster read.

    Parameters
    ----------
    host: str
        Name or address of the name node.
    port: int
        Its port. By default 8020.
    path: str
        Folder of the files. By default all.
    user: str
        Name under which they are read.
    agent_arns: sequence of str
        ARNs of 1 to 8 agents that are activated.

    Example
    -------
        >>> agent = f"arn:{Aws.PARTITION}:datasync:eu-central-1:111122223333:agent/agent-01234567890123456"
        >>> Hdfs(host="hadoop.example.com", path="/flights", user="lake", agent_arns=[agent])
    """

    host: str
    user: str
    agent_arns: Sequence[str]
    port: int = 8020
    path: str = "/"

    def __post_init__(self) -> None:
        _check_server(self.host, self.path, self.agent_arns)

    def define(self, scope: Construct) -> str:
        location = datasync.CfnLocationHDFS(
            scope,
            "Source",
            name_nodes=[datasync.CfnLocationHDFS.NameNodeProperty(hostname=self.host, port=self.port)],
            authentication_type="SIMPLE",
            simple_user=self.user,
            subdirectory=self.path,
            agent_arns=list(self.agent_arns),
        )
        return location.attr_location_arn


@checked
@dataclass(frozen=True, kw_only=True)
class ObjectStorage(TransferSource):
    """A bucket of an object store that speaks the protocol of S3, by HTTPS.

    Parameters
    ----------
    host: str
        Name of the store.
    bucket_name: str
        Name of the bucket.
    access_key: str
        Id of the access key.
    secret: secretsmanager.ISecret
        Secret whose value is the secret key, as plain text.
    prefix: str
        Prefix of the objects, between slashes. By default all of them.
    agent_arns: sequence of str
        ARNs of up to 8 agents, for a store that DataSync does not reach by itself. By default none.

    Example
    -------
        >>> key = secretsmanager.Secret(self, "SecretKey", encryption_key=zone.key)
        >>> store = {"host": "storage.example.com", "bucket_name": "exports"}
        >>> ObjectStorage(**store, access_key="lake", secret=key)
    """

    host: str
    bucket_name: str
    access_key: str
    secret: secretsmanager.ISecret
    prefix: str = "/"
    agent_arns: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check_server(self.host, self.prefix)

    def define(self, scope: Construct) -> str:
        role = _secret_role(scope, self.secret)
        location = datasync.CfnLocationObjectStorage(
            scope,
            "Source",
            server_hostname=self.host,
            server_protocol="HTTPS",
            bucket_name=self.bucket_name,
            subdirectory=self.prefix,
            access_key=self.access_key,
            agent_arns=list(self.agent_arns) or None,
            custom_secret_config=datasync.CfnLocationObjectStorage.CustomSecretConfigProperty(
                secret_arn=self.secret.secret_arn, secret_access_role_arn=role.role_arn
            ),
        )
        return location.attr_location_arn


def transfers_of(scope: Construct) -> str:
    """Return what the ARNs of transfers of this account and Region match, which alone may assume a role."""
    return Stack.of(scope).format_arn(service="datasync", resource="*")


def s3_location(scope: Construct, construct_id: str, bucket: s3.IBucket, prefix: str, role: ServiceRole) -> str:
    """Define a location of a bucket, which DataSync tries out at once, and return its ARN."""
    location = datasync.CfnLocationS3(
        scope,
        construct_id,
        s3_bucket_arn=bucket.bucket_arn,
        subdirectory=f"/{prefix}",
        s3_config=datasync.CfnLocationS3.S3ConfigProperty(bucket_access_role_arn=role.role_arn),
    )
    return location.attr_location_arn


def _source_role(scope: Construct) -> ServiceRole:
    description = f"Reads the source of {scope.node.path}"
    return ServiceRole(
        scope, "SourceRole", services=[DATASYNC], description=description, source_arn=transfers_of(scope)
    )


def _secret_role(scope: Construct, secret: secretsmanager.ISecret) -> ServiceRole:
    description = f"Signs in to the source of {scope.node.path}"
    role = ServiceRole(
        scope, "SecretRole", services=[DATASYNC], description=description, source_arn=transfers_of(scope)
    )
    allow(role, *permissions.read_secret(secret))
    return role


def _check_server(host: str, path: str, agent_arns: Sequence[str] | None = None) -> None:
    if not Token.is_unresolved(host) and not _HOST.fullmatch(host):
        raise ValueError(f"'host' must be a name or an IPv4 address, without a scheme and a port, got '{host}'")
    if not Token.is_unresolved(path) and not path.startswith("/"):
        raise ValueError(f"a path of a server begins with '/', got '{path}'")
    if agent_arns is not None and not Token.is_unresolved(agent_arns):
        limits.AGENTS.check("agent_arns", len(agent_arns))
