"""Network: the lake's VPC, and the endpoints that lead out of it."""

from lake_blueprints.foundation.network.lake_network import LakeNetwork
from lake_blueprints.foundation.network.vpc_endpoints import VpcEndpoints

__all__ = (
    "LakeNetwork",
    "VpcEndpoints",
)
