"""The templates of a synthesised app, and what its constructs acknowledge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

_STACK, _ASSEMBLY, _ASSETS = "aws:cloudformation:stack", "cdk:cloud-assembly", "cdk:asset-manifest"
_NESTED = ".nested.template.json"
_ACKNOWLEDGED = "aws:cdk:acknowledged-rules"


@frozen(kw_only=True)
class Synthesised:
    """One stack.

    Parameters
    ----------
    name: str
        Its path in the app; of a nested stack, the name of its template.
    template: dict
        As CloudFormation takes it.
    acknowledged: tuple of (str, str, str)
        Construct path, rule and reason of every acknowledged finding.
    """

    name: str
    template: dict[str, Any]
    acknowledged: tuple[tuple[str, str, str], ...] = ()


def read_assembly(folder: str | Path) -> list[Synthesised]:
    """Return the stacks of a cloud assembly (`cdk.out`), those of its stages and nested stacks included.

    What an earlier synth left in the folder is not part of it: the manifest says what is.

    Raises
    ------
    ValueError
        If the folder holds no cloud assembly.
    """
    manifest = Path(folder) / "manifest.json"
    if not manifest.exists():
        raise ValueError(f"'{folder}' holds no manifest.json; give the folder that 'app.synth().directory' names")
    return sorted(_read(Path(folder)), key=lambda stack: stack.name)


def _read(folder: Path) -> Iterator[Synthesised]:
    for key, artifact in _json(folder / "manifest.json")["artifacts"].items():
        properties = artifact.get("properties", {})
        if artifact["type"] == _ASSEMBLY:
            yield from _read(folder / properties["directoryName"])
        if artifact["type"] == _ASSETS:
            yield from _nested(folder, _json(folder / properties["file"])["files"].values())
        if artifact["type"] == _STACK:
            metadata = artifact.get("metadata", {})
            if extra := artifact.get("additionalMetadataFile"):
                metadata = metadata | _json(folder / extra)
            # After the path comes the name of the stack in parentheses, if it has one of its own.
            name = artifact.get("displayName", key).split(" ")[0]
            template = _json(folder / properties["templateFile"])
            acknowledged = (*_acknowledged(metadata), *_suppressed(name, template))
            yield Synthesised(name=name, template=template, acknowledged=acknowledged)


def _nested(folder: Path, assets: Iterable[dict[str, Any]]) -> Iterator[Synthesised]:
    for asset in assets:
        file = asset["source"].get("path", "")
        if file.endswith(_NESTED):
            name, template = file.removesuffix(_NESTED), _json(folder / file)
            yield Synthesised(name=name, template=template, acknowledged=tuple(_suppressed(name, template)))


def _json(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _acknowledged(metadata: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, str, str]]:
    for path, entries in metadata.items():
        for entry in entries:
            if entry["type"] == _ACKNOWLEDGED:
                for rule, reason in entry["data"].items():
                    yield path, rule, reason


def _suppressed(stack: str, template: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what a template itself tells cdk-nag 2, cfn-nag, checkov, cfn-lint and cfn-guard to be silent about."""
    for logical_id, resource in [("", template), *template.get("Resources", {}).items()]:
        metadata, place = resource.get("Metadata", {}), f"{stack}/{logical_id}"
        for tool in ("cdk_nag", "cfn_nag"):
            for rule in metadata.get(tool, {}).get("rules_to_suppress", []):
                yield place, f"{tool}: {rule.get('id')}", str(rule.get("reason", ""))
        for rule in metadata.get("checkov", {}).get("skip", []):
            yield place, f"checkov: {rule.get('id')}", str(rule.get("comment", ""))
        for rule in metadata.get("cfn-lint", {}).get("config", {}).get("ignore_checks", []):
            yield place, f"cfn-lint: {rule}", ""
        for rule in metadata.get("guard", {}).get("SuppressedRules", []):
            yield place, f"cfn-guard: {rule}", ""
