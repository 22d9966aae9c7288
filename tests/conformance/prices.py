"""Idle costs of resources, by docs/prices.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from tests.support import ROOT

UNKNOWN = "unknown"


@cache
def table() -> Mapping[str, Any]:
    """Return the price table."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "prices.yaml").read_text())
    return found


def idle(resource: Mapping[str, Any]) -> float | None:
    """Return the price of a month in which nobody uses a resource, in USD; None if the table does not know."""
    kind, properties = resource["Type"], resource.get("Properties", {})
    if kind in table()["free"]:
        return 0.0
    if kind not in table()["billing"]:
        return None
    price = table()["billing"][kind]
    if any(properties.get(name) != value for name, value in price.get("when", {}).items()):
        return 0.0
    monthly = price["month"] if "month" in price else price["hour"] * table()["hours_per_month"]
    monthly += sum(more for name, more in price.get("more", {}).items() if name in properties)
    count = len(properties[price["per"]]) if "per" in price else 1
    return float(monthly * count)
