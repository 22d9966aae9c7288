"""Prefixes of a zone: those that overlap a reserved one are refused, however many there are."""

from __future__ import annotations

import itertools

import pytest
from aws_cdk import Token

from lake_blueprints.storage.s3.table_prefixes import TablePrefixes

FOLDERS = ["/".join(parts) + "/" for size in (1, 2, 3) for parts in itertools.product(("a", "b", "ab"), repeat=size)]


@pytest.mark.parametrize("prefix", ["", *FOLDERS])
def test_a_reserved_prefix_refuses_exactly_those_above_and_below_it(prefix: str) -> None:
    for other in ["", *FOLDERS]:
        overlap = prefix.startswith(other) or other.startswith(prefix)
        assert _refused(share=[], reserve=[prefix, other]) == overlap, (prefix, other)
        assert _refused(share=[prefix], reserve=[other]) == overlap, (prefix, other)


def test_a_shared_prefix_may_lie_in_another() -> None:
    assert not _refused(share=["", "a/", "a/b/", "a/"], reserve=[])


def test_a_prefix_among_many_is_found_above_and_below() -> None:
    many = [f"table_{number}/data/" for number in range(500)]
    assert not _refused(share=[], reserve=many)
    for prefix in ("table_77/", "table_77/data/", "table_77/data/part/", "table"):
        assert _refused(share=[], reserve=[*many, prefix])
    assert not _refused(share=[], reserve=[*many, "table_7/other/"])


def test_what_a_token_stands_for_is_not_compared() -> None:
    assert not _refused(share=["a/"], reserve=[Token.as_string({"Ref": "Prefix"}), "b/"])


def _refused(*, share: list[str], reserve: list[str]) -> bool:
    prefixes = TablePrefixes("Stack/Zone")
    try:
        for prefix in share:
            prefixes.share(prefix, "a reader")
        for prefix in reserve:
            prefixes.reserve(prefix, "a table")
    except ValueError:
        return True
    return False
