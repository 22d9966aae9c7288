"""OpenSearch: serverless collections and domains that search the records of a lake, and what fills them."""

from lake_blueprints.databases.opensearch.mapping import index_definition, index_template
from lake_blueprints.databases.opensearch.search_collection import CollectionKind, SearchCollection
from lake_blueprints.databases.opensearch.search_domain import SearchDomain
from lake_blueprints.databases.opensearch.search_ingestion import SearchIngestion

__all__ = (
    "CollectionKind",
    "SearchCollection",
    "SearchDomain",
    "SearchIngestion",
    "index_definition",
    "index_template",
)
