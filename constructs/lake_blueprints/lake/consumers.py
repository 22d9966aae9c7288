"""Consumers of datasets in an app: constructs and named queries, and the columns that they use."""

from __future__ import annotations

from aws_cdk import aws_athena as athena
from constructs import IConstruct

from lake_blueprints.contracts.evolution import Consumer, HasConsumers, sql_consumers
from lake_blueprints.processing.curation import CurationJob


def consumers_below(root: IConstruct) -> list[Consumer]:
    """Return every consumer that is defined below a construct."""
    constructs = root.node.find_all()
    datasets = {job.dataset.name: job.dataset for job in constructs if isinstance(job, CurationJob)}
    found: list[Consumer] = []
    for construct in constructs:
        if isinstance(construct, HasConsumers):
            found += construct.consumers()
        elif isinstance(construct, athena.CfnNamedQuery):
            name = f"query {construct.name or construct.node.path}"
            found += sql_consumers(name, construct.query_string, datasets.values())
    return found
