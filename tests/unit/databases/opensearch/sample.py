"""Samples of a collection, a domain and a pipeline."""

from __future__ import annotations

from typing import Any

from aws_cdk import Size

from lake_blueprints.databases.opensearch import SearchCollection, SearchDomain, SearchIngestion
from template_checks.limits import opensearch as limits
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample

# https://docs.amazonaws.cn/en_us/aws/latest/userguide/opensearch-service.html
_UNAVAILABLE = frozenset({"aws-cn"})

SAMPLE = Sample(
    construct=SearchCollection,
    unavailable_in=_UNAVAILABLE,
    limits={
        "min_indexing_units": Limited(
            limit=limits.MIN_INDEXING_UNITS,
            options=lambda lake, n: {"network": lake.network, "min_indexing_units": n, "max_indexing_units": max(n, 2)},
        ),
        "min_search_units": Limited(
            limit=limits.MIN_SEARCH_UNITS,
            options=lambda lake, n: {"network": lake.network, "min_search_units": n, "max_search_units": max(n, 2)},
        ),
        "max_indexing_units": Limited(
            limit=limits.MAX_INDEXING_UNITS, options=lambda lake, n: {"network": lake.network, "max_indexing_units": n}
        ),
        "max_search_units": Limited(
            limit=limits.MAX_SEARCH_UNITS, options=lambda lake, n: {"network": lake.network, "max_search_units": n}
        ),
    },
)
PRIVATE = Sample(
    construct=SearchCollection,
    variant="in a network",
    unavailable_in=_UNAVAILABLE,
    options=lambda lake: {"network": lake.network},
)
DOMAIN = Sample(
    construct=SearchDomain,
    options=lambda lake: {
        "administrator": lake.role(lake.unique("Administrator")),
        "network": lake.network,
        "alarm_topic": lake.topic,
    },
    limits={"volume_size": Limited(limit=limits.VOLUME_SIZE, options=lambda _, n: {"volume_size": Size.gibibytes(n)})},
)


def ingesting(lake: Fixtures, **options: Any) -> dict[str, Any]:
    """Return options of a pipeline into a new collection."""
    search = SearchCollection(lake.scope, lake.unique("Search"), encryption_key=lake.key)
    return {"source": lake.stream.stream, "target": search, "dataset": lake.dataset, "zone": lake.raw, **options}


INGESTION = Sample(
    construct=SearchIngestion,
    unavailable_in=_UNAVAILABLE,
    options=lambda lake: ingesting(lake, alarm_topic=lake.topic),
    limits={
        "min_units": Limited(
            limit=limits.MIN_INGESTION_UNITS, options=lambda lake, n: ingesting(lake, min_units=n, max_units=max(n, 2))
        ),
        "max_units": Limited(limit=limits.MAX_INGESTION_UNITS, options=lambda lake, n: ingesting(lake, max_units=n)),
    },
)
PRIVATE_INGESTION = Sample(
    construct=SearchIngestion,
    variant="into a network",
    unavailable_in=_UNAVAILABLE,
    options=lambda lake: ingesting(
        lake,
        target=SearchCollection(lake.scope, lake.unique("Private"), encryption_key=lake.key, network=lake.network),
    ),
)
DOMAIN_INGESTION = Sample(
    construct=SearchIngestion,
    variant="into a domain",
    unavailable_in=_UNAVAILABLE,
    options=lambda lake: ingesting(
        lake,
        target=SearchDomain(
            lake.scope,
            lake.unique("Domain"),
            administrator=lake.role(lake.unique("Administrator")),
            network=lake.network,
            encryption_key=lake.key,
        ),
    ),
)
