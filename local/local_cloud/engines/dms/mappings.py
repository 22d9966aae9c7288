"""Table mappings and settings of a replication, as far as they are followed here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local_cloud.server.services import ServiceError


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Rules that select tables."""

    rules: tuple[tuple[str, str, str], ...]

    def includes(self, schema: str, table: str) -> bool:
        """Tell whether a table is selected: included or named, and not excluded."""
        found = {
            action
            for action, schemas, tables in self.rules
            if _matches(action, schema, schemas) and _matches(action, table, tables)
        }
        return "exclude" not in found and bool(found & {"include", "explicit"})


def _matches(action: str, name: str, pattern: str) -> bool:
    if action == "explicit":
        return name == pattern
    # DMS's wildcards are those of SQL.
    escaped = pattern.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    return fnmatchcase(name, escaped.replace("%", "*").replace("_", "?"))


def selection(text: str) -> Selection:
    """Return the selection of table mappings.

    Raises
    ------
    ServiceError
        If there is no rule, or one that nothing here follows.
    """
    rules = []
    for rule in _document("TableMappings", text).get("rules", []):
        if rule.get("rule-type") != "selection":
            raise ServiceError(
                "InvalidParameterValueException",
                f"the local cloud follows selection rules only, and rule {rule.get('rule-name')} is a "
                f"{rule.get('rule-type')}",
            )
        if rule.get("filters") or rule.get("load-order"):
            raise ServiceError(
                "InvalidParameterValueException", "the local cloud follows no filters and load orders of rules"
            )
        locator = rule["object-locator"]
        rules.append((rule["rule-action"], locator["schema-name"], locator["table-name"]))
    if not rules:
        raise ServiceError("InvalidParameterValueException", "TableMappings must have at least one selection rule")
    return Selection(rules=tuple(rules))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that the replication follows."""

    lob_max_kb: int
    logs: bool


def settings(text: str | None) -> Settings:
    """Return the settings of a replication.

    Raises
    ------
    ServiceError
        If they delete files of the target, or ask for what nothing here does.
    """
    given = _document("ReplicationSettings", text or "{}")
    load, target = given.get("FullLoadSettings") or {}, given.get("TargetMetadata") or {}
    if (mode := load.get("TargetTablePrepMode", "DROP_AND_CREATE")) != "DO_NOTHING":
        raise _refused(f"deletes no files of the target: set TargetTablePrepMode to DO_NOTHING, not {mode}")
    handled = given.get("ChangeProcessingDdlHandlingPolicy") or {}
    for name in ("HandleSourceTableTruncated", "HandleSourceTableDropped"):
        if handled.get(name, True):
            raise _refused(f"deletes no files of the target: set {name} to false")
    if target.get("FullLobMode") or target.get("BatchApplyEnabled"):
        raise _refused("has no full LOB mode and no batch apply, and DMS has none for S3")
    for name in ("ValidationSettings", "TTSettings"):
        if any(value is True for value in (given.get(name) or {}).values()):
            raise _refused(f"does not follow {name}")
    return Settings(
        lob_max_kb=int(target.get("LobMaxSize") or 32), logs=bool((given.get("Logging") or {}).get("EnableLogging"))
    )


def _refused(what: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", f"the local cloud {what}")


def _document(name: str, text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ServiceError("InvalidParameterValueException", f"{name} is no object in JSON")
    return found
