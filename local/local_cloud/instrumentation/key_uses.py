"""Uses of KMS keys by services on behalf of their callers.

The only module that knows where moto keeps the keys of streams, secrets and topics.
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.kinesis.models import kinesis_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.utilities.utils import get_partition

from local_cloud.instrumentation.requested_actions import Context
from local_cloud.server.objects import ObjectStore

_READ, _WRITE = ("kms:Decrypt",), ("kms:GenerateDataKey",)
_OF_OBJECTS = {"s3:GetObject": _READ, "s3:GetObjectVersion": _READ, "s3:PutObject": _WRITE}
# https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
_OF_STREAMS = {"kinesis:GetRecords": _READ, "kinesis:PutRecord": _WRITE, "kinesis:PutRecords": _WRITE}


class KeyUses:
    """The uses of keys that come with calls.

    Parameters
    ----------
    account: str
        Whose streams, secrets and topics there are.
    objects: ObjectStore
        Knows the keys of buckets.
    """

    def __init__(self, account: str, objects: ObjectStore) -> None:
        self._account = account
        self._objects = objects

    def __call__(self, action: str, resource: str) -> Iterator[tuple[str, str, Context]]:
        """Yield action, ARN of the key and context of each use."""
        if action in _OF_OBJECTS:
            yield from self._of_object(_OF_OBJECTS[action], resource)
        elif action in _OF_STREAMS:
            yield from self._of_stream(_OF_STREAMS[action], resource)
        elif action == "secretsmanager:GetSecretValue":
            yield from self._of_secret(resource)
        elif action == "sns:Publish":
            yield from self._of_topic(resource)

    def _of_object(self, actions: tuple[str, ...], resource: str) -> Iterator[tuple[str, str, Context]]:
        bucket = resource.partition("/")[0]
        if key := self._objects.encryption_key(bucket):
            told = bucket if key.is_bucket_key else resource
            region = self._objects.region(bucket)
            context = (
                ("kms:EncryptionContext:aws:s3:arn", f"arn:{get_partition(region)}:s3:::{told}"),
                ("kms:ViaService", f"s3.{region}.amazonaws.com"),
            )
            yield from ((action, self._arn(region, key.key), context) for action in actions)

    def _of_stream(self, actions: tuple[str, ...], named: str) -> Iterator[tuple[str, str, Context]]:
        # A request may give the name alone, which does not tell the Region.
        regions = [named.split(":")[3]] if named.startswith("arn:") else list(kinesis_backends[self._account])
        for region in regions:
            stream = kinesis_backends[self._account][region].streams.get(named.rpartition("/")[2])
            if stream is None or not stream.key_id:
                continue
            context = (
                ("kms:EncryptionContext:aws:kinesis:arn", stream.arn),
                ("kms:ViaService", f"kinesis.{region}.amazonaws.com"),
            )
            yield from ((action, self._arn(region, stream.key_id), context) for action in actions)

    def _of_secret(self, arn: str) -> Iterator[tuple[str, str, Context]]:
        region = arn.split(":")[3] if arn.startswith("arn:") else ""
        for secret in secretsmanager_backends[self._account][region].secrets.values() if region else ():
            if secret.arn == arn and secret.kms_key_id:
                context = (
                    ("kms:EncryptionContext:SecretARN", arn),
                    ("kms:ViaService", f"secretsmanager.{region}.amazonaws.com"),
                )
                yield "kms:Decrypt", self._arn(region, secret.kms_key_id), context

    def _of_topic(self, arn: str) -> Iterator[tuple[str, str, Context]]:
        region = arn.split(":")[3] if arn.startswith("arn:") else ""
        topic = sns_backends[self._account][region].topics.get(arn) if region else None
        if topic is not None and topic.kms_master_key_id:
            context = (("kms:ViaService", f"sns.{region}.amazonaws.com"),)
            key = self._arn(region, topic.kms_master_key_id)
            yield from ((action, key, context) for action in ("kms:GenerateDataKey", "kms:Decrypt"))

    def _arn(self, region: str, key: str) -> str:
        return key if key.startswith("arn:") else f"arn:{get_partition(region)}:kms:{region}:{self._account}:key/{key}"
