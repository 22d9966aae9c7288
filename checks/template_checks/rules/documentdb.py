"""Clusters of Amazon DocumentDB: serverless capacity, and parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import one_of, within
from template_checks.limits import documentdb as limits

_GUIDE: Final = "https://docs.aws.amazon.com/documentdb/latest/developerguide"
_AUDITED: Final = {"enabled", "disabled", "ddl", "dml_read", "dml_write", "all", "none"}


@rule(
    "LAKE-DATABASES-020",
    "AWS::DocDB::DBCluster",
    title="A serverless cluster of DocumentDB has capacity and a version for it",
    fix="set MinCapacity to 0.5 or more, up to 256 in halves, and EngineVersion to 5.0 or 8.0",
    source=f"{_GUIDE}/docdb-serverless-how-it-works.html",
)
def serverless(cluster: Resource) -> Iterator[Violation]:
    """DocumentDB refuses others: it has no pause at 0, as Aurora has."""
    scaling = cluster.at("ServerlessV2ScalingConfiguration")
    if not scaling.present:
        return
    yield from within(scaling.at("MinCapacity"), limits.MIN_CAPACITY)
    yield from within(scaling.at("MaxCapacity"), limits.MAX_CAPACITY)
    version = cluster.at("EngineVersion")
    if version.text is not None and not version.text.startswith(limits.SERVERLESS_VERSIONS):
        yield Violation(at=version, allowed=" or ".join(limits.SERVERLESS_VERSIONS))


@rule(
    "LAKE-DATABASES-021",
    "AWS::DocDB::DBClusterParameterGroup",
    title="Parameters of DocumentDB demand TLS and have values that it takes",
    fix="leave tls out or set tls1.2+, keep change streams 3600 to 604800 seconds, audit what DocumentDB names",
    source=f"{_GUIDE}/cluster_parameter_groups-list_of_parameters.html",
)
def parameters(group: Resource) -> Iterator[Violation]:
    """DocumentDB refuses other values; with tls disabled, passwords and documents are readable on their way."""
    yield from one_of(group.at("Parameters.tls"), ("enabled", "fips-140-3", "tls1.2+", "tls1.3+"))
    yield from within(group.at("Parameters.change_stream_log_retention_duration"), limits.CHANGE_STREAM_SECONDS)
    audited = group.at("Parameters.audit_logs")
    for part in (audited.text or "").split(","):
        if part and part.strip() not in _AUDITED:
            yield Violation(at=audited, allowed=", ".join(sorted(_AUDITED)))
