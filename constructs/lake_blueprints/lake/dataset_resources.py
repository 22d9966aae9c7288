"""Resources of a dataset of a lake: tables, delivery stream, jobs, ruleset."""

from __future__ import annotations

from dataclasses import dataclass, field

from lake_blueprints.analytics.quality import QualityRuleset
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import Dataset
from lake_blueprints.ingestion.dms import Replication
from lake_blueprints.ingestion.firehose import DeliveryStream
from lake_blueprints.processing.curation import CurationJob
from lake_blueprints.processing.index_load import IndexLoadJob
from lake_blueprints.processing.item_load import ItemLoadJob
from lake_blueprints.storage.s3 import Zone


@dataclass(kw_only=True)
class DatasetResources:
    """Resources of one dataset.

    Parameters
    ----------
    dataset: Dataset
        The dataset.
    raw: Zone
        Zone of its records as they came.
    table: IcebergTable
        The curated table.
    masked: IcebergTable, optional
        Masked copy of the curated table. By default there is none: no column is restricted.
    job: CurationJob
        Job that curates the records.
    delivery: DeliveryStream, optional
        Delivery stream that takes the records. By default there is none: files are uploaded.
    replication: Replication, optional
        Replication that brings the records from a database. By default there is none.
    ruleset: QualityRuleset, optional
        Ruleset of the contract's quality rules. By default there is none.
    loads: list of ItemLoadJob and IndexLoadJob
        Jobs that load what applications read. By default none.
    """

    dataset: Dataset
    raw: Zone
    table: IcebergTable
    masked: IcebergTable | None = None
    job: CurationJob
    delivery: DeliveryStream | None = None
    replication: Replication | None = None
    ruleset: QualityRuleset | None = None
    loads: list[ItemLoadJob | IndexLoadJob] = field(default_factory=list)

    @property
    def unrestricted(self) -> IcebergTable:
        """The table for all readers: the curated one, or its masked copy where columns are restricted."""
        return self.masked or self.table
