"""Transforms of hidden partitioning: their text and names, and the columns that each takes."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import (
    Bucket,
    Column,
    ContractError,
    Dataset,
    Day,
    Hour,
    Identity,
    Month,
    PartitionTransform,
    Truncate,
    Year,
)
from lake_blueprints.contracts.partitioning import parse_transform

# Iceberg's table of transforms and the types that they take, in the types of a lake:
# https://iceberg.apache.org/spec/#partition-transforms
_NUMBERS = ["tinyint", "smallint", "int", "bigint", "decimal(9,2)"]
_TIMES = ["date", "timestamp"]
_EVERY = ["boolean", *_NUMBERS, "float", "double", "string", *_TIMES, "binary"]
TAKEN: list[tuple[PartitionTransform, list[str]]] = [
    (Identity("c"), _EVERY),
    (Bucket("c", 16), [*_NUMBERS, "string", *_TIMES, "binary"]),
    (Truncate("c", 4), [*_NUMBERS, "string", "binary"]),
    (Year("c"), _TIMES),
    (Month("c"), _TIMES),
    (Day("c"), _TIMES),
    (Hour("c"), ["timestamp"]),
]


def orders(*columns: Column, **options: Any) -> Dataset:
    return Dataset(name="orders", columns=columns, **options)


@pytest.mark.parametrize(("transform", "taken"), TAKEN, ids=[one.text for one, _ in TAKEN])
@pytest.mark.parametrize("kind", [*_EVERY, "array<int>", "map<string,int>", "struct<a:int>"])
def test_a_transform_takes_the_types_of_the_specification(
    transform: PartitionTransform, taken: list[str], kind: str
) -> None:
    column = Column(name="c", type=kind)
    if kind in taken:
        assert orders(column, partitioning=[transform]).partitioning == (transform,)
    else:
        with pytest.raises(ContractError, match=r"column 'c' is a .*, and the transform .* takes .*; use another"):
            orders(column, partitioning=[transform])


@pytest.mark.parametrize(
    ("text", "transform"),
    [
        ("identity", Identity("c")),
        ("Year", Year("c")),
        (" month ", Month("c")),
        ("day", Day("c")),
        ("hour", Hour("c")),
        ("bucket[16]", Bucket("c", 16)),
        ("bucket(16)", Bucket("c", 16)),
        ("truncate[ 4 ]", Truncate("c", 4)),
    ],
)
def test_reads_what_the_specification_and_spark_write(text: str, transform: PartitionTransform) -> None:
    assert parse_transform("c", text) == transform
    assert parse_transform("c", transform.text) == transform


@pytest.mark.parametrize("text", ["", "days", "bucket", "day[2]", "bucket[x]", "void", "bucket[16"])
def test_refuses_what_is_no_transform(text: str) -> None:
    with pytest.raises(ContractError, match=r"identity, year, month, day, hour, bucket\[n\] or truncate\[width\], got"):
        parse_transform("c", text)


@pytest.mark.parametrize("number", [0, 2**31])
def test_counts_and_widths_are_positive_ints(number: int) -> None:
    with pytest.raises(ContractError, match=f"'buckets' of bucket must be 1 to 2147483647, got {number}"):
        Bucket("c", number)
    with pytest.raises(ContractError, match=f"'width' of truncate must be 1 to 2147483647, got {number}"):
        Truncate("c", number)


def test_a_partition_field_is_named_after_column_and_transform() -> None:
    names = [one.name for one, _ in TAKEN]
    assert names == ["c", "c_bucket_16", "c_trunc_4", "c_year", "c_month", "c_day", "c_hour"]


def test_refuses_a_column_that_is_not_there() -> None:
    with pytest.raises(ContractError, match="is of 'd', which is not a column; its columns are c"):
        orders(Column(name="c", type="date"), partitioning=[Day("d")])


def test_refuses_the_name_of_a_column() -> None:
    with pytest.raises(ContractError, match="'c_day' of dataset 'orders' has the name of a column"):
        orders(Column(name="c", type="date"), Column(name="c_day", type="date"), partitioning=[Day("c")])


@pytest.mark.parametrize("second", [Day("c"), Month("c")])
def test_refuses_the_same_time_twice(second: PartitionTransform) -> None:
    with pytest.raises(ContractError, match="is partitioned twice by 'c'"):
        orders(Column(name="c", type="date"), partitioning=[Day("c"), second])


def test_a_column_may_have_a_bucket_beside_a_time() -> None:
    both = (Day("c"), Bucket("c", 4))
    assert orders(Column(name="c", type="date"), partitioning=both).partitioning == both


def test_a_masked_copy_is_not_partitioned_by_what_it_masks() -> None:
    columns = [Column(name="c", type="date"), Column(name="email", type="string", classification="restricted")]
    people = orders(*columns, partitioning=[Day("c"), Bucket("email", 4)])
    assert people.masked().partitioning == (Day("c"),)
