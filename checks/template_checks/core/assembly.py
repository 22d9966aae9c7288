"""The templates of a synthesised app, as files in its cloud assembly.

Above 200 lines: every form in which templates lie on disk, with its problems.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from template_checks.core.depth import TOO_DEEP, refuse_deep
from template_checks.core.well_formed import well_formed

_HASH = re.compile(r"[0-9a-f]{64}")
ACKNOWLEDGED = "aws:cdk:acknowledged-rules"
_BRACKETS = str.maketrans("", "", "{}<>$")
_NESTED = "AWS::CloudFormation::Stack"


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
        What it says, in the shape that rules rely on; see `well_formed`.
    metadata: mapping
        What the CDK noted about its constructs, by path.
    region: str, optional
        Where the stack is deployed, if the app says so.
    written: dict, optional
        The document as the file has it. By default the same.
    unread: tuple of str
        What of it no rule could read.
    """

    name: str
    path: Path
    document: dict[str, Any]
    metadata: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    region: str | None = None
    written: dict[str, Any] | None = None
    unread: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The document as the file has it, as JSON."""
        return json.dumps(self.document if self.written is None else self.written, default=str)

    def construct_path(self, logical_id: str) -> str:
        """Return the path of the construct that a resource is from; empty if the assembly does not tell."""
        resource = (self.document.get("Resources") or {}).get(logical_id, {})
        return str((resource.get("Metadata") or {}).get("aws:cdk:path") or self._paths.get(logical_id, ""))

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
    """Return the templates of an assembly, with those of its stages and nested stacks.

    Raises
    ------
    ValueError
        If something of it cannot be read.
    """
    assembly = Assembly(folder)
    if assembly.problems:
        raise ValueError(assembly.problems[0])
    return assembly.templates


def template_in(document: Any, **place: Any) -> StackTemplate:
    """Return a template, given what its file says; see `StackTemplate`.

    Raises
    ------
    ValueError
        If it is no object, or is nested too deep.
    """
    if not isinstance(document, dict):
        raise ValueError(f"is {_kind(document)}; a template is an object with Resources")
    refuse_deep(document)
    shaped, unread = well_formed(document)
    return StackTemplate(document=shaped, written=document, unread=tuple(unread), **place)


class Assembly:
    """An assembly as far as it can be read.

    Parameters
    ----------
    folder: Path
        The folder with its `manifest.json`.
    parse: callable, optional
        What reads a file, and raises an OSError or a ValueError where it cannot. By default one that reads JSON.

    Defines
    -------
    The templates, as `templates`, and what cannot be read, in a line each, as `problems`.
    """

    def __init__(self, folder: Path, *, parse: Callable[[Path], Any] | None = None) -> None:
        self._parse = parse or parsed_json
        self.problems: list[str] = []
        self.templates: list[StackTemplate] = []
        self._read_folder(folder)

    def _read_folder(self, folder: Path) -> None:
        manifest = self._json(folder / "manifest.json")
        artifacts = manifest.get("artifacts") if isinstance(manifest, dict) else None
        if manifest is not None and not isinstance(artifacts, dict):
            self.problems.append("manifest.json: has no artifacts, which are an object")
        for artifact_id, artifact in artifacts.items() if isinstance(artifacts, dict) else ():
            if isinstance(artifact, dict):
                self._read_artifact(folder, artifact_id, artifact)

    def _read_artifact(self, folder: Path, artifact_id: str, artifact: Mapping[str, Any]) -> None:
        properties = artifact.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        if artifact.get("type") == "cdk:cloud-assembly":
            self._read_folder(folder / str(properties.get("directoryName", artifact_id)))
        if artifact.get("type") != "aws:cloudformation:stack":
            return
        if not isinstance(file := properties.get("templateFile"), str):
            self.problems.append(f"manifest.json: the stack {artifact_id} has no templateFile")
            return
        notes = artifact.get("additionalMetadataFile")
        metadata = self._json(folder / str(notes)) if notes else artifact.get("metadata")
        name = str(properties.get("stackName", artifact_id))
        # The same stack in two Regions.
        taken = any(one.name == name for one in self.templates)
        self._add(
            folder / file,
            name=f"{name} ({artifact_id})" if taken else name,
            metadata=_entries(metadata),
            region=_region(str(artifact.get("environment", ""))),
        )

    def _add(self, path: Path, *, within: tuple[Path, ...] = (), **place: Any) -> None:
        """Read a template, and the nested ones, which it names by the hashes of assets."""
        try:
            template = template_in(self._parse(path), path=path, **place)
        except (OSError, ValueError) as error:
            self.problems.append(f"{path.name}: {_reason(error)}")
            return
        self.templates.append(template)
        unread: list[str] = []
        assets = self._template_assets(path.parent)
        for logical_id, resource in template.document["Resources"].items():
            if resource["Type"] != _NESTED:
                continue
            url = json.dumps((resource.get("Properties") or {}).get("TemplateURL"))
            nested = next((assets[asset] for asset in _HASH.findall(url) if asset in assets), None)
            if nested is None:
                unread.append(f"{logical_id}: the template of the nested stack, which is not in the app")
            elif nested in (*within, path):
                self.problems.append(f"{path.name}: the nested stack {logical_id} is one that it is in itself")
            else:
                self._add(nested, within=(*within, path), **{**place, "name": nested.name})
        if unread:
            index = self.templates.index(template)
            self.templates[index] = replace(template, unread=(*template.unread, *unread))

    def _template_assets(self, folder: Path) -> dict[str, Path]:
        found = {}
        for manifest in folder.glob("*.assets.json"):
            document = self._json(manifest)
            files = document.get("files") if isinstance(document, dict) else None
            for asset, file in files.items() if isinstance(files, dict) else ():
                source = file.get("source") if isinstance(file, dict) else None
                path = str(source.get("path", "")) if isinstance(source, dict) else ""
                if path.endswith(".nested.template.json"):
                    found[str(asset)] = folder / path
        return found

    def _json(self, path: Path) -> Any:
        try:
            return self._parse(path)
        except (OSError, ValueError) as error:
            problem = f"{path.name}: {_reason(error)}"
            if problem not in self.problems:
                self.problems.append(problem)
            return None


def parsed_json(path: Path) -> Any:
    """Return what a file with JSON says; with a byte order mark or without.

    Raises
    ------
    ValueError
        If it is no JSON, or too deep to be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return "cannot be read: " + (error.strerror or str(error)).lower()
    return "is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _kind(document: Any) -> str:
    return "empty" if document is None else f"a {type(document).__name__}"


def _entries(metadata: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the notes of the CDK, without what is none."""
    found = metadata.items() if isinstance(metadata, dict) else ()
    return {
        path: [one for one in entries if isinstance(one, dict) and "type" in one]
        for path, entries in found
        if isinstance(entries, list)
    }


def _region(environment: str) -> str | None:
    """Return the Region of `aws://account/region`."""
    region = environment.rpartition("/")[2]
    return region if region and not region.startswith("unknown") else None
