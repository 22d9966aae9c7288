"""ItemProcessors: the program that a Map state runs for each item, and its mode."""

from __future__ import annotations

from typing import Any


def processor_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the ItemProcessor of a Map state, or the Iterator of an older definition."""
    processor: dict[str, Any] = body["ItemProcessor"] if "ItemProcessor" in body else body["Iterator"]
    return processor


def is_distributed(body: dict[str, Any]) -> bool:
    return bool(processor_of(body).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED")
