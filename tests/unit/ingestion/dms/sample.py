"""Samples of a replication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.dms import Instance, Replication, Serverless
from template_checks.limits import dms
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample
from tests.unit.foundation.connections.sample import shop


def options(lake: Fixtures, **given: Any) -> Mapping[str, Any]:
    """Return the options of a replication in a network of its own."""
    network = LakeNetwork(lake.scope, lake.unique("Private"), encryption_key=lake.key)
    return {"source": shop(lake), "datasets": [lake.dataset], "zone": lake.raw, "network": network, **given}


SAMPLE = Sample(
    construct=Replication,
    options=options,
    # Serverless replications are not in GovCloud's resource types.
    unavailable_in=frozenset({"aws-us-gov"}),
    limits={
        "max_capacity": Limited(
            limit=dms.CAPACITY, options=lambda lake, n: options(lake, compute=Serverless(max_capacity=n))
        )
    },
)
ON_AN_INSTANCE = Sample(
    construct=Replication,
    variant="instance",
    options=lambda lake: options(lake, compute=Instance(instance_class="dms.t3.medium")),
    limits={
        "storage_gb": Limited(
            limit=dms.INSTANCE_STORAGE,
            options=lambda lake, n: options(lake, compute=Instance(instance_class="dms.t3.medium", storage_gb=n)),
        )
    },
)
