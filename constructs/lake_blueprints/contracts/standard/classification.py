"""Classification of objects and properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from lake_blueprints.contracts.classification import Classifications, Verdict, not_known
from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.dataset import inherited
from lake_blueprints.contracts.masking import Masking
from lake_blueprints.contracts.standard.elements import Element, one_line, tags
from lake_blueprints.contracts.standard.report import Report

_MOST_NAMED = 5


@frozen
class _Statement:
    """A label, and where it was found if it is not the classification itself."""

    label: str
    source: str | None = None


def read_classification(
    prop: Element,
    inner: Sequence[tuple[Element, str]],
    place: str,
    report: Report,
    *,
    masking: Masking,
    judge: Classifications,
) -> str | None:
    """Return the strictest of what is said about a property and the parts inside it; None if nothing is said.

    Parameters
    ----------
    prop: mapping
        The property.
    inner: sequence of (mapping, str)
        The properties inside it, with their places.
    place: str
        Of the property.
    report: Report
        Receives what its author may not expect.
    masking: Masking
        Where it is none, whatever the classification says restricts nothing, so that nothing is reported.
    judge: Classifications
        How classifications and tags are judged.
    """
    own = _strictest(_statements(prop, judge), judge)
    part = _strictest((found for child, _ in inner for found in _statements(child, judge)), judge)
    whole = part is None or (own is not None and judge.strictness(own.label) >= judge.strictness(part.label))
    found = own if whole or part is None or judge.verdict(part.label) is Verdict.HARMLESS else part
    if found is None or masking is Masking.NONE:
        return found.label if found else None
    verdict = judge.verdict(found.label)
    if verdict is Verdict.UNKNOWN:
        report.warn(f"{place}.classification", not_known(found.label, str(prop["name"]), judge))
    elif found is part:
        report.warn(place, f"the whole column '{prop['name']}' is {found.label}, since a part of it is")
    elif found.source and verdict is Verdict.RESTRICTED:
        report.warn(place, f"'{prop['name']}' is restricted, since {found.source} says so")
    return found.label


def read_object_classification(document: Mapping[str, Any], item: Element, judge: Classifications) -> str | None:
    """Return what an object's custom properties say about who may see it, else what the contract's do."""
    for element in (item, document):
        if found := _strictest(_custom(element, judge), judge):
            return one_line(found.label)
    return None


def classified_as_object(
    columns: Sequence[Column], classification: str | None, labels: Iterable[str], place: str, report: Report
) -> Sequence[Column]:
    """Return the columns, of which those that say nothing about who may see them are as their object is.

    A tag of the object or of the contract tells what is in there somewhere: it restricts only where no column says
    that it is meant.
    """
    judge = columns[0].classifications
    label = classification if judge.restricts(classification) else None
    if classification and judge.verdict(classification) is Verdict.UNKNOWN:
        report.warn(place, not_known(classification, "every column without its own", judge))
    source = "custom property"
    if label is None and not any(column.restricted for column in columns):
        label, source = next((tag for tag in labels if judge.verdict(tag) is Verdict.RESTRICTED), None), "tag"
    if label is None:
        return columns
    silent = [column.name for column in columns if not column.classified]
    if any(column.masking is not Masking.NONE for column in columns if not column.classified):
        more = f" and {len(silent) - _MOST_NAMED} more" if len(silent) > _MOST_NAMED else ""
        names = ", ".join(silent[:_MOST_NAMED]) + more
        report.warn(
            place, f"the {source} '{label}' of the object restricts the columns that say nothing themselves: {names}"
        )
    return tuple(inherited(columns, label))


def _strictest(statements: Iterable[_Statement], judge: Classifications) -> _Statement | None:
    return max(statements, key=lambda found: judge.strictness(found.label), default=None)


def _statements(prop: Element, judge: Classifications) -> Iterator[_Statement]:
    """Yield what is said about who may see a property, its classification first."""
    said = False
    for found in _of_property(prop, judge):
        said = True
        yield found
    # A value of which there is an encrypted twin is one that few may see.
    if prop.get("encryptedName") and not said:
        yield _Statement("restricted", f"its encryptedName '{prop['encryptedName']}'")


def _of_property(prop: Element, judge: Classifications) -> Iterator[_Statement]:
    if classification := one_line(prop.get("classification")):
        yield _Statement(classification)
    yield from _custom(prop, judge)
    for tag in tags(prop):
        if judge.verdict(tag) is not Verdict.UNKNOWN:
            yield _Statement(tag, f"its tag '{tag}'")


def _custom(element: Mapping[str, Any], judge: Classifications) -> Iterator[_Statement]:
    for entry in element.get("customProperties") or []:
        name = str(entry.get("property"))
        if label := judge.custom(name, entry.get("value")):
            yield _Statement(label, f"its custom property '{name}'")
