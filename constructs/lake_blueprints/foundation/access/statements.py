"""The statements of a role, in as few policies as they fit into, and each permission once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

Statement = dict[str, Any]

# A managed policy has at most 6,144 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_ROOM = 5_600
# Until deployment a reference is a token: pseudo parameters become short texts, all others ARNs or parts of them.
_PSEUDO, _REFERENCE = re.compile(r"\$\{Token\[AWS\.[^]]*\]\}"), re.compile(r"\$\{Token\[[^]]*\]\}")
_PLAIN = {"Action", "Condition", "Effect", "Resource"}


class Statements:
    """Policy statements of a role.

    Grants overlap: the key of a zone, for instance, is part of each grant on a prefix of it. What is granted already,
    under the same condition, is left out; what differs in its actions or in its resources alone joins a statement.
    """

    def __init__(self) -> None:
        self.policies: list[list[Statement]] = []
        self._sizes: list[int] = []
        self._granted: dict[tuple[str, str], set[str]] = {}
        # Statements, and the numbers of their policies, by what they have in common with those that may join them.
        self._found: dict[tuple[str, str, tuple[str, ...]], tuple[int, Statement]] = {}

    def add(self, statement: Statement) -> int:
        """Add a statement, and return the number of the policy that its last part is in."""
        if not _is_plain(statement):
            return self._place(statement)
        number = max(len(self.policies) - 1, 0)
        for part in self._new(statement):
            number = self._join(part)
        return number

    def _new(self, statement: Statement) -> Iterator[Statement]:
        """Yield what of a statement is not granted yet: one part for all actions that lack the same resources."""
        condition, resources = _condition(statement), listed(statement["Resource"])
        lacking: dict[tuple[str, ...], list[str]] = {}
        for action in listed(statement["Action"]):
            granted = self._granted.setdefault((condition, action), set())
            if lacks := tuple(resource for resource in resources if resource not in granted):
                lacking.setdefault(lacks, []).append(action)
                granted.update(lacks)
        for lacks, actions in lacking.items():
            yield {**statement, "Action": one_or_all(actions), "Resource": one_or_all(lacks)}

    def _join(self, part: Statement) -> int:
        for common, other in (("Resource", "Action"), ("Action", "Resource")):
            number, found = self._found.get(_key(part, common), (0, {}))
            # It may have grown in what it had in common.
            if not found or _key(found, common) != _key(part, common):
                continue
            more = listed(part[other])
            if self._sizes[number] + _size(more) <= _ROOM:
                found[other] = [*listed(found[other]), *more]
                self._sizes[number] += _size(more)
                self._remember(found, number)
                return number
        return self._place(part)

    def _place(self, statement: Statement) -> int:
        if _size(statement) > _ROOM:
            return [self._place(half) for half in _halves(statement)][-1]
        if not self.policies or self._sizes[-1] + _size(statement) > _ROOM:
            # Not before the first statement: IAM has no empty policies.
            self.policies.append([])
            self._sizes.append(0)
        self.policies[-1].append(statement)
        self._sizes[-1] += _size(statement)
        number = len(self.policies) - 1
        if _is_plain(statement):
            self._remember(statement, number)
        return number

    def _remember(self, statement: Statement, number: int) -> None:
        for common in ("Resource", "Action"):
            self._found[_key(statement, common)] = (number, statement)


def _halves(statement: Statement) -> Iterator[Statement]:
    """Yield two statements that say together what one too long for a policy does.

    Raises
    ------
    ValueError
        If it has neither two resources nor two actions.
    """
    for part in ("Resource", "Action"):
        values = listed(statement.get(part))
        if len(values) > 1:
            middle = len(values) // 2
            yield {**statement, part: one_or_all(values[:middle])}
            yield {**statement, part: one_or_all(values[middle:])}
            return
    raise ValueError(
        f"a condition of {_size(statement.get('Condition')):,} characters fits into no policy, which has at most "
        "6,144; grant it in several calls, each with fewer values"
    )


def _is_plain(statement: Statement) -> bool:
    return not statement.keys() - _PLAIN and statement["Effect"] == "Allow"


def _size(part: Any) -> int:
    text = json.dumps(part, separators=(",", ":"), default=str)
    return len(_REFERENCE.sub("R" * 120, _PSEUDO.sub("P" * 14, text)))


def _key(statement: Statement, common: str) -> tuple[str, str, tuple[str, ...]]:
    return _condition(statement), common, tuple(listed(statement[common]))


def _condition(statement: Statement) -> str:
    return json.dumps(statement.get("Condition") or {}, sort_keys=True, default=str)


def in_parts(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield the values of a condition in parts that each fit into a statement, and one of them into a policy."""
    part: list[str] = []
    for value in values:
        if part and _size([*part, value]) > _ROOM // 2:
            yield part
            part = []
        part.append(value)
    if part:
        yield part


def listed(value: Any) -> list[str]:
    """Return as a list what IAM writes as one value or as several."""
    return value if isinstance(value, list) else [value]


def one_or_all(values: Iterable[str]) -> str | list[str]:
    """Return one value as itself and several as a list, as IAM writes them."""
    found = list(values)
    return found[0] if len(found) == 1 else found
