"""Permissions of transfers at buckets and secrets, and of those who start them."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.connections.permissions import sign_in
from lake_blueprints.storage.s3 import permissions as objects
from lake_blueprints.storage.s3.permissions import Storage

_LOCATION = "https://docs.aws.amazon.com/datasync/latest/userguide/create-s3-location.html"
_SECRETS = "https://docs.aws.amazon.com/datasync/latest/userguide/location-credentials.html"
_SDK = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"
_IAM = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatasync.html"

_FIND = (*objects.LIST, *objects.FIND_UPLOADS)
_TAGS = ("s3:GetObjectTagging", "s3:PutObjectTagging")


def copy_into(storage: Storage, prefix: str, because: str = "copies files into the zone") -> Iterator[Permission]:
    """Write objects below a prefix, and look at those that are there."""
    actions = (*objects.GET, *objects.PUT, *objects.DELETE, *_TAGS)
    yield objects.on_bucket(storage.bucket, _FIND, because, _LOCATION)
    found = objects.on_objects(storage, actions, [prefix], because, wildcard="objects that are named as the files are")
    yield found.used_for(because, _LOCATION)
    yield objects.with_key(storage, objects.ENCRYPT, [prefix], because)


def copy_from(storage: Storage, prefix: str) -> Iterator[Permission]:
    """Read the objects below a prefix of a bucket."""
    because = "reads the objects of the source"
    yield objects.on_bucket(storage.bucket, _FIND, because, _LOCATION)
    actions = (*objects.GET, "s3:GetObjectTagging")
    yield objects.on_objects(storage, actions, [prefix], because).used_for(because, _LOCATION)
    yield objects.with_key(storage, objects.DECRYPT, [prefix], because)


def read_secret(secret: secretsmanager.ISecret) -> Iterator[Permission]:
    """Read the password of a source."""
    yield from sign_in(secret, "signs in to the source", _SECRETS)


def start_transfer(task_arn: str) -> Iterator[Permission]:
    """Start a transfer, and look at it."""
    yield Permission(
        actions=("datasync:StartTaskExecution",),
        on=(task_arn,),
        because="starts the transfer",
        sources=(_SDK, _IAM),
    )
    yield Permission(
        actions=("datasync:DescribeTaskExecution",),
        on=(f"{task_arn}/execution/*",),
        because="looks at the transfer",
        sources=(_SDK, _IAM),
        wildcard="executions of the task, which DataSync names",
    )
