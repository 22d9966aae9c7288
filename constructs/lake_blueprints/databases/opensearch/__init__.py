"""OpenSearch: serverless collections and domains that search the records of a lake."""

from lake_blueprints.databases.opensearch.mapping import index_definition, index_template
from lake_blueprints.databases.opensearch.search_collection import CollectionKind, SearchCollection
from lake_blueprints.databases.opensearch.search_domain import SearchDomain

__all__ = (
    "CollectionKind",
    "SearchCollection",
    "SearchDomain",
    "index_definition",
    "index_template",
)
