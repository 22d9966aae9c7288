"""Configuration of applications: as a request gives it, as an update changes it, as a description shows it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

Configuration = dict[str, Any]

# https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_CheckpointConfiguration.html and its neighbours.
_CHECKPOINTS: Final = {"CheckpointingEnabled": True, "CheckpointInterval": 60_000, "MinPauseBetweenCheckpoints": 5_000}
_MONITORING: Final = {"MetricsLevel": "APPLICATION", "LogLevel": "INFO"}
_PARALLELISM: Final = {"Parallelism": 1, "ParallelismPerKPU": 1}
FLINK: Final = "FlinkApplicationConfiguration"
_PARTS: Final[dict[str, dict[str, Any]]] = {
    "CheckpointConfiguration": _CHECKPOINTS,
    "MonitoringConfiguration": _MONITORING,
    "ParallelismConfiguration": _PARALLELISM,
}
_CODE: Final = "ApplicationCodeConfiguration"
_SIMPLE: Final = (
    *("ApplicationSnapshotConfiguration", "ApplicationSystemRollbackConfiguration"),
    "ApplicationEncryptionConfiguration",
)
_SERVED: Final = frozenset({FLINK, _CODE, *_SIMPLE, "EnvironmentProperties", "VpcConfigurations"})


def unserved(given: Mapping[str, Any]) -> list[str]:
    """Return the parts of a configuration that the local cloud lacks, which are those of SQL and notebooks."""
    return sorted(set(given) - _SERVED)


def updated(configuration: Configuration, update: Mapping[str, Any]) -> Configuration:
    """Return a configuration with an `ApplicationConfigurationUpdate`."""
    changed = copy.deepcopy(configuration)
    changes = _without_suffix(update)
    if "EnvironmentProperty" in changes:
        changed["EnvironmentProperties"] = changes.pop("EnvironmentProperty")
    for network in changes.pop("VpcConfiguration", ()):
        members = {"SubnetIds": network.get("SubnetId"), "SecurityGroupIds": network.get("SecurityGroupId")}
        for one in changed.get("VpcConfigurations", ()):
            one.update({name: value for name, value in members.items() if value})
    _merge(changed, changes)
    return changed


def flink(configuration: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the checkpoints, log and parallelism of a configuration, with defaults; those of DEFAULT are fixed."""
    given = configuration.get(FLINK) or {}
    found: dict[str, dict[str, Any]] = {}
    for part, defaults in _PARTS.items():
        own = given.get(part) or {"ConfigurationType": "DEFAULT"}
        found[part] = {**defaults, **own} if own["ConfigurationType"] == "CUSTOM" else {**own, **defaults}
    parallelism = found["ParallelismConfiguration"]
    is_custom = parallelism["ConfigurationType"] == "CUSTOM"
    parallelism["AutoScalingEnabled"] = bool(parallelism.get("AutoScalingEnabled")) if is_custom else True
    return found


def properties(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the property groups, as the application finds them in its file."""
    groups: list[dict[str, Any]] = (configuration.get("EnvironmentProperties") or {}).get("PropertyGroups") or []
    return groups


def code(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the place of the code."""
    return dict(((configuration.get(_CODE) or {}).get("CodeContent") or {}).get("S3ContentLocation") or {})


def code_type(configuration: Mapping[str, Any]) -> str:
    """Return how the code is packed."""
    return str((configuration.get(_CODE) or {}).get("CodeContentType", ""))


def takes_snapshots(configuration: Mapping[str, Any]) -> bool:
    """Tell whether a stop makes a snapshot, which is the default."""
    return bool((configuration.get("ApplicationSnapshotConfiguration") or {}).get("SnapshotsEnabled", True))


def described(configuration: Mapping[str, Any], *, size: int, md5: str) -> dict[str, Any]:
    """Return an `ApplicationConfigurationDescription`; size and hash are the code's."""
    answer: dict[str, Any] = {
        "ApplicationCodeConfigurationDescription": {
            "CodeContentType": code_type(configuration),
            "CodeContentDescription": {
                "CodeMD5": md5,
                "CodeSize": size,
                "S3ApplicationCodeLocationDescription": code(configuration),
            },
        },
        f"{FLINK}Description": {f"{part}Description": value for part, value in flink(configuration).items()},
        "ApplicationSnapshotConfigurationDescription": {"SnapshotsEnabled": takes_snapshots(configuration)},
    }
    for part in _SIMPLE:
        if part in configuration:
            answer[f"{part}Description"] = configuration[part]
    if groups := properties(configuration):
        answer["EnvironmentPropertyDescriptions"] = {"PropertyGroupDescriptions": groups}
    if networks := configuration.get("VpcConfigurations"):
        answer["VpcConfigurationDescriptions"] = [
            {"VpcConfigurationId": f"{number}.1", **network} for number, network in enumerate(networks, start=1)
        ]
    parallelism = answer[f"{FLINK}Description"]["ParallelismConfigurationDescription"]
    parallelism["CurrentParallelism"] = parallelism["Parallelism"]
    return answer


def _without_suffix(given: Any) -> Any:
    """Return the members of an update by the names of what they change."""
    if isinstance(given, Mapping):
        return {
            (name.removesuffix("s").removesuffix("Update") if name.endswith(("Update", "Updates")) else name): (
                _without_suffix(value) if name != "PropertyGroups" else value
            )
            for name, value in given.items()
        }
    if isinstance(given, list):
        return [_without_suffix(one) for one in given]
    return given


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, Mapping) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = copy.deepcopy(value)
