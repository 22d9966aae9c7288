"""CloudFormation beyond moto: resource types, intrinsic functions, rollback and retention."""

from local_cloud.cloudformation.resource_type import ResourceType

__all__ = ("ResourceType",)
