"""Aurora clusters, which pause while nobody uses them."""

from lake_blueprints.databases.aurora.aurora_cluster import AuroraCluster

__all__ = ("AuroraCluster",)
