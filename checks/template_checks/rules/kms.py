"""Customer keys: that their policies let in the services that the template's own features bring.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.policies import POLICY_HOLDERS, Statement, statements
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import QUEUE, SENDERS, TOPIC, may_be, sent_to, speaks_of
from template_checks.core.template import Node, Resource
from template_checks.core.values import between
from template_checks.rules.roles import role_must_allow

KEY: Final = "AWS::KMS::Key"
_GUIDE: Final = "https://docs.aws.amazon.com/kms/latest/developerguide"
_READ_WRITE: Final = ("kms:Decrypt", "kms:GenerateDataKey")
# What keys can do, by the start of their specs.
_USAGES: Final = {
    "SYMMETRIC_DEFAULT": ("ENCRYPT_DECRYPT",),
    "HMAC_": ("GENERATE_VERIFY_MAC",),
    "RSA_": ("ENCRYPT_DECRYPT", "SIGN_VERIFY"),
    "ECC_NIST_": ("SIGN_VERIFY", "KEY_AGREEMENT"),
    "ECC_SECG_": ("SIGN_VERIFY",),
}
_MANAGED: Final = "alias/aws/"


@rule(
    "LAKE-KMS-001",
    "AWS::Logs::LogGroup",
    title="The key of a log group lets CloudWatch Logs in",
    fix="allow logs.<region>.amazonaws.com kms:Encrypt*, Decrypt*, ReEncrypt*, GenerateDataKey* and Describe*",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def log_group(group: Resource) -> Iterator[Violation]:
    """The log group is refused: the key does not exist or is not allowed to be used with it."""
    node = group.at("KmsKeyId")
    needed = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")
    yield from _must_allow(node, "logs.", needed)


@rule(
    "LAKE-KMS-002",
    *SENDERS,
    title="The key of a topic or queue admits the services that send to it",
    fix="allow the service kms:Decrypt and kms:GenerateDataKey* in the key's policy",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
def senders(resource: Resource) -> Iterator[Violation]:
    """Messages are lost without a word: the service may not encrypt them."""
    for service, node in sent_to(resource):
        target = node.target
        if target is not None and target.kind in {TOPIC, QUEUE}:
            key = target.at("KmsMasterKeyId")
            if key.text and key.text.startswith("alias/aws/"):
                found = f"{target.logical_id}, which encrypts with {key.text}"
                yield Violation(at=node, found=found, allowed=f"a key whose policy can let {service}amazonaws.com in")
            for fault in _must_allow(key, service, _READ_WRITE):
                yield Violation(at=node, found=fault.found, allowed=fault.allowed)


@rule(
    "LAKE-KMS-003",
    "AWS::CloudTrail::Trail",
    title="The key of a trail lets CloudTrail in",
    fix="allow cloudtrail.amazonaws.com kms:GenerateDataKey* and kms:DescribeKey",
    source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
)
def trail(trail: Resource) -> Iterator[Violation]:
    """The trail is refused for the key's policy."""
    yield from _must_allow(trail.at("KMSKeyId"), "cloudtrail.", ("kms:GenerateDataKey",))


@rule(
    "LAKE-KMS-004",
    "AWS::S3Tables::TableBucket",
    title="The key of a table bucket lets in the maintenance of tables",
    fix="allow maintenance.s3tables.amazonaws.com kms:Decrypt and kms:GenerateDataKey",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-permissions.html",
)
def table_bucket(bucket: Resource) -> Iterator[Violation]:
    """Tables are never compacted."""
    key = bucket.at("EncryptionConfiguration.KMSKeyArn")
    yield from _must_allow(key, "maintenance.s3tables.", _READ_WRITE)


@rule(
    "LAKE-KMS-005",
    "AWS::S3::Bucket",
    title="The key of an inventory lets S3 in",
    fix="allow s3.amazonaws.com kms:GenerateDataKey",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html",
)
def inventory(bucket: Resource) -> Iterator[Violation]:
    """No inventory is ever written to a bucket whose key S3 may not use."""
    for configuration in bucket.at("InventoryConfigurations").items():
        target = configuration.at("Destination.BucketArn").target
        for key in target.properties.every("KMSMasterKeyID") if target else ():
            for fault in _must_allow(key, "s3.", ("kms:GenerateDataKey",)):
                yield Violation(at=configuration.at("Destination.BucketArn"), found=fault.found, allowed=fault.allowed)


@rule(
    "LAKE-KMS-006",
    KEY,
    title="A key's limits are ones that KMS takes",
    fix="wait 7 to 30 days, rotate after 90 to 2560, and only symmetric keys",
    source=f"{_GUIDE}/rotate-keys.html",
)
def limits(key: Resource) -> Iterator[Violation]:
    """KMS refuses others."""
    yield from between(key.at("PendingWindowInDays"), 7, 30, "days")
    yield from between(key.at("RotationPeriodInDays"), 90, 2560, "days")
    spec = key.at("KeySpec").text
    if key.at("EnableKeyRotation").flag and spec not in {None, "SYMMETRIC_DEFAULT"}:
        yield Violation(at=key.at("EnableKeyRotation"), allowed=f"false for {spec}")


@rule(
    "LAKE-KMS-007",
    KEY,
    title="A key can still be administered",
    fix="allow the account's root kms:*",
    source=f"{_GUIDE}/key-policy-default.html",
)
def administered(key: Resource) -> Iterator[Violation]:
    """KMS refuses a policy that locks out who makes it; IAM policies have no effect without the account's root."""
    node = key.at("KeyPolicy")
    bypass = key.at("BypassPolicyLockoutSafetyCheck")
    if not node.known or bypass.flag or bypass.unknown:
        return
    if not any(one.may_allow("kms:PutKeyPolicy") for one in statements(key)):
        yield Violation(
            at=node, found="a policy without it", allowed="a statement that allows kms:PutKeyPolicy, or kms:*"
        )


