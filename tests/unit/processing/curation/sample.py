"""Samples of a curation job."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration
from constructs import Construct

from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset, Masking
from lake_blueprints.foundation.encryption import HashSalt
from lake_blueprints.processing.curation import CurationJob, Worker
from template_checks.limits import glue
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample

PEOPLE = Dataset(
    name="people",
    columns=[
        Column(name="id", type="int", classification="restricted", masking=Masking.HASH),
        Column(name="city", type="string"),
    ],
    primary_key=["id"],
)

SAMPLE = Sample(
    construct=CurationJob,
    options=lambda lake: {"dataset": lake.dataset, "source": lake.raw, "target": lake.iceberg_table},
    limits={
        "timeout": Limited(limit=glue.JOB_TIMEOUT, options=lambda _, n: {"timeout": Duration.minutes(n)}),
        "max_retries": Limited(limit=glue.JOB_RETRIES, options=lambda _, n: {"max_retries": n}),
        "Worker.count": Limited(limit=glue.WORKERS, options=lambda _, n: {"worker": Worker(count=n)}),
    },
)


def masking(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> CurationJob:
    # Tables of its own, since two jobs write to none.
    plain: Any = {"compaction": None, "snapshot_retention": None, "orphan_file_deletion": None}
    plain["prefix"] = f"{scope.node.path}/{name}/".lower()
    target = Database(scope, f"{name}Database", zone=lake.curated).add_iceberg_table(PEOPLE, **plain)
    masked = Database(scope, f"{name}Copies", zone=lake.analytics).add_iceberg_table(PEOPLE.masked(), **plain)
    # The job's removal policy is about its logs; a salt is retained, as what it has hashed is.
    salt = HashSalt(scope, f"{name}Salt", encryption_key=lake.key)
    given = {"dataset": PEOPLE, "source": lake.raw, "target": target, "masked": masked, "salt": salt, **options}
    return CurationJob(scope, name, **given)


MASKED = Sample(construct=CurationJob, variant="masked", build=masking)
