"""The statement of a rule, from the contract of its messages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lake_blueprints.contracts import Dataset
from template_checks.limits import iot as limits

# Words of the rules' SQL that name no member of a message.
_WORDS = frozenset(
    ("and", "as", "case", "else", "end", "false", "from", "in", "not", "null", "or", "select", "set", "then", "true")
) | {"value", "when", "where"}
_TOPIC_PART = re.compile(r"\btopic\(\s*(\d+)\s*\)", re.IGNORECASE)


def statement(dataset: Dataset, *, topic_filter: str, derive: Mapping[str, str], where: str | None) -> str:
    """Return the statement that selects the columns of a dataset.

    Raises
    ------
    ValueError
        If the filter is none, a column cannot be named or is not the dataset's, or a part of the topic is beyond it.
    """
    check_filter(topic_filter)
    unknown = sorted(set(derive) - set(dataset.column_names))
    if unknown:
        raise ValueError(
            f"'derive' names '{unknown[0]}', which dataset '{dataset.name}' does not have; its columns are "
            f"{', '.join(dataset.column_names)}"
        )
    levels = topic_filter.split("/")
    for expression in (*derive.values(), where or ""):
        for part in _TOPIC_PART.findall(expression):
            if levels[-1] != "#" and not 1 <= int(part) <= len(levels):
                raise ValueError(f"topic({part}) is beyond the {len(levels)} levels of '{topic_filter}'")
    items = [_item(name, derive.get(name), dataset) for name in dataset.column_names]
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {', '.join(items)} FROM '{topic_filter}'{condition}"


def _item(name: str, expression: str | None, dataset: Dataset) -> str:
    if expression is not None:
        return f"{expression} AS {name}"
    if name in _WORDS:
        raise ValueError(
            f"column '{name}' of dataset '{dataset.name}' is a word of IoT's SQL, which names no member of a message; "
            "let the devices send it under another name, and derive the column from that"
        )
    return name


def check_filter(topic_filter: str) -> None:
    """Refuse what is no filter of topics.

    https://docs.aws.amazon.com/iot/latest/developerguide/topics.html

    Raises
    ------
    ValueError
        With what is wrong.
    """
    levels = topic_filter.split("/")
    if not topic_filter or "'" in topic_filter or topic_filter.startswith("$"):
        raise ValueError(f"'topic_filter' must name topics of devices, such as 'dt/+/telemetry', got '{topic_filter}'")
    if any(sign in level and level != sign for level in levels for sign in "+#") or "#" in levels[:-1]:
        raise ValueError(f"in 'topic_filter', + is a whole level and # the last one, got '{topic_filter}'")
    if len(levels) > limits.LEVELS:
        raise ValueError(f"'topic_filter' has at most {limits.LEVELS} levels, got {len(levels)} in '{topic_filter}'")
