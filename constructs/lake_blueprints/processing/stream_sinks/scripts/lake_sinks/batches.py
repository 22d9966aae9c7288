"""Batches of a Kinesis stream, as Lambda hands them to a function and takes its answer."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lake_aggregation import user_records

from lake_sinks.dataset import Dataset, RecordError

_LOG = logging.getLogger(__name__)
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The rows of a batch, up to the first record that is none, or has one among those that a producer has aggregated.

    Parameters
    ----------
    rows: list of dict
        Values of the dataset's columns, in the order of the stream.
    failed: str, optional
        Sequence number of the first record that is no row of the dataset. By default all are. The rows that it is
        aggregated with are taken: once it is discarded, Lambda goes on behind them.
    """

    rows: list[Row]
    failed: str | None = None

    @property
    def answer(self) -> dict[str, Any]:
        """The answer to Lambda, which begins again at the record that failed.

        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
        """
        return {"batchItemFailures": [{"itemIdentifier": self.failed}] if self.failed else []}


def read_batch(event: Mapping[str, Any], dataset: Dataset) -> Batch:
    """Return the rows of an event; the log names a record that is none by its number, and says none of its values."""
    rows: list[Row] = []
    for record in event["Records"]:
        number, failed = record["kinesis"]["sequenceNumber"], False
        for data in user_records(base64.b64decode(record["kinesis"]["data"])):
            try:
                rows.append(dataset.row(_parsed(data)))
            except RecordError as error:
                _LOG.error("record %s of %s: %s", number, record["eventSourceARN"], error)
                failed = True
        if failed:
            return Batch(rows=rows, failed=number)
    return Batch(rows=rows)


def _parsed(data: bytes) -> Any:
    try:
        # A number keeps the digits that it has.
        return json.loads(data, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise RecordError("is no JSON") from None
