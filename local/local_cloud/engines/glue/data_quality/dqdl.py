"""The Data Quality Definition Language, as far as rulesets are evaluated here.

The grammar is that of https://github.com/awslabs/dqdl: what stands between the quotes of a parameter is taken as it
is, escapes included. Metadata, sources, variables and analyzers are refused by name.

Above 200 lines: the grammar of DQDL in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from local_cloud.engines.glue.data_quality.rules import AnyRule, Composite, Condition, Keyword, Operand, Rule
from local_cloud.errors import LocalCloudError

_TOKEN = re.compile(
    r"""
    (?P<skip>[ \t\r\n]+ | \#[^\n]*(?:\n|$))
    | (?P<text>"(?:\\["\\]|\\(?!["\\])|[^"\\])*")
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<word>[A-Za-z0-9_.]+)
    | (?P<sign>>=|<=|!=|[=<>()\[\],])
    """,
    re.VERBOSE | re.DOTALL,
)
_SIGNS = ("=", "!=", ">", ">=", "<", "<=")
# Of parentheses inside one another.
_DEEPEST = 50
_KEYWORDS = frozenset({"NULL", "EMPTY", "WHITESPACES_ONLY"})


def parse(text: str) -> list[AnyRule]:
    """Read a ruleset.

    Raises
    ------
    LocalCloudError
        If it is not DQDL, or of a kind that is not evaluated here; with the place.
    """
    return _Parser(text).ruleset()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._at = 0
        self._depth = 0

    def _split(self) -> Iterator[tuple[str, str, int]]:
        position = 0
        while position < len(self._text):
            found = _TOKEN.match(self._text, position)
            if found is None:
                raise LocalCloudError(f"DataQuality rules cannot be parsed: {self._text[position : position + 40]!r}")
            if found.lastgroup and found.lastgroup != "skip":
                yield found.lastgroup, found.group(), position
            position = found.end()
        yield "end", "", position

    def ruleset(self) -> list[AnyRule]:
        defaults = {}
        if self._word() == "DefaultLabels":
            self._at += 1
            defaults = self._labels()
        if self._word() != "Rules":
            raise self._error("Rules = [...]; the local cloud evaluates no other section before it")
        self._at += 1
        self._expect("=")
        self._expect("[")
        rules = []
        while self._word() != "]":
            rules.append(self._rule())
            if self._word() != ",":
                break
            self._at += 1
        self._expect("]")
        if self._kind() != "end":
            raise self._error("the end; the local cloud evaluates no analyzers")
        return [replace(rule, labels={**defaults, **rule.labels}) for rule in rules]

    def _rule(self) -> AnyRule:
        start = self._tokens[self._at][2]
        rules = [self._operand()]
        joined_by: Literal["and", "or"] | None = None
        while (word := self._word().lower()) in {"and", "or"}:
            if joined_by not in {None, word}:
                raise self._error("parentheses around rules that are joined by 'and' before one that is joined by 'or'")
            joined_by = "and" if word == "and" else "or"
            self._at += 1
            rules.append(self._operand())
        if joined_by is None:
            return rules[0]
        return Composite(joined_by=joined_by, rules=tuple(rules), text=self._since(start))

    def _operand(self) -> AnyRule:
        if self._word() != "(":
            return self._simple()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"at most {_DEEPEST} parentheses inside one another")
        self._at += 1
        rule = self._rule()
        self._expect(")")
        self._depth -= 1
        return replace(rule, labels=self._own_labels() or rule.labels)

    def _simple(self) -> Rule:
        start = self._tokens[self._at][2]
        kind = self._next("word")
        parameters = []
        while self._kind() == "text" or self._word() == "of":
            if self._word() == "of":
                self._at += 1
            parameters.append(self._quoted())
        condition, where, threshold = self._condition(), None, None
        if self._word() == "where":
            self._at += 1
            where = self._quoted()
        text = self._since(start)
        labels = self._own_labels()
        if self._word() == "with":
            self._at += 1
            if self._next("word") != "threshold":
                raise self._error("'threshold' after 'with'")
            threshold = self._condition()
            text = self._since(start)
        return Rule(
            kind=kind,
            parameters=tuple(parameters),
            condition=condition,
            where=where,
            threshold=threshold,
            text=text,
            labels=labels,
        )

    def _condition(self) -> Condition | None:
        negated = self._word() == "not"
        if negated:
            self._at += 1
        word = self._word()
        if word in _SIGNS and not negated:
            self._at += 1
            return Condition(operator=word, operands=(self._value(),))
        if word == "between":
            self._at += 1
            low = self._value()
            if self._next("word") not in {"and", "AND"}:
                raise self._error("'and' between the bounds")
            return Condition(operator="between", operands=(low, self._value()), negated=negated)
        if word == "in":
            self._at += 1
            self._expect("[")
            operands = [self._value()]
            while self._word() == ",":
                self._at += 1
                operands.append(self._value())
            self._expect("]")
            return Condition(operator="in", operands=tuple(operands), negated=negated)
        if word == "matches":
            self._at += 1
            return Condition(operator="matches", operands=(self._quoted(),), negated=negated)
        if negated:
            raise self._error("between, in or matches after 'not'")
        return None

    def _value(self) -> Operand:
        kind, text, _ = self._tokens[self._at]
        if kind == "text":
            return self._quoted()
        self._at += 1
        if kind == "number":
            return float(text)
        if kind == "word" and text.upper() in _KEYWORDS:
            return Keyword(text.upper())
        self._at -= 1
        raise self._error("a number, a text or a keyword; the local cloud computes no expressions")

    def _own_labels(self) -> dict[str, str]:
        if self._word() != "labels":
            return {}
        self._at += 1
        return self._labels()

    def _labels(self) -> dict[str, str]:
        self._expect("=")
        self._expect("[")
        found = {}
        while True:
            key = self._quoted()
            self._expect("=")
            found[key] = self._quoted()
            if self._word() != ",":
                break
            self._at += 1
        self._expect("]")
        return found

    def _quoted(self) -> str:
        return self._next("text")[1:-1]

    def _next(self, kind: str) -> str:
        if self._kind() != kind:
            raise self._error({"text": "a text in double quotes", "word": "a rule type"}[kind])
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _expect(self, sign: str) -> None:
        if self._word() != sign:
            raise self._error(f"'{sign}'")
        self._at += 1

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _word(self) -> str:
        return self._tokens[self._at][1]

    def _since(self, start: int) -> str:
        last = self._tokens[self._at - 1]
        return self._text[start : last[2] + len(last[1])]

    def _error(self, expected: str) -> LocalCloudError:
        position = self._tokens[self._at][2]
        found = self._text[position : position + 40] or "the end"
        return LocalCloudError(f"DataQuality rules cannot be parsed: expected {expected}, found {found!r}")
