"""Data filter of an integration: the tables that it includes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local_cloud.errors import LocalCloudError

_RULE = re.compile(r"(include|exclude):\s*([^\s.]+)\.([^\s.]+)\.([^\s.]+)")
_PART = re.compile(r"[A-Za-z0-9_$]+|\*")


@dataclass(frozen=True, kw_only=True)
class DataFilter:
    """Rules of a filter for one database of PostgreSQL; of several that match a table, the last one decides."""

    rules: tuple[tuple[str, str, str, str], ...]

    @classmethod
    def of(cls, text: str) -> DataFilter:
        """Read a filter.

        Raises
        ------
        LocalCloudError
            If it is none, or has a regular expression.
        """
        rules = []
        for rule in text.split(","):
            matched = _RULE.fullmatch(rule.strip())
            if matched is None or not all(map(_PART.fullmatch, matched.groups()[1:])):
                raise LocalCloudError(
                    f"the local cloud reads filters such as 'include: database.schema.table', with '*' for a whole "
                    f"name, and not '{rule.strip()}'"
                )
            verb, database, schema, table = matched.groups()
            rules.append((verb, database, schema, table))
        return cls(rules=tuple(rules))

    @property
    def databases(self) -> tuple[str, ...]:
        """The databases that it names."""
        return tuple(dict.fromkeys(database for _, database, _, _ in self.rules if database != "*"))

    def within(self, database: str) -> Included:
        """Return the rules for the tables of one database."""
        return Included(
            rules=tuple((verb, schema, table) for verb, of, schema, table in self.rules if of in ("*", database))
        )


@dataclass(frozen=True, kw_only=True)
class Included:
    """Rules for the tables of one database."""

    rules: tuple[tuple[str, str, str], ...]

    def includes(self, schema: str, table: str) -> bool:
        """Tell whether a table is replicated."""
        found = [verb for verb, of, name in self.rules if of in ("*", schema) and name in ("*", table)]
        return bool(found) and found[-1] == "include"
