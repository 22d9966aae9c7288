"""Who in an app uses which columns: curations, loads, training jobs and named queries."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import aws_athena as athena
from constructs import IConstruct

from lake_blueprints.contracts.evolution import Consumer, sql_consumers
from lake_blueprints.contracts.evolution.consumers import names_in
from lake_blueprints.etl import CurationJob
from lake_blueprints.training import TrainingJob
from lake_blueprints.warehouse import Warehouse


def consumers_below(root: IConstruct) -> list[Consumer]:
    """Return every consumer that is defined below a construct."""
    constructs = root.node.find_all()
    datasets = {job.dataset.name: job.dataset for job in constructs if isinstance(job, CurationJob)}
    found: list[Consumer] = []
    for construct in constructs:
        if isinstance(construct, CurationJob):
            found += _curation(construct)
        elif isinstance(construct, Warehouse):
            name = f"warehouse {construct.node.path}"
            found += [Consumer(name, table.dataset.name) for table in construct.tables]
        elif isinstance(construct, TrainingJob):
            name = f"training job {construct.node.path}"
            tables = [channel.table for channel in construct.channels.values() if channel.table]
            found += [Consumer(name, table.dataset.name) for table in tables]
        elif isinstance(construct, athena.CfnNamedQuery):
            name = f"query {construct.name or construct.node.path}"
            found += sql_consumers(name, construct.query_string, datasets.values())
    return found


def _curation(job: CurationJob) -> Iterator[Consumer]:
    """Return what a curation uses beyond copying: columns that its options name."""
    name, curation = f"curation of '{job.dataset.name}'", job.curation
    expressions = [curation.filter or "", *(rule.expression for rule in curation.derive.values())]
    named = {*curation.drop, *curation.drop_null_rows, *(name for join in curation.joins for name in join.on)}
    used = named.union(*map(names_in, expressions)) & set(job.dataset.column_names)
    yield Consumer(name, job.dataset.name, frozenset(used))
    for join in curation.joins:
        yield Consumer(f"{name}, which joins it", join.reference.name, frozenset((*join.on, *join.columns)))
