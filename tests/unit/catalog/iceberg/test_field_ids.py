"""Field ids: the same at each synth, apart from each other, and stated where names are not enough."""

from __future__ import annotations

import pytest

from lake_blueprints.catalog.iceberg import field_ids
from lake_blueprints.catalog.iceberg.field_ids import FieldIds
from lake_blueprints.contracts import Bucket, Column, Dataset, Day


def dataset(*columns: Column) -> Dataset:
    return Dataset(name="orders", columns=columns)


def test_an_id_is_that_of_the_name_whatever_other_columns_there_are() -> None:
    # It must never change: files of deployed tables have it.
    columns = [Column(name="id", type="bigint"), Column(name="customer", type="string")]
    assert FieldIds(dataset(*columns)).of_column(columns[1]) == 492713032
    assert FieldIds(dataset(columns[1])).of_column(columns[1]) == 492713032


def test_a_wider_type_is_the_same_column() -> None:
    narrow, wide = (Column(name="n", type=kind) for kind in ("int", "bigint"))
    assert FieldIds(dataset(narrow)).of_column(narrow) == FieldIds(dataset(wide)).of_column(wide)


def test_a_stated_id_keeps_a_renamed_column() -> None:
    renamed = Column(name="buyer", type="string", field_id=492713032)
    assert FieldIds(dataset(renamed)).of_column(renamed) == 492713032


def test_partition_fields_have_a_range_of_their_own() -> None:
    columns = [Column(name=f"c{number}", type="date") for number in range(200)]
    ids = FieldIds(dataset(*columns))
    partitions = {ids.of_partition(Day(column.name)) for column in columns}
    assert len(partitions) == 200
    assert max(partitions) < 2**24 <= min(map(ids.of_column, columns))


def test_the_same_partition_field_has_the_same_id_and_another_transform_another() -> None:
    one, other = (FieldIds(dataset(Column(name="at", type="timestamp"))) for _ in range(2))
    assert one.of_partition(Day("at")) == other.of_partition(Day("at"))
    assert one.of_partition(Bucket("at", 4)) != other.of_partition(Bucket("at", 8))


@pytest.mark.parametrize("number", [0, 1000, 2**24 - 1, 2**30])
def test_refuses_stated_ids_that_a_calculated_one_could_have_or_no_engine_takes(number: int) -> None:
    with pytest.raises(ValueError, match=f"'a' of dataset 'orders' must be 1 to 999, or .* got {number}"):
        FieldIds(dataset(Column(name="a", type="int", field_id=number)))


def test_refuses_one_id_for_two_columns() -> None:
    two = [Column(name=name, type="int", field_id=7) for name in ("a", "b")]
    with pytest.raises(ValueError, match="'a' and 'b' of dataset 'orders' have the field id 7; state another one"):
        FieldIds(dataset(*two))


def test_refuses_names_of_one_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_ids, "_COLUMNS", range(2**24, 2**24 + 1))
    columns = [Column(name=name, type="int") for name in ("a", "b")]
    with pytest.raises(ValueError, match=r"have the field id 16777216; state another one .* 1 to 999"):
        FieldIds(dataset(*columns))
    stated = [columns[0], Column(name="b", type="int", field_id=1)]
    assert FieldIds(dataset(*stated)).of_column(stated[1]) == 1


def test_refuses_parts_of_one_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_ids, "_COLUMNS", range(2**24, 2**24 + 1))
    ids = FieldIds(dataset(Column(name="a", type="array<int>")))
    with pytest.raises(ValueError, match=r"'a' and 'a\.element' of dataset 'orders' have the field id 16777216"):
        ids.of_part("a.element")
