"""The CDK's own type."""

from __future__ import annotations

from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [ResourceType(name="AWS::CDK::Metadata", service="")]
