"""S3."""

from __future__ import annotations

from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, Resource, Setting
from local_cloud.cloudformation.resource_type import ResourceType

_BUCKET = {"Bucket": "{id}"}
_PUT_INVENTORY = Call("put_bucket_inventory_configuration", _BUCKET)


def _create_bucket(properties: Properties) -> Properties:
    return {"Bucket": properties["BucketName"]}


def _encryption(value: dict[str, Any]) -> dict[str, Any]:
    rules = [
        {{"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}.get(k, k): v for k, v in rule.items()}
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"Rules": rules}


def _lifecycle(value: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the rule as the API spells it.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-s3-bucket-rule.html
    """
    request: dict[str, Any] = {"Status": rule["Status"], "Filter": _lifecycle_filter(rule)}
    if "Id" in rule:
        request["ID"] = rule["Id"]
    expiration = {
        name: rule[key]
        for key, name in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if key in rule
    }
    if expiration:
        request["Expiration"] = expiration
    if "NoncurrentVersionExpirationInDays" in rule:
        request["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            request[name] = rule[name]
    transitions = [*rule.get("Transitions", []), *([rule["Transition"]] if "Transition" in rule else [])]
    if transitions:
        request["Transitions"] = [_renamed(t, TransitionInDays="Days", TransitionDate="Date") for t in transitions]
    noncurrent = rule.get("NoncurrentVersionTransitions", [])
    if noncurrent:
        request["NoncurrentVersionTransitions"] = [_renamed(t, TransitionInDays="NoncurrentDays") for t in noncurrent]
    return request


def _lifecycle_filter(rule: dict[str, Any]) -> dict[str, Any]:
    sizes = {name: rule[name] for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule}
    tags = rule.get("TagFilters", [])
    if not sizes and not tags:
        return {"Prefix": rule.get("Prefix", "")}
    return {"And": {"Prefix": rule.get("Prefix", ""), **({"Tags": tags} if tags else {}), **sizes}}


def _notification(value: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with one event per entry, as a template has it, made a list of one."""
    targets = {"LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn")}
    targets |= {"QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn")}
    targets |= {"TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn")}
    request: dict[str, Any] = {}
    for key, (name, target, arn) in targets.items():
        if key in value:
            request[name] = [_notification_entry(entry, target, arn) for entry in value[key]]
    if value.get("EventBridgeConfiguration") is not None:
        request["EventBridgeConfiguration"] = {}
    return request


def _notification_entry(entry: dict[str, Any], target: str, arn: str) -> dict[str, Any]:
    request: dict[str, Any] = {arn: entry[target], "Events": [entry["Event"]]}
    if "Filter" in entry:
        request["Filter"] = {"Key": {"FilterRules": entry["Filter"]["S3Key"]["Rules"]}}
    return request


def _inventories(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"Id": one["Id"], "InventoryConfiguration": _inventory(one)} for one in value]


def _inventory(configuration: dict[str, Any]) -> dict[str, Any]:
    destination = configuration["Destination"]
    bucket = _renamed(destination, BucketArn="Bucket", BucketAccountId="AccountId")
    request = {
        "Id": configuration["Id"],
        "IsEnabled": configuration["Enabled"],
        "IncludedObjectVersions": configuration["IncludedObjectVersions"],
        "Schedule": {"Frequency": configuration["ScheduleFrequency"]},
        "Destination": {"S3BucketDestination": bucket},
        "OptionalFields": configuration.get("OptionalFields", []),
    }
    prefix = configuration.get("Prefix")
    return {**request, "Filter": {"Prefix": prefix}} if prefix else request


def _renamed(value: dict[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(key, key): item for key, item in value.items()}


class _BucketType(ResourceType):
    def _body(self, properties: Properties) -> Properties:
        return _create_bucket(properties)

    def change(self, resource: Resource, properties: Properties) -> None:
        kept = {one["Id"] for one in properties.get("InventoryConfigurations", [])}
        gone = [one for one in resource.properties.get("InventoryConfigurations", []) if one["Id"] not in kept]
        super().change(resource, properties)
        # moto cannot delete one.
        for each in _inventories([{**one, "Enabled": False} for one in gone]):
            self._call(_PUT_INVENTORY, resource, each)


def _setting(path: str, operation: str, argument: str, **adapt: Any) -> Setting:
    return Setting(path=path, call=Call(operation, _BUCKET, argument=argument), **adapt)


TYPES = [
    _BucketType(
        name="AWS::S3::Bucket",
        # The API answers with a location.
        attributes={
            "Arn": "arn:{partition}:s3:::{id}",
            "DomainName": "{id}.s3.amazonaws.com",
            "DualStackDomainName": "{id}.s3.dualstack.{region}.amazonaws.com",
            "RegionalDomainName": "{id}.s3.{region}.amazonaws.com",
            "WebsiteURL": "http://{id}.s3-website-{region}.amazonaws.com",
        },
        physical_name=PhysicalName(path="BucketName", length=63, lower=True),
        # No access log or metric is written here, and nothing moves between storage classes.
        ignore=frozenset(
            {
                "AccelerateConfiguration",
                "AccessControl",
                "AnalyticsConfigurations",
                "IntelligentTieringConfigurations",
                "LoggingConfiguration",
                "MetricsConfigurations",
                "ObjectLockEnabled",
                "WebsiteConfiguration",
            }
        ),
        settings=(
            _setting(
                "BucketEncryption", "put_bucket_encryption", "ServerSideEncryptionConfiguration", adapt=_encryption
            ),
            _setting("VersioningConfiguration", "put_bucket_versioning", "VersioningConfiguration"),
            _setting(
                "LifecycleConfiguration",
                "put_bucket_lifecycle_configuration",
                "LifecycleConfiguration",
                adapt=_lifecycle,
            ),
            _setting("PublicAccessBlockConfiguration", "put_public_access_block", "PublicAccessBlockConfiguration"),
            _setting("OwnershipControls", "put_bucket_ownership_controls", "OwnershipControls"),
            _setting(
                "NotificationConfiguration",
                "put_bucket_notification_configuration",
                "NotificationConfiguration",
                adapt=_notification,
            ),
            _setting(
                "CorsConfiguration",
                "put_bucket_cors",
                "CORSConfiguration",
                adapt=lambda value: {"CORSRules": value["CorsRules"]},
            ),
            Setting(path="InventoryConfigurations", call=_PUT_INVENTORY, adapt=_inventories),
            _setting("Tags", "put_bucket_tagging", "Tagging", adapt=lambda tags: {"TagSet": tags}),
        ),
    ),
    ResourceType(
        name="AWS::S3::BucketPolicy",
        create=Call("put_bucket_policy"),
        update=Call("put_bucket_policy"),
        rename={"PolicyDocument": "Policy"},
    ),
]
