"""The templates of a synthesised app, as files in its cloud assembly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from template_checks.core.depth import TOO_DEEP, refuse_deep

_HASH = re.compile(r"[0-9a-f]{64}")
ACKNOWLEDGED = "aws:cdk:acknowledged-rules"
_BRACKETS = str.maketrans("", "", "{}<>$")


@dataclass(frozen=True, kw_only=True)
class StackTemplate:
    """A template of an app.

    Parameters
    ----------
    name: str
        The stack's name, by which other stacks refer to it; of a nested stack, its file's.
    path: Path
        The file.
    document: dict
        What it says.
    metadata: mapping
        What the CDK noted about its constructs, by path.
    region: str, optional
        Where the stack is deployed, if the app says so.
    """

    name: str
    path: Path
    document: dict[str, Any]
    metadata: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    region: str | None = None

    def construct_path(self, logical_id: str) -> str:
        """Return the path of the construct that a resource is from; empty if the assembly does not tell."""
        resource = self.document.get("Resources", {}).get(logical_id, {})
        return str(resource.get("Metadata", {}).get("aws:cdk:path") or self._paths.get(logical_id, ""))

    def acknowledgment(self, rule_id: str, construct_path: str) -> str | None:
        """Return the reason with which a rule is acknowledged at a construct or above it in its stack.

        The id may have the namespace of a plugin; the CDK files ids without one under annotations.
        """
        pieces = construct_path.split("/")
        for length in range(len(pieces), 0, -1):
            for entry in self.metadata.get("/" + "/".join(pieces[:length]), []):
                if entry["type"] == ACKNOWLEDGED and (reason := acknowledged(entry["data"], rule_id)) is not None:
                    return reason
        return None

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {
            str(entry["data"]): path.removeprefix("/")
            for path, entries in self.metadata.items()
            for entry in entries
            if entry["type"] == "aws:cdk:logicalId"
        }


def acknowledged(data: Mapping[str, str], rule_id: str) -> str | None:
    """Return the reason for a rule in what a construct acknowledges."""
    for key, reason in data.items():
        if _comparable(rule_id) in {_comparable(key), _comparable(key.partition("::")[2])}:
            return reason
    return None


def _comparable(rule_id: str) -> str:
    """Return an id without brackets: cdk-nag writes a reference inside one in several ways."""
    return rule_id.translate(_BRACKETS)


def read_assembly(folder: Path) -> list[StackTemplate]:
    """Return the templates of an assembly, with those of its stages and nested stacks."""
    found: list[StackTemplate] = []
    for stack in _stacks(folder):
        found += [stack, *_nested(stack)]
    return found


def _stacks(folder: Path) -> Iterator[StackTemplate]:
    for artifact_id, artifact in _read(folder / "manifest.json").get("artifacts", {}).items():
        properties = artifact.get("properties", {})
        if artifact.get("type") == "aws:cloudformation:stack":
            path = folder / properties["templateFile"]
            notes = artifact.get("additionalMetadataFile")
            yield StackTemplate(
                name=properties.get("stackName", artifact_id),
                path=path,
                document=_read(path),
                metadata=_read(folder / notes) if notes else artifact.get("metadata", {}),
                region=_region(artifact.get("environment", "")),
            )
        elif artifact.get("type") == "cdk:cloud-assembly":
            yield from _stacks(folder / properties["directoryName"])


def _nested(parent: StackTemplate) -> Iterator[StackTemplate]:
    """Yield the nested stacks of a stack, which names their templates by the hashes of assets."""
    assets = _template_assets(parent.path.parent)
    for resource in parent.document.get("Resources", {}).values():
        if resource.get("Type") == "AWS::CloudFormation::Stack":
            for asset in _HASH.findall(json.dumps(resource.get("Properties", {}).get("TemplateURL"))):
                if path := assets.get(asset):
                    nested = StackTemplate(
                        name=path.name,
                        path=path,
                        document=_read(path),
                        metadata=parent.metadata,
                        region=parent.region,
                    )
                    yield from (nested, *_nested(nested))


def _region(environment: str) -> str | None:
    """Return the Region of `aws://account/region`."""
    region = environment.rpartition("/")[2]
    return region if region and not region.startswith("unknown") else None


def _template_assets(folder: Path) -> dict[str, Path]:
    return {
        asset: folder / file["source"]["path"]
        for manifest in folder.glob("*.assets.json")
        for asset, file in _read(manifest).get("files", {}).items()
        if str(file.get("source", {}).get("path", "")).endswith(".nested.template.json")
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        document = dict(json.loads(path.read_text()))
        refuse_deep(document)
    except (ValueError, RecursionError) as error:
        reason = TOO_DEEP if isinstance(error, RecursionError) else error
        raise ValueError(f"{path.name}: {reason}") from None
    return document
