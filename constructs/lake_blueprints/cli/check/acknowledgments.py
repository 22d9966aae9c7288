"""What an app acknowledges instead of changing, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from lake_blueprints.rules.assembly import ACKNOWLEDGED, StackTemplate


def listed(templates: Sequence[StackTemplate]) -> str:
    """Return the acknowledgments below their reasons, and their number beside that of the resources."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for reason, what in _acknowledgments(templates):
        by_reason[reason].append(what)
    lines = []
    for reason, found in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += [reason, *(f"  {what}" for what in sorted(found)), ""]
    count = sum(map(len, by_reason.values()))
    resources = sum(len(template.document.get("Resources", {})) for template in templates)
    words = f"{count} acknowledgment{'' if count == 1 else 's'}", f"{len(by_reason)} reasons"
    return "\n".join([*lines, f"{words[0]} on {resources} resources, for {words[1]}"]) + "\n"


def _acknowledgments(templates: Sequence[StackTemplate]) -> Iterator[tuple[str, str]]:
    for template in templates:
        for path, entries in template.metadata.items():
            for entry in entries:
                if entry["type"] == ACKNOWLEDGED:
                    for rule, reason in entry["data"].items():
                        yield reason, f"{path.removeprefix('/')}: {rule.removeprefix('Annotation::')}"
