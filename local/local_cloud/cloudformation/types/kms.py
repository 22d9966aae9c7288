"""KMS."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call, Setting
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::KMS::Key",
        update=Call("put_key_policy", {"KeyId": "{id}", "PolicyName": "default"}),
        delete=Call("schedule_key_deletion", {"KeyId": "{id}"}),
        # Not create-only in the schema: CloudFormation refuses such an update, where the local cloud makes another key.
        immutable=frozenset({"KeySpec", "KeyUsage", "MultiRegion"}),
        ignore=frozenset({"Enabled", "PendingWindowInDays", "RotationPeriodInDays"}),
        settings=(
            Setting(
                path="EnableKeyRotation",
                call=Call("enable_key_rotation", {"KeyId": "{id}"}),
                adapt=lambda enabled: [{}] if str(enabled).lower() == "true" else [],
            ),
        ),
    ),
    ResourceType(name="AWS::KMS::Alias"),
]
