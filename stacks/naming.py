"""Construct ids and output names of datasets."""

from __future__ import annotations


def pascal(dataset: str) -> str:
    """Return a dataset's name as ids are written: `late_flights` as `LateFlights`."""
    return "".join(part.title() for part in dataset.split("_"))
