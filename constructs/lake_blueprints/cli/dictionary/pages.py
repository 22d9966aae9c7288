"""Writes the pages: an index and one page for each dataset, as HTML that needs nothing else, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import field, frozen
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from lake_blueprints.cli.dictionary import words
from lake_blueprints.cli.dictionary.lineage import draw, mermaid
from lake_blueprints.contracts import Column, Contract, ContractError, Dataset, Note
from lake_blueprints.contracts.dqdl import compile_ruleset
from lake_blueprints.contracts.row_rules import labelled

# What links may begin with: one with `javascript:` would run in the reader's browser.
_SCHEMES = frozenset({"http", "https", "mailto"})
# What means something to Markdown anywhere, and what does at the start of a line.
_MARKS = re.compile(r"([\\`*_\[\]<>|~&$])|^([#+-]|\d+(?=[.)]))")
# Where a long type may be broken into lines.
_PARTS = re.compile(r"(?<=[,<])(?=\D)")


@frozen(kw_only=True)
class Page:
    """A dataset, and the name of its files."""

    contract: Contract
    dataset: Dataset
    name: str
    related: tuple[tuple[str, str, str], ...] = field(default=())

    @property
    def domain(self) -> str:
        return self.dataset.governance.domain or ""

    @property
    def rules(self) -> list[tuple[str, str, str, str, str]]:
        """Return each quality rule: label, column, what it demands, what happens if it is broken, and its words."""
        return [
            (name, rule.column or "", words.demand(rule), words.consequence(rule), words.explanation(name, rule))
            for name, rule in labelled(self.dataset.quality)
        ]

    @property
    def evaluated(self) -> list[str]:
        """Return the rules as Glue evaluates them."""
        return [rule.expression for rule in self._ruleset[0]]

    @property
    def notes(self) -> list[Note]:
        """Return what is treated otherwise than the contract's author may expect."""
        return list(dict.fromkeys((*self.contract.notes, *self.dataset.notes, *self._ruleset[1])))

    @property
    def _ruleset(self) -> tuple[Sequence[Any], Sequence[Note]]:
        others = [name for name, _, _ in self.related]
        try:
            compiled = compile_ruleset(self.dataset, others=others)
        except ContractError as error:
            return (), [Note(place="quality", text=str(error), warning=True)]
        return compiled.rules, compiled.notes


def write(contracts: Sequence[Contract], folder: Path) -> list[Path]:
    """Write the dictionary; return the files."""
    pages = _pages(contracts)
    overview = {
        "pages": pages,
        "domains": _by_domain(pages),
        "placeless": [contract for contract in contracts if not contract.datasets],
    }
    texts = {f"index.{kind}": _render(f"index.{kind}", **overview) for kind in ("html", "md")}
    for page in pages:
        for kind, draws in (("html", draw), ("md", mermaid)):
            picture = draws(page.dataset, page.related)
            texts[f"datasets/{page.name}.{kind}"] = _render(f"dataset.{kind}", page=page, lineage=picture)
    (folder / "datasets").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def link(url: str | None) -> str | None:
    """Return the address if it is one that a reader may follow."""
    try:
        return url if url and urlsplit(url.strip()).scheme.lower() in _SCHEMES else None
    except ValueError:
        return None


def breakable(kind: str) -> Markup:
    """Return a type's text, which may be broken into lines between its parts."""
    return Markup("<wbr>").join(_PARTS.split(kind))


def markdown(text: object) -> str:
    """Return text as Markdown shows it, on one line."""
    return _MARKS.sub(r"\\\g<0>", " ".join(str(text).split()))


def _pages(contracts: Iterable[Contract]) -> list[Page]:
    datasets = [(contract, dataset) for contract in contracts for dataset in contract.datasets]
    names: dict[int, str] = {}
    for number, (_, dataset) in enumerate(datasets):
        taken = sum(other.name == dataset.name for _, other in datasets[:number])
        names[number] = f"{dataset.name}-{taken + 1}" if taken else dataset.name
    first = {dataset.name: names[number] for number, (_, dataset) in reversed(list(enumerate(datasets)))}
    pages = [
        Page(contract=contract, dataset=dataset, name=names[number], related=tuple(_related(dataset, first)))
        for number, (contract, dataset) in enumerate(datasets)
    ]
    return sorted(pages, key=lambda page: page.name)


def _by_domain(pages: Sequence[Page]) -> list[tuple[str, list[Page]]]:
    """Return the pages of each domain by name; those without one come last."""
    found: dict[str, list[Page]] = {}
    for page in sorted(pages, key=lambda page: (not page.domain, page.domain)):
        found.setdefault(page.domain, []).append(page)
    return list(found.items())


def _related(dataset: Dataset, pages: dict[str, str]) -> Iterable[tuple[str, str, str]]:
    for relationship in dataset.relationships:
        page = pages.get(relationship.dataset)
        yield relationship.dataset, ", ".join(relationship.columns), f"{page}.html" if page else ""


def _engines(column: Column) -> dict[str, str]:
    kind = column.type
    return {
        "Glue, Spark": kind.glue,
        "Athena": kind.athena,
        "Redshift": kind.redshift,
        "DuckDB": kind.duckdb,
        "Parquet": kind.parquet,
    }


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(f"{template}.j2").render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lake_blueprints.cli.dictionary"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(age=words.age, md=markdown, link=link, breakable=breakable)
    environment.globals.update(words=words, engines=_engines)
    return environment
