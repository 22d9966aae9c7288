"""Limits of Redshift, of its clusters and of Redshift Serverless."""

from __future__ import annotations

from typing import Final

from template_checks.core.limit import Limit, Span

_WORKGROUP = "AWS::RedshiftServerless::Workgroup"
_CLUSTER = "AWS::Redshift::Cluster"
_CAPACITY = "https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html"
_CREATE_WORKGROUP = "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateWorkgroup.html"
_API = "https://docs.aws.amazon.com/redshift/latest/APIReference"
_CREATE_CLUSTER = f"{_API}/API_CreateCluster.html"
_PORTS = (Span(5_431, 5_455, 1), Span(8_191, 8_215, 1))

BASE_CAPACITY = Limit(
    _WORKGROUP,
    "BaseCapacity",
    Span(4, 4),
    Span(8, 512, 8),
    Span(544, 1_024, 32),
    unit="RPUs",
    source=_CAPACITY,
)
MAX_CAPACITY = Limit(_WORKGROUP, "MaxCapacity", Span(4, 4), Span(8, 5_632, 8), unit="RPUs", source=_CAPACITY)
PORT = Limit(_WORKGROUP, "Port", *_PORTS, source=_CREATE_WORKGROUP)

NODE_TYPES: Final = (
    "ra3.large",
    "ra3.xlplus",
    "ra3.4xlarge",
    "ra3.16xlarge",
    "rg.large",
    "rg.xlarge",
    "rg.4xlarge",
    "rg.12xlarge",
)
"""Node types with managed storage, which alone have a future: https://docs.aws.amazon.com/redshift/latest/mgmt/."""
MULTI_NODE: Final = frozenset({"dc2.8xlarge", "ra3.4xlarge", "ra3.16xlarge"})
"""Node types of which a cluster has two or more."""
NODES = Limit(_CLUSTER, "NumberOfNodes", Span(1, 100, 1), unit="nodes", source=_CREATE_CLUSTER)
SNAPSHOT_DAYS = Limit(_CLUSTER, "AutomatedSnapshotRetentionPeriod", Span(1, 35, 1), unit="days", source=_CREATE_CLUSTER)
"""Of node types with managed storage, whose snapshots cannot be switched off."""
CLUSTER_PORT = Limit(_CLUSTER, "Port", *_PORTS, source=_CREATE_CLUSTER)
"""Of node types with managed storage."""
USAGE = Limit("AWS::Redshift::UsageLimit", "Amount", Span(1), source=f"{_API}/API_CreateUsageLimit.html")

MODEL_FEATURES: Final = 256
"""Most columns that a model learns from: https://docs.aws.amazon.com/redshift/latest/dg/r_create_model_usage_notes.html."""
