"""SageMaker."""

from __future__ import annotations

from local_cloud.cloudformation.resource_type import ResourceType

# moto cannot delete one.
TYPES = [ResourceType(name="AWS::SageMaker::ModelPackageGroup", delete=None)]
