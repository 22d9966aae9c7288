"""Evaluation of a rule's statement, and of templates in its actions, for one message.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-operators.html

Above 200 lines: a function for each kind of expression.
"""

from __future__ import annotations

import operator
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from local_cloud.engines.iot import functions
from local_cloud.engines.iot.parsing import ALL, Statement, Tree, parse_template
from local_cloud.engines.iot.values import (
    PRECISION,
    UNDEFINED,
    NoValue,
    boolean,
    dumps,
    integer,
    is_number,
    loads,
    number,
    text,
    whole,
)

BASIC_INGEST = "$aws/rules/"
BY_HTTP = "n/a"
"""The client id of a message that did not come over MQTT."""
_ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": PRECISION.add,
    "-": PRECISION.subtract,
    "*": PRECISION.multiply,
    "/": PRECISION.divide,
    "%": PRECISION.remainder,
}
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message that was published.

    Parameters
    ----------
    topic: str
        Its topic.
    payload: bytes
        Its content.
    account: str
        Account of the rule.
    client_id: str
        The MQTT client that has published it. By default it came by HTTP.
    """

    topic: str
    payload: bytes
    account: str
    client_id: str = BY_HTTP
    received: int = field(default_factory=lambda: int(time.time() * 1000))

    @cached_property
    def content(self) -> Any:
        """Content as JSON; Undefined if it is none."""
        return loads(self.payload)

    @cached_property
    def levels(self) -> list[str]:
        """The levels of the topic, without the prefix of Basic Ingest."""
        levels = self.topic.split("/")
        return levels[3:] if self.topic.startswith(BASIC_INGEST) else levels


def selected(statement: Statement, message: Message) -> bytes | None:
    """Return what goes out for a message; None if the statement is not about it."""
    if statement.where is not None and evaluate(statement.where, message) is not True:
        return None
    if [item for _, item in statement.items] == [ALL]:
        return message.payload
    if statement.value:
        found = evaluate(statement.items[0][1], message)
        return b"" if found is UNDEFINED else dumps(found).encode()
    members: dict[str, Any] = {}
    for name, tree in statement.items:
        if name is not None:
            members[name] = evaluate(tree, message)
        elif isinstance(message.content, dict):
            members |= message.content
    return dumps(members).encode()


def filled(template: str, message: Message) -> str:
    """Return the text of a substitution template, in which what is Undefined is nothing."""
    return "".join(
        part if isinstance(part, str) else _shown(evaluate(part, message)) for part in parse_template(template)
    )


def _shown(value: Any) -> str:
    return "" if value is UNDEFINED else "null" if value is None else text(value)


def evaluate(tree: Tree, message: Message) -> Any:
    """Return the value of an expression for a message.

    Raises
    ------
    UndocumentedError
        If AWS does not document which it has.
    """
    try:
        return _KINDS[tree[0]](message, *tree[1:])
    except NoValue:
        return UNDEFINED


def _all(message: Message) -> Any:
    return message.payload if message.content is UNDEFINED else message.content


def _name(message: Message, name: str) -> Any:
    return message.content.get(name, UNDEFINED) if isinstance(message.content, dict) else UNDEFINED


def _member(message: Message, tree: Tree, name: str) -> Any:
    found = evaluate(tree, message)
    return found.get(name, UNDEFINED) if isinstance(found, dict) else UNDEFINED


def _call(message: Message, name: str, *arguments: Tree) -> Any:
    if name not in functions.OF_MESSAGES:
        if name == "encode" and arguments[0] == ALL:
            return functions.evaluate(name, [message.payload, evaluate(arguments[1], message)])
        return functions.evaluate(name, [evaluate(one, message) for one in arguments])
    if name == "topic" and arguments:
        place = integer(evaluate(arguments[0], message))
        return message.levels[place - 1] if 0 < place <= len(message.levels) else UNDEFINED
    return {
        "accountid": message.account,
        "clientid": message.client_id,
        "sql_version": "2016-03-23",
        "timestamp": message.received,
        "topic": "/".join(message.levels),
        "traceid": UNDEFINED if message.client_id == BY_HTTP else str(uuid.uuid4()),
    }[name]


def _operator(message: Message, sign: str, left: Tree, right: Tree) -> Any:
    one, other = evaluate(left, message), evaluate(right, message)
    if sign in ("and", "or"):
        truths = (boolean(one), boolean(other))
        return all(truths) if sign == "and" else any(truths)
    if sign in ("=", "<>"):
        if UNDEFINED in (one, other):
            raise NoValue
        return _equal(one, other) is (sign == "=")
    if sign in _ORDER:
        return _ORDER[sign](number(one), number(other))
    if sign == "+" and (isinstance(one, str) or isinstance(other, str)):
        return text(one) + text(other)
    if sign == "+" and not (is_number(one) and is_number(other)):
        raise NoValue
    first, second = number(one), number(other)
    if second == 0 and sign in "/%":
        raise NoValue
    if sign == "/" and isinstance(one, int) and isinstance(other, int) and first % second:
        raise functions.UndocumentedError("the division of integers that leaves a remainder, whose rounding")
    return whole(_ARITHMETIC[sign](Decimal(first), Decimal(second)))


def _equal(one: Any, other: Any) -> bool:
    """Tell whether two values are equal, which those of different types are not: True is not 1."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _case(message: Message, value: Tree, branches: tuple[tuple[Tree, Tree], ...], otherwise: Tree | None) -> Any:
    found = evaluate(value, message)
    if found is UNDEFINED:
        return UNDEFINED
    for wanted, result in branches:
        if _equal(found, evaluate(wanted, message)):
            return evaluate(result, message)
    return evaluate(otherwise, message) if otherwise else UNDEFINED


_KINDS: Mapping[str, Callable[..., Any]] = {
    "all": _all,
    "array": lambda message, *items: [evaluate(item, message) for item in items],
    "call": _call,
    "case": _case,
    "cast": lambda message, kind, tree: functions.cast(kind, evaluate(tree, message)),
    "literal": lambda message, value: value,
    "member": _member,
    "minus": lambda message, tree: -number(evaluate(tree, message)),
    "name": _name,
    "not": lambda message, tree: not boolean(evaluate(tree, message)),
    "object": lambda message, members: {name: evaluate(tree, message) for name, tree in members},
    "operator": _operator,
}
