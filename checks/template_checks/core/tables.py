"""Tables of AWS's names, loaded on first use: actions and resources of IAM, operations and models, metrics."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _table(name: str) -> dict[str, Any]:
    return dict(json.loads((files("template_checks.core") / "data" / name).read_text()))


def is_service(prefix: str) -> bool:
    """Whether IAM has actions of a service."""
    return prefix in _table("iam.json")["services"]


def actions(prefix: str) -> dict[str, list[str]]:
    """Return the actions of a service in lower case with the resources that each takes; empty if they are not kept."""
    return dict(_table("iam.json").get(prefix, {}).get("actions", {}))


def resource_arns(prefix: str) -> dict[str, str]:
    """Return the ARNs of the resources of a service, with `${Holes}`."""
    return dict(_table("iam.json").get(prefix, {}).get("arns", {}))


def condition_keys(prefix: str) -> list[str] | None:
    """Return the condition keys of a service in lower case; None if they are not kept."""
    service = _table("iam.json").get(prefix)
    return service["keys"] if isinstance(service, dict) else None


def is_sdk_service(name: str) -> bool:
    """Whether Step Functions can call a service by this name."""
    return name in _table("api.json")["services"]


def operations(name: str) -> list[str] | None:
    """Return the operations of a service, as Step Functions calls them; None if they are not kept."""
    found: list[str] | None = _table("api.json")["operations"].get(name)
    return found


def model_limits(kind: str) -> dict[str, dict[str, Any]]:
    """Return what a service demands of the properties of a type, by path with `*` for the elements of lists."""
    return dict(_table("models.json").get(kind, {}))


@cache
def members(service: str, operation: str) -> dict[str, tuple[str, bool]] | None:
    """Return by their names in lower case the members of a request, and whether each is required; None if not kept.

    The SDK that Step Functions calls by spells some in other cases than the API.
    """
    written: str | None = _table("members.json").get(service, {}).get(operation)
    if written is None:
        return None
    names = [(one.rstrip("*"), one.endswith("*")) for one in written.split()]
    return {name.lower(): (name[:1].upper() + name[1:], is_required) for name, is_required in names}


@dataclass(frozen=True, kw_only=True)
class MetricGroup:
    """Metrics of a namespace that are published with the same dimensions.

    Parameters
    ----------
    metrics: tuple of str
        Their names, `*` for any part.
    dimensions: tuple of sets of str
        Each set of names that AWS publishes them with.
    also: set of str
        Names that may stand beside a set.
    """

    metrics: tuple[str, ...]
    dimensions: tuple[frozenset[str], ...]
    also: frozenset[str]

    def has(self, metric: str) -> bool:
        return any(fnmatchcase(metric, pattern) for pattern in self.metrics)

    def published_with(self, names: frozenset[str]) -> bool:
        return any(needed <= names <= needed | self.also for needed in self.dimensions)


def metric_namespaces() -> frozenset[str]:
    """Return the namespaces of AWS's metrics that are known."""
    return frozenset(_table("metrics.json")["namespaces"])


def intended_namespace(name: str) -> str | None:
    """Return the namespace that a name of no namespace is taken for, such as that of the service."""
    found: str | None = _table("metrics.json")["aliases"].get(name)
    return found


@cache
def metric_groups(namespace: str) -> tuple[MetricGroup, ...]:
    """Return every metric of a namespace by its dimensions; empty if they are not all kept."""
    return tuple(
        MetricGroup(
            metrics=tuple(group["metrics"]),
            dimensions=tuple(map(frozenset, group["dimensions"])),
            also=frozenset(group.get("also", ())),
        )
        for group in _table("metrics.json")["groups"].get(namespace, ())
    )


def metric_names(namespace: str) -> list[str]:
    """Return metrics of a namespace to which AWS adds others; empty if none are kept."""
    return list(_table("metrics.json")["metrics"].get(namespace, ()))
