"""Classification levels: whether a label is restricted, public or unknown.

Above 200 lines: most of it is the list of words that are known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal

from attrs import field, frozen

from lake_blueprints.contracts.errors import ContractError

# As they are compared: without case, spaces and punctuation. docs/governance.md lists them.
RESTRICTED = frozenset(
    {
        *("restricted", "confidential", "sensitive", "secret", "private", "classified", "protected", "privileged"),
        *(
            "proprietary",
            "needtoknow",
            "eyesonly",
            "limiteddistribution",
            "fouo",
            "forofficialuseonly",
            "officialuseonly",
            "ouo",
        ),
        *("personal", "personallyidentifiable", "personalidentifiable", "personallyidentifying", "identifiable"),
        *("specialcategory", "specialcategories", "pseudonymized", "pseudonymised", "biometric", "cardholder"),
        *("protectedhealth", "pii", "spii", "phi", "ephi", "spi", "npi", "nppi", "mnpi", "pci", "pcidss", "chd", "cui"),
        *(
            "controlledunclassified",
            "nonpublicpersonal",
            "gdpr",
            "dsgvo",
            "ccpa",
            "cpra",
            "hipaa",
            "ferpa",
            "glba",
            "lgpd",
            "itar",
            "hbi",
        ),
        *("tlpred", "tlpamber", "tlpamberstrict", "c3", "c4", "c5", "l3", "l4", "l5", "p3", "p4"),
        *("level3", "level4", "level5", "class3", "class4", "class5"),
    }
)
HARMLESS = frozenset(
    {
        *("public", "open", "internal", "general", "none", "official", "unclassified", "unrestricted", "low", "na"),
        *("notapplicable", "anonymous", "anonymized", "anonymised", "masked", "publicdomain", "internaluse"),
        *("tlpclear", "tlpwhite", "c0", "c1", "l0", "l1", "p1", "level0", "level1", "class0", "class1"),
    }
)
# Keys of tags and custom properties whose value is a classification.
_KEYS = frozenset(
    {
        *("classification", "dataclassification", "securityclassification", "informationclassification", "dataclass"),
        *("sensitivity", "sensitivitylevel", "sensitivitylabel", "datasensitivity", "confidentiality", "privacy"),
        *("confidentialitylevel", "dataprivacy", "secrecy", "protectionlevel", "securitylevel"),
    }
)
_YES, _NO = frozenset({"true", "yes", "y", "1"}), frozenset({"false", "no", "n", "0", "none", ""})
_NEGATIONS = ("non", "not", "no", "un", "without")
# Words that change nothing about others.
_FILLERS = frozenset(
    {"a", "any", "the", "is", "has", "contains", "data", "information", "info", "use", "only", "for", "company", "type"}
)
_BETWEEN_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_PARTS = re.compile(r"[/,;|&+()\[\]{}\n:=]|\s[-\u2013\u2014]+\s|\u2014|\b(?:and|or)\b", re.IGNORECASE)
_KEY_AND_VALUE = re.compile(r"([^:=]+)[:=](.*)", re.DOTALL)
_LONGEST_TERM = 4


class Verdict(IntEnum):
    """Verdict on a classification label, from the most open to the strictest."""

    HARMLESS = 0
    """Everyone who reads the table may see the column."""
    UNKNOWN = 1
    """It is neither known nor declared."""
    RESTRICTED = 2
    """Few may see the column."""


def _levels(words: Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


@frozen(kw_only=True)
class Classifications:
    """Classification levels: an organization's own first, then widely used labels.

    Words are compared without case, spaces and punctuation. Of a label with several parts, such as `internal, pii`,
    the strictest counts. docs/governance.md lists the words that are known.

    Parameters
    ----------
    harmless: sequence of str
        The organization's own levels that everyone may see, the most open first. By default none.
    restricted: sequence of str
        Its own levels that few may see, the most secret last. By default none.
    unknown_classification: 'restrict' or 'allow'
        Whether a column whose classification is neither known nor declared is restricted. By default it is; either
        way it is a warning. Tags and custom properties that are not known say nothing.

    Raises
    ------
    ContractError
        If a level has no letter or digit, or is both harmless and restricted.

    Example
    -------
        >>> levels = Classifications(harmless=["Green", "Amber"], restricted=["Red", "Black"])
        >>> contract = Contract.from_file("flights.odcs.yaml", classifications=levels)
    """

    harmless: tuple[str, ...] = field(default=(), converter=_levels)
    restricted: tuple[str, ...] = field(default=(), converter=_levels)
    unknown_classification: Literal["restrict", "allow"] = "restrict"

    def __attrs_post_init__(self) -> None:
        if self.unknown_classification not in ("restrict", "allow"):
            raise ContractError(
                f"'unknown_classification' must be 'restrict' or 'allow', got '{self.unknown_classification}'"
            )
        seen: dict[str, str] = {}
        for level in (*self.harmless, *self.restricted):
            key = _key(level)
            if not key:
                raise ContractError(f"a level must have letters or digits, got '{level}'")
            if key in seen:
                raise ContractError(f"the levels '{seen[key]}' and '{level}' are the same; give each once")
            seen[key] = level

    def verdict(self, label: str) -> Verdict:
        """Return what a label says, be it one word or several."""
        return Verdict(_judged(self, label)[0])

    def strictness(self, label: str) -> tuple[int, int]:
        """Return a key by which labels are ordered, the strictest last."""
        return _judged(self, label)

    def restricts(self, classification: str | None) -> bool:
        """Whether few may see what is classified so."""
        if not (classification or "").strip():
            return False
        found = self.verdict(str(classification))
        return found is Verdict.RESTRICTED or (found is Verdict.UNKNOWN and self.unknown_classification == "restrict")

    def custom(self, name: str, value: Any) -> str | None:
        """Return the label that a custom property is, None if it says nothing about who may see."""
        text = "" if value is None else str(value)
        if _key(name) in _KEYS:
            return text or None
        found = [term for key in _keys(name) if (term := _term(self, key))]
        if not found or found[0][0] != Verdict.RESTRICTED:
            return None
        return f"not {name}" if _key(text) in _NO else name


def not_known(label: str, name: str, judge: Classifications) -> str:
    """Say that a classification is neither known nor declared, and what follows."""
    restricts = judge.unknown_classification == "restrict"
    return (
        f"classification '{label}' is neither known nor declared, so '{name}' is {'' if restricts else 'not '}"
        "restricted; use a known word, or declare yours as harmless or restricted: docs/governance.md"
    )


@lru_cache(maxsize=10_000)
def _judged(levels: Classifications, label: str) -> tuple[int, int]:
    if found := next((found for key in _keys(label) if (found := _term(levels, key))), None):
        return found
    if (pair := _KEY_AND_VALUE.fullmatch(label)) and (found := _of_pair(levels, pair[1], pair[2])):
        return found
    parts = [part for part in _BETWEEN_PARTS.split(label) if _key(part)]
    return max((_of_part(levels, part) for part in parts), default=(Verdict.UNKNOWN, 0))


def _of_pair(levels: Classifications, key: str, value: str) -> tuple[int, int] | None:
    """Judge a label such as `pii: true` or `sensitivity=high`; None if it is none."""
    if _key(value) in _YES:
        return _judged(levels, key)
    if _key(key) in _KEYS:
        return _judged(levels, value)
    return _judged(levels, f"not {key}") if _key(value) in _NO else None


def _of_part(levels: Classifications, part: str) -> tuple[int, int]:
    if found := next((found for key in _keys(part) if (found := _term(levels, key))), None):
        return found
    words = _words(part)
    if not set(_NEGATIONS).isdisjoint(words):
        return Verdict.UNKNOWN, 0
    terms = ("".join(words[at : at + size]) for size in range(1, _LONGEST_TERM + 1) for at in range(len(words)))
    found_terms = (found for term in terms if (found := _known(levels, term)) and found[0] == Verdict.RESTRICTED)
    return max(found_terms, default=(Verdict.UNKNOWN, 0))


def _term(levels: Classifications, key: str) -> tuple[int, int] | None:
    """Judge a term that may be negated: what is not sensitive is harmless, what is not public is not."""
    if found := _known(levels, key):
        return found
    for negation in _NEGATIONS:
        if key.startswith(negation) and (found := _known(levels, key.removeprefix(negation))):
            return (Verdict.HARMLESS if found[0] == Verdict.RESTRICTED else Verdict.RESTRICTED), 0
    return None


def _known(levels: Classifications, key: str) -> tuple[int, int] | None:
    for verdict, own in ((Verdict.HARMLESS, levels.harmless), (Verdict.RESTRICTED, levels.restricted)):
        for at, level in enumerate(own, start=1):
            if key == _key(level):
                return verdict, at
    if key in RESTRICTED:
        return Verdict.RESTRICTED, 0
    return (Verdict.HARMLESS, 0) if key in HARMLESS else None


def _keys(text: str) -> Iterator[str]:
    """Yield what a text is compared as: whole, and without the words that change nothing."""
    yield _key(text)
    yield "".join(word for word in _words(text) if word not in _FILLERS)


def _words(text: str) -> list[str]:
    apart = _BETWEEN_WORDS.sub(" ", unicodedata.normalize("NFKC", text))
    return re.findall(r"[^\W_]+", apart.casefold())


def _key(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))
