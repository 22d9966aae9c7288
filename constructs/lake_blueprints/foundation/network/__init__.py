"""Network: the lake's VPC."""

from lake_blueprints.foundation.network.lake_network import LakeNetwork

__all__ = ("LakeNetwork",)
