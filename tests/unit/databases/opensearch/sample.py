"""Samples of a collection and a domain."""

from __future__ import annotations

from aws_cdk import Size

from lake_blueprints.databases.opensearch import SearchCollection, SearchDomain
from template_checks.limits import opensearch as limits
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=SearchCollection,
    limits={
        "min_indexing_units": Limited(
            limit=limits.MIN_INDEXING_UNITS,
            options=lambda _, n: {"min_indexing_units": n, "max_indexing_units": max(n, 2)},
        ),
        "min_search_units": Limited(
            limit=limits.MIN_SEARCH_UNITS, options=lambda _, n: {"min_search_units": n, "max_search_units": max(n, 2)}
        ),
        "max_indexing_units": Limited(limit=limits.MAX_INDEXING_UNITS, options=lambda _, n: {"max_indexing_units": n}),
        "max_search_units": Limited(limit=limits.MAX_SEARCH_UNITS, options=lambda _, n: {"max_search_units": n}),
    },
)
PRIVATE = Sample(construct=SearchCollection, variant="in a network", options=lambda lake: {"network": lake.network})
DOMAIN = Sample(
    construct=SearchDomain,
    options=lambda lake: {"network": lake.network, "alarm_topic": lake.topic},
    limits={"volume_size": Limited(limit=limits.VOLUME_SIZE, options=lambda _, n: {"volume_size": Size.gibibytes(n)})},
)
