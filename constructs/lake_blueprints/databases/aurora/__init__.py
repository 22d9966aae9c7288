"""Aurora clusters, which pause while nobody uses them, and exports of them."""

from lake_blueprints.databases.aurora.aurora_cluster import AuroraCluster
from lake_blueprints.databases.aurora.cluster_export import ClusterExport
from lake_blueprints.databases.aurora.step import ExportCluster

__all__ = (
    "AuroraCluster",
    "ClusterExport",
    "ExportCluster",
)