@rule(
    "LAKE-KMS-008",
    "AWS::KinesisFirehose::DeliveryStream",
    title="A delivery's role may use the keys of its source and destination",
    fix="allow the role kms:Decrypt for the source, kms:GenerateDataKey for the destination",
    source="https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html",
)
def delivery_role(stream: Resource) -> Iterator[Violation]:
    """Firehose reads or writes nothing; records are gone when the source's retention ends."""
    source = stream.at("KinesisStreamSourceConfiguration")
    origin = source.at("KinesisStreamARN").target
    if origin is not None and origin.at("StreamEncryption.KeyId").given:
        yield from role_must_use(source.at("RoleARN"), "kms:Decrypt", origin.at("StreamEncryption.KeyId"))
    for encryption in stream.properties.every("KMSEncryptionConfig"):
        destination = encryption.path.removeprefix("Properties.").rpartition(".EncryptionConfiguration")[0]
        key = encryption.at("AWSKMSKeyARN")
        yield from role_must_use(stream.at(f"{destination}.RoleARN"), "kms:GenerateDataKey", key)


@rule(
    "LAKE-KMS-009",
    *POLICY_HOLDERS,
    title="An encryption context of S3 names the bucket as well as its objects",
    fix="allow both the ARN of the bucket and the ARN with /*, or drop the condition for kms:ViaService",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
)
def bucket_key_context(resource: Resource) -> Iterator[Violation]:
    """With bucket keys the context is the bucket: permissions for its objects alone deny at run time."""
    for statement in statements(resource):
        for _, comparisons in statement.conditions if statement.allows else ():
            for comparison in comparisons.children():
                if comparison.path.lower().endswith("kms:encryptioncontext:aws:s3:arn"):
                    # The ARN of a table bucket has a slash of its own.
                    objects = [item.rendered for item in comparison.items() if ":s3tables:" not in item.rendered]
                    if objects and all("/" in value for value in objects):
                        yield Violation(at=comparison, allowed="the ARN of the bucket beside that of its objects")


@rule(
    "LAKE-KMS-010",
    KEY,
    title="A key is used for what its kind can do",
    fix="set KeyUsage to what the KeySpec can do, or leave both out for a key that encrypts",
    source="https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
)
def key_usage(key: Resource) -> Iterator[Violation]:
    """KMS refuses the key."""
    spec, usage = key.at("KeySpec"), key.at("KeyUsage")
    if usage.present and not usage.known:
        return
    for kind, usages in _USAGES.items():
        if (spec.text or "").startswith(kind) and (usage.text or "ENCRYPT_DECRYPT") not in usages:
            yield Violation(at=usage, allowed=f"{' or '.join(usages)} for {spec.text}")


@rule(
    "LAKE-KMS-013",
    "AWS::KinesisAnalyticsV2::Application",
    title="The key of a Managed Flink application lets the service in",
    fix="allow kinesisanalytics.amazonaws.com and infrastructure.kinesisanalytics.amazonaws.com what its page lists",
    source="https://docs.aws.amazon.com/managed-flink/latest/java/manage-cmk-api.html",
)
def application(application: Resource) -> Iterator[Violation]:
    """The application is refused, or does not start: both principals must be in the key's policy."""
    key = application.at("ApplicationConfiguration.ApplicationEncryptionConfiguration.KeyId")
    yield from _must_allow(key, "kinesisanalytics.", ("kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"))
    running = ("kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt", "kms:CreateGrant")
    yield from _must_allow(key, "infrastructure.kinesisanalytics.", running)


def _must_allow(key: Node, service: str, actions: tuple[str, ...]) -> Iterator[Violation]:
    """Refuse a key of the app whose policy does not let a service use it."""
    found = key_of(key)
    if found is None or not found.at("KeyPolicy").known:
        return
    granted = [one for one in statements(found) if speaks_of(one, service)]
    missing = [action for action in actions if not any(one.may_allow(action) for one in granted)]
    if missing:
        yield Violation(
            at=key,
            found=f"{found.logical_id}, whose policy does not let {service}amazonaws.com in",
            allowed=f"a key whose policy allows it {', '.join(missing)}",
        )


def key_of(node: Node) -> Resource | None:
    target = node.target
    if target is not None and target.kind == "AWS::KMS::Alias":
        target = target.at("TargetKeyId").target
    return target if target is not None and target.kind == KEY else None


def role_must_use(role: Node, action: str, key: Node) -> Iterator[Violation]:
    """Refuse a role of the app that may not use a key, unless the key's policy speaks of it."""
    # The key that AWS manages lets in everyone of the account by whom the service is called.
    may_be_managed = key.unknown and key.target is None and key.rendered.startswith("${")
    if _MANAGED in key.rendered or may_be_managed:
        return
    found = key_of(key)
    if found is not None and found.at("KeyPolicy").unknown:
        return
    if found is None or not any(one.may_allow(action) and _may_name(one, role) for one in statements(found)):
        yield from role_must_allow(role, action)


def _may_name(statement: Statement, role: Node) -> bool:
    """Whether a statement of a key speaks of a role, or may once it is deployed."""
    target = role.target
    return target is not None and any(may_be(item, target) for item in statement.node.at("Principal.AWS").items())
