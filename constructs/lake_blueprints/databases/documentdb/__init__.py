"""Amazon DocumentDB: clusters of documents that clients of MongoDB use."""

from lake_blueprints.databases.documentdb.document_cluster import DocumentCluster

__all__ = ("DocumentCluster",)
