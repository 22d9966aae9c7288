"""docs/capabilities: a page for each, whose head `python -m tests.conformance.pages [CAPABILITY ...]` writes."""

from __future__ import annotations

import enum
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from local_cloud import engines
from local_cloud.cloudformation.registry import Registry
from local_cloud.cloudformation.types import all_types
from local_cloud.errors import LocalCloudError
from tests.conformance.examples import path_of
from tests.conformance.prices import UNKNOWN, idle, table
from tests.conformance.sample import parameters_of
from tests.conformance.subject import Resources, Subject, subjects
from tests.library import grants_of
from tests.permissions.discovery import roles_in
from tests.support import ROOT

PAGES = ROOT / "docs" / "capabilities"
END = "<!-- The lines above are generated: python -m tests.conformance.pages. Those below are written by hand. -->"
_ENGINES = sorted(path.name for path in Path(engines.__path__[0]).iterdir() if (path / "__init__.py").exists())
_EMPTY = f"""
{END}

## When to use it

## Decisions
"""


def page_of(capability: str) -> Path:
    return PAGES / f"{capability}.md"


def by_capability() -> Mapping[str, list[Subject]]:
    """Return the usual form of each construct, by its capability: `ingestion/kinesis`."""
    found: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects():
        if not subject.sample.variant:
            found[subject.sample.capability.replace(".", "/")].append(subject)
    return found


def head(capability: str, members: list[Subject]) -> str:
    """Return the generated lines of a page."""
    package = f"lake_blueprints.{capability.replace('/', '.')}"
    names = ", ".join(member.sample.name for member in members)
    lines = [f"# {title(package)}", "", "```python", f"from {package} import {names}", "```"]
    for member in members:
        lines += ["", *_construct(member, capability)]
    lines += ["", "## Example", "", "```python", path_of(capability).read_text().rstrip(), "```", ""]
    return "\n".join(lines)


def title(package: str) -> str:
    """Return the first words of a package's docstring."""
    module = __import__(package, fromlist=["__doc__"])
    return re.split(r"[:.]", inspect.getdoc(module) or package)[0]


def rendered(capability: str, members: list[Subject]) -> str:
    """Return a page with a current head, and what is written by hand."""
    path = page_of(capability)
    by_hand = path.read_text().partition(END)[2] if path.exists() else _EMPTY.partition(END)[2]
    return f"{head(capability, members)}\n{END}{by_hand}"


def _construct(subject: Subject, capability: str) -> Iterator[str]:
    construct = subject.sample.construct
    yield f"## {subject.sample.name}"
    yield ""
    yield _sections(construct)[""].replace("\n", " ").partition(". ")[0].rstrip(".") + "."
    resources = subject.default.below(subject.plain)
    yield from ("", "### Resources", "", *_resources(resources))
    yield from ("", "### Options", "", *options(construct))
    if subject.sample.limits:
        yield from ("", "### Limits", "", "| option | values |", "|---|---|")
        for name, limited in subject.sample.limits.items():
            yield f"| `{name}` | [{limited.limit}]({limited.limit.source}) |"
    permissions = list(_permissions(subject, capability))
    if permissions:
        yield from ("", "### Permissions", "", *permissions)


def _resources(resources: Resources) -> Iterator[str]:
    """Yield a table of the types that a construct defines by default."""
    by_type: dict[str, list[float | None]] = defaultdict(list)
    for resource in resources.values():
        by_type[resource["Type"]].append(idle(resource))
    yield "| resource type | number | idle, USD a month | local cloud |"
    yield "|---|---|---|---|"
    for kind, prices in sorted(by_type.items()):
        yield f"| `{kind}` | {len(prices)} | {_sum(prices)} | {coverage(kind)} |"
    total = _sum([price for prices in by_type.values() for price in prices])
    recorded = table()["recorded"]
    yield ""
    yield f"Idle, it costs {total} USD a month: list prices of us-east-1, recorded on {recorded} in `docs/prices.yaml`."


def _sum(prices: list[float | None]) -> str:
    known = [price for price in prices if price is not None]
    return f"{sum(known):.2f}" if len(known) == len(prices) else UNKNOWN


def coverage(kind: str) -> str:
    """Return whether the local cloud has a resource type, and the engine that works behind it."""
    try:
        Registry(all_types()).find(kind, "")
    except LocalCloudError:
        return "no"
    service = kind.split("::")[1].lower()
    engine = next((name for name in _ENGINES if service in {name.replace("_", ""), *_SERVICES.get(name, ())}), None)
    return f"yes, engine `{engine}`" if engine else "yes"


# Engines of another name than CloudFormation's service.
_SERVICES = {
    "firehose": ("kinesisfirehose",),
    "lambda_functions": ("lambda",),
    "redshift": ("redshiftserverless",),
}


def options(construct: type) -> Iterator[str]:
    yield "| option | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, (parameter, owner) in parameters_of(construct).items():
        if name in {"self", "scope", "construct_id"}:
            continue
        kind, meaning = _parameters(_sections(owner).get("Parameters", "")).get(name, ("", ""))
        yield f"| `{name}` | {kind} | {_default(parameter)} | {meaning} |"


def _default(parameter: inspect.Parameter) -> str:
    """Return a default, unless only words say it."""
    match parameter.default:
        case inspect.Parameter.empty:
            return "required"
        case enum.Enum() as member:
            return f"`{member.name}`"
        case bool() | int() | str() as value:
            return f"`{value!r}`"
    return ""


def _sections(construct: type) -> dict[str, str]:
    """Return the sections of a docstring in NumPy's style; the text before the first has no name."""
    parts = re.split(r"^(\w+)\n-+\n", inspect.getdoc(construct) or "", flags=re.MULTILINE)
    return {"": parts[0].strip(), **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _parameters(section: str) -> dict[str, tuple[str, str]]:
    found = {}
    for names, kind, text in re.findall(r"^(\w[\w, ]*): (.*)\n((?:[ ]+.*\n?)+)", section, flags=re.MULTILINE):
        for name in names.split(", "):
            found[name] = (kind.removesuffix(", optional"), " ".join(text.split()).replace("|", "\\|"))
    return found


def _permissions(subject: Subject, capability: str) -> Iterator[str]:
    """Yield what services do under the roles of a construct, and its grants."""
    _ = subject.shared
    up = "../" * (capability.count("/") + 1)
    for one in roles_in(subject.one):
        anchor = re.sub(r"[^\w-]", "", one.name.lower())
        actions = sorted({action for permission in one.allowed for action in permission.actions})
        because = ", ".join(dict.fromkeys(permission.because for permission in one.allowed))
        if one.allowed:
            yield f"- role [`{one.name}`]({up}permissions.md#{anchor}), {len(actions)} actions: {because}."
    for name in grants_of(subject.sample.construct):
        words = (inspect.getdoc(getattr(subject.sample.construct, name)) or "").split("\n\n")[0].split("\n")[0]
        yield f"- `{name}`: {words[0].lower()}{words[1:]}"


def write(*chosen: str) -> None:
    """Write the heads of pages; by default of all."""
    for capability, members in by_capability().items():
        if capability in chosen or not chosen:
            page_of(capability).parent.mkdir(parents=True, exist_ok=True)
            page_of(capability).write_text(rendered(capability, members), encoding="utf-8")


if __name__ == "__main__":
    write(*sys.argv[1:])
