"""Index loads: Glue jobs that write curated tables into OpenSearch."""

from lake_blueprints.processing.index_load.index_load_job import IndexLoadJob
from lake_blueprints.processing.index_load.step import LoadIndex

__all__ = (
    "IndexLoadJob",
    "LoadIndex",
)
