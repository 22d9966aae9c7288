"""Parsing of the rules' SQL into a tree of tuples: a kind, and what it is made of.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html

Above 200 lines: a grammar in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from local_cloud.engines.iot import functions
from local_cloud.engines.iot.values import whole

Tree = tuple[Any, ...]
ALL = ("all",)
"""The whole message."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<text>'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<sign><>|<=|>=|[-+*/%=<>(),.\[\]{}:]))""",
)
_WORDS = frozenset(
    ("select", "as", "from", "where", "and", "or", "not", "case", "when", "then", "else", "end", "in", "set")
)
# From the weakest.
_OPERATORS = (("or",), ("and",), ("=", "<>", "<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"))
_TYPES = {
    **dict.fromkeys(("string", "nvarchar", "text", "ntext", "varchar"), "string"),
    **dict.fromkeys(("int", "integer"), "int"),
    **dict.fromkeys(("decimal", "double"), "decimal"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
}


class SqlError(ValueError):
    """A statement that is none of the rules' SQL, or has what the local cloud does not evaluate."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A rule's statement.

    Parameters
    ----------
    items: tuple
        What is selected, with the names that it gets; `None` names the whole message.
    value: bool
        Whether the one item is the message that goes out, and not a member of it.
    topic: str, optional
        Filter of the topics of the messages. Without one they come by Basic Ingest alone.
    where: Tree, optional
        What must hold of a message.
    """

    items: tuple[tuple[str | None, Tree], ...]
    value: bool
    topic: str | None
    where: Tree | None


def parse(sql: str) -> Statement:
    """Parse a statement.

    Raises
    ------
    SqlError
        If it is none, or the local cloud does not evaluate all of it.
    """
    return _Parser(sql).statement()


def parse_template(template: str) -> list[str | Tree]:
    """Return the texts of a substitution template and the expressions between them, in order."""
    parts: list[str | Tree] = []
    while "${" in template:
        before, _, rest = template.partition("${")
        parser = _Parser(rest, until="}")
        tree = parser.expression()
        parts += [before, tree]
        template = rest[parser.end() :]
    return [part for part in (*parts, template) if part != ""]


class _Parser:
    def __init__(self, sql: str, until: str = "") -> None:
        self._sql, self._until = sql, until
        self._tokens = list(_tokens(sql))
        self._at = 0

    def statement(self) -> Statement:
        if self._is("set"):
            self._refuse("SET is not evaluated locally: write its expression where it is used")
        self._need("select")
        value = self._word(1) not in ("", ",", "as", "from", "where", ".") and self._takes("value")
        items = [self._item(value)]
        while self._takes(","):
            items.append(self._item(value))
        if value and len(items) > 1:
            self._refuse("SELECT VALUE has one item")
        topic = self._topic() if self._takes("from") else None
        where = self.expression() if self._takes("where") else None
        if self._kind() != "end":
            self._refuse(f"unexpected {self._word()!r}")
        return Statement(items=tuple(items), value=value, topic=topic, where=where)

    def end(self) -> int:
        """Return where the text after a template's expression begins."""
        self._need(self._until)
        found: int = self._tokens[self._at - 1][2]
        return found

    def _topic(self) -> str:
        kind, word, _ = self._tokens[self._at]
        if kind != "text" or not self._sql[: self._tokens[self._at][2]].endswith("'"):
            self._refuse("the topic filter stands in single quotes after FROM")
        self._at += 1
        return str(word)

    def _item(self, value: bool) -> tuple[str | None, Tree]:
        if self._is("*") and self._word(1) in (",", "from", "where", ""):
            self._at += 1
            return None, ALL
        tree = self.expression()
        if self._takes("as"):
            kind, word, _ = self._next()
            if kind not in ("name", "text"):
                self._refuse(f"expected a name after AS, not {word!r}")
            return str(word), tree
        if value:
            return "", tree
        if tree[0] not in ("name", "member"):
            self._refuse("an expression needs a name here: write AS, since AWS's own name for it is not documented")
        return str(tree[-1]), tree

    def expression(self, level: int = 0) -> Tree:
        if level == len(_OPERATORS):
            return self._unary()
        if level == 2 and self._takes("not"):
            return ("not", self.expression(2))
        left = self.expression(level + 1)
        while self._kind() != "text" and self._word() in _OPERATORS[level]:
            operator = self._next()[1]
            left = ("operator", str(operator).lower(), left, self.expression(level + 1))
        if level == 2 and self._is("in"):
            self._refuse("IN is not evaluated locally: compare with each value")
        return left

    def _unary(self) -> Tree:
        if self._takes("-"):
            return ("minus", self._unary())
        tree = self._primary()
        while True:
            if self._takes("."):
                kind, word, _ = self._next()
                if kind not in ("name", "text"):
                    self._refuse(f"expected the name of a member, not {word!r}")
                tree = ("member", tree, str(word))
            elif self._is("["):
                self._refuse("the local cloud takes items of an array by get()")
            else:
                return tree

    def _primary(self) -> Tree:
        kind, word, _ = self._next()
        if kind == "number":
            return ("literal", whole(Decimal(word)))
        if kind == "text":
            return ("literal", word)
        if word == "(":
            if self._is("select"):
                self._refuse("nested object queries are not evaluated locally")
            tree = self.expression()
            self._need(")")
            return tree
        if word == "[":
            return ("array", *self._list("]"))
        if word == "{":
            return self._object()
        if kind != "name":
            self._refuse(f"unexpected {word!r}")
        return self._named(str(word))

    def _named(self, word: str) -> Tree:
        lower = word.lower()
        constants = {"null": None, "true": True, "false": False}
        if self._is("("):
            return self._call(lower)
        if lower in constants:
            return ("literal", constants[lower])
        if lower == "case":
            return self._case()
        if lower in _WORDS:
            self._refuse(f"unexpected {word!r}")
        return ("name", word)

    def _call(self, name: str) -> Tree:
        self._need("(")
        if name == "cast":
            return self._cast()
        if name in functions.REFUSED:
            self._refuse(f"{name}() is not evaluated locally: {functions.REFUSED[name]}")
        if name not in functions.ARGUMENTS:
            self._refuse(f"there is no function {name}()")
        given = self._list(")")
        least, most = functions.ARGUMENTS[name]
        if not least <= len(given) <= most:
            self._refuse(f"{name}() takes {least} to {most} arguments, got {len(given)}")
        return ("call", name, *given)

    def _cast(self) -> Tree:
        tree = self.expression()
        self._need("as")
        word = str(self._next()[1])
        if word.lower() not in _TYPES:
            self._refuse(f"there is no type {word!r} to cast to")
        self._need(")")
        return ("cast", _TYPES[word.lower()], tree)

    def _case(self) -> Tree:
        value = self.expression()
        branches = []
        while self._takes("when"):
            wanted = self.expression()
            self._need("then")
            branches.append((wanted, self.expression()))
        if not branches:
            self._refuse("CASE needs a value and a WHEN")
        otherwise = self.expression() if self._takes("else") else None
        self._need("end")
        return ("case", value, tuple(branches), otherwise)

    def _object(self) -> Tree:
        members = []
        while not self._takes("}"):
            kind, name, _ = self._next()
            if kind != "text":
                self._refuse(f"the name of a member is a text, not {name!r}")
            self._need(":")
            members.append((str(name), self.expression()))
            if not self._takes(",") and not self._is("}"):
                self._refuse(f"expected a comma, not {self._word()!r}")
        return ("object", tuple(members))

    def _list(self, end: str) -> list[Tree]:
        found: list[Tree] = []
        while not self._takes(end):
            if self._is("*") and self._word(1) in (",", end):
                self._at += 1
                found.append(ALL)
            else:
                found.append(self.expression())
            if not self._takes(",") and not self._is(end):
                self._refuse(f"expected a comma, not {self._word()!r}")
        return found

    def _next(self) -> tuple[str, Any, int]:
        found = self._tokens[self._at]
        if found[0] == "end":
            self._refuse("unexpected end")
        self._at += 1
        return found

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _word(self, ahead: int = 0) -> str:
        kind, word, _ = self._tokens[min(self._at + ahead, len(self._tokens) - 1)]
        return "'" if kind == "text" else str(word).lower()

    def _is(self, word: str) -> bool:
        return self._word() == word

    def _takes(self, word: str) -> bool:
        found = self._is(word)
        self._at += found
        return found

    def _need(self, word: str) -> None:
        if not self._takes(word):
            self._refuse(f"expected {word.upper()}, not {self._word() or 'the end'!r}")

    def _refuse(self, reason: str) -> NoReturn:
        raise SqlError(f"{reason}, in: {self._sql}")


def _tokens(sql: str) -> Iterator[tuple[str, Any, int]]:
    at, end = 0, len(sql.rstrip())
    while at < end:
        found = _TOKEN.match(sql, at)
        if found is None:
            # What follows the expression of a template is its text.
            yield "other", sql[at:end].strip(), end
            break
        at = found.end()
        kind = str(found.lastgroup)
        word = found[kind]
        if kind == "text":
            quote = word[0]
            word = word[1:-1].replace("''", "'") if quote == "'" else re.sub(r"\\(.)", r"\1", word[1:-1])
        yield kind, word, at
    yield "end", "", at
