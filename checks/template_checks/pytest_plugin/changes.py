"""Comparing a synthesised app with a committed baseline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import astuple

from template_checks.pytest_plugin.assembly import Synthesised, read_assembly
from template_checks.pytest_plugin.permissions import Permission, permissions, widened
from template_checks.pytest_plugin.stateful import Resource, kept, stateful_resources

Baseline = dict[str, Any]


class TemplateChanges:
    """Find changes that lose data or widen permissions, by a baseline that is committed with the app.

    Parameters
    ----------
    accept: bool
        Whether baselines are written instead of compared; `pytest --accept-template-changes` sets it.

    Example
    -------
    With the fixture `template_changes` of the plugin that this package ships:

        >>> def test_changes_are_safe(template_changes):
        ...     template_changes.check(app.synth().directory, Path(__file__).parent / "baseline" / "prod.json")
    """

    def __init__(self, *, accept: bool = False) -> None:
        self._accept = accept

    def check(self, assembly: str | Path, baseline: str | Path) -> None:
        """Compare a cloud assembly with a baseline.

        Parameters
        ----------
        assembly: str or Path
            Folder of the cloud assembly: `app.synth().directory` or `cdk.out`.
        baseline: str or Path
            The JSON file; commit it.

        Raises
        ------
        AssertionError
            With every change that needs consent, and how to give it.
        """
        stacks, baseline = read_assembly(assembly), Path(baseline)
        if self._accept:
            baseline.parent.mkdir(parents=True, exist_ok=True)
            baseline.write_text(_text(describe(stacks)), encoding="utf-8")
            return
        if not baseline.exists():
            raise AssertionError(f"there is no baseline {baseline}; write it by 'pytest --accept-template-changes'")
        if found := compare(json.loads(baseline.read_text(encoding="utf-8")), describe(stacks)):
            raise AssertionError(
                "\n".join(
                    [
                        f"{len(found)} changes against {baseline} need consent:",
                        *(f"  {finding}" for finding in found),
                        "if they are meant, run 'pytest --accept-template-changes', and commit the baseline with them",
                    ]
                )
            )


def describe(stacks: Sequence[Synthesised]) -> Baseline:
    """Return what a baseline says of an app: its stateful resources, its permissions, its acknowledgments."""
    allowed = sorted((one for stack in stacks for one in permissions(stack)), key=str)
    return {
        "stateful": {key: value for stack in stacks for key, value in sorted(stateful_resources(stack).items())},
        "permissions": [list(astuple(one)) for one in allowed],
        "acknowledgments": sorted(
            [path, rule, reason] for stack in stacks for path, rule, reason in stack.acknowledged
        ),
    }


def _text(baseline: Baseline) -> str:
    """Return a baseline as JSON with a line for each thing that it remembers, so that diffs can be read."""
    parts = []
    for section, content in baseline.items():
        entries = (
            [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
            if isinstance(content, dict)
            else [json.dumps(entry) for entry in content]
        )
        opening, closing = "{}" if isinstance(content, dict) else "[]"
        lines = ",\n".join(f"  {entry}" for entry in entries)
        parts.append(f" {json.dumps(section)}: {opening}\n{lines}\n {closing}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def compare(before: Baseline, after: Baseline) -> list[str]:
    """Return the changes that need consent, in words."""
    old, new = ([Permission(*one) for one in baseline["permissions"]] for baseline in (before, after))
    known = {(path, rule) for path, rule, _ in before["acknowledgments"]}
    return [
        *_stateful(before["stateful"], after["stateful"]),
        *widened(old, new),
        *(
            f"new acknowledgment: {path}: {rule}: {reason}"
            for path, rule, reason in after["acknowledgments"]
            if (path, rule) not in known
        ),
    ]


def _stateful(before: dict[str, Resource], after: dict[str, Resource]) -> list[str]:
    found = []
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            fate = "is kept, but no longer part of the stack" if kept(old["deletion"]) else "is deleted with its data"
            found.append(f"lost: {name} ({old['type']}) {fate}")
        elif new["type"] != old["type"]:
            found.append(f"lost: {name} was {old['type']}, is {new['type']}")
        else:
            found += _replaced(name, old, new)
    added = [f"new: {name} ({new['type']}) holds data" for name, new in after.items() if name not in before]
    return found + added


def _replaced(name: str, old: Resource, new: Resource) -> list[str]:
    paths = sorted(old["properties"].keys() | new["properties"].keys())
    found = [
        f"replaced: {name} ({new['type']}): {path} was {_short(old['properties'].get(path))}, "
        f"is {_short(new['properties'].get(path))}; CloudFormation makes another one, without the data"
        for path in paths
        if old["properties"].get(path) != new["properties"].get(path)
    ]
    for policy in ("deletion", "replacement"):
        if kept(old[policy]) and not kept(new[policy]):
            found.append(f"unprotected: {name} ({new['type']}): {policy} policy was {old[policy]}, is {new[policy]}")
    return found


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
