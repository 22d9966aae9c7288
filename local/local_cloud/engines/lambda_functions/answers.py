"""Answers of functions to batches: which records or messages have failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PARTIAL_FAILURES = "ReportBatchItemFailures"


def failures(answer: Any, identifiers: Sequence[str]) -> set[str]:
    """Return which of a batch failed, as the function says; all, if it says something else.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html,
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    every = set(identifiers)
    if not isinstance(answer, dict):
        return every if answer else set()
    items = answer.get("batchItemFailures") or []
    if not isinstance(items, list):
        return every
    names = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in items]
    failed = {name for name in names if isinstance(name, str)}
    return failed if len(failed) == len(set(map(str, names))) and failed <= every else every
