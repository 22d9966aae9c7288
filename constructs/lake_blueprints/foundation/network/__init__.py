"""Network."""

from lake_blueprints.foundation.network.lake_network import LakeNetwork

__all__ = ("LakeNetwork",)
