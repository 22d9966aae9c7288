"""Masking: what becomes of restricted columns, keys and promises in a masked copy."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import (
    Column,
    Constraints,
    ContractError,
    Dataset,
    Masking,
    Metric,
    QualityRule,
    Relationship,
)


def secret(name: str, kind: str = "string", masking: Masking = Masking.REDACT, **more: Any) -> Column:
    return Column(name=name, type=kind, classification="restricted", masking=masking, **more)


def passengers(*columns: Column, **more: Any) -> Dataset:
    return Dataset(name="passengers", columns=[*columns, Column(name="seat", type="string")], **more)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (secret("x"), "string"),
        (secret("x", "bigint"), "bigint"),
        (secret("x", "binary"), "binary"),
        (secret("x", "struct<a:int>"), "struct<a:int>"),
        (secret("x", "bigint", Masking.HASH), "string"),
        (secret("x", "array<int>", Masking.HASH), "string"),
        (secret("x", "bigint", Masking.NONE), "bigint"),
    ],
)
def test_the_masked_type_holds_the_masked_value(column: Column, expected: str) -> None:
    masked = column.masked()
    assert masked is not None
    assert str(masked.type) == expected
    assert not masked.restricted


def test_masked_text_is_as_wide_as_what_it_can_be() -> None:
    redacted, hashed = secret("x").masked(), secret("x", masking=Masking.HASH).masked()
    assert redacted is not None and hashed is not None
    # Redshift counts bytes; UTF-8 has at most four for a character.
    assert (redacted.type.redshift, hashed.type.redshift) == ("varchar(12)", "varchar(256)")


def test_rules_about_values_do_not_outlive_the_values() -> None:
    column = secret("x", required=True, unique=True, constraints=Constraints(max_length=2), source="X-Name")
    redacted = column.masked()
    assert redacted is not None
    assert (redacted.required, redacted.unique, redacted.constraints) == (False, False, Constraints())
    # What the source calls it is still worth knowing.
    assert (redacted.source, redacted.classification, redacted.description) == ("X-Name", "masked", "Redacted.")


def test_a_hash_is_still_required_and_unique() -> None:
    hashed = secret("x", masking=Masking.HASH, required=True, unique=True, description="Ticket.").masked()
    assert hashed is not None
    assert (hashed.required, hashed.unique, hashed.description) == (True, True, "Ticket. Hashed.")


def test_a_dropped_column_is_not_in_the_masked_dataset() -> None:
    masked = passengers(secret("name", masking=Masking.DROP), secret("phone")).masked()
    assert masked.column_names == ("phone", "seat")
    assert masked.restricted_columns == ()


def test_a_dataset_without_restricted_columns_is_its_own_masked_copy() -> None:
    dataset = passengers(Column(name="id", type="int"))
    assert dataset.masked() is dataset


@pytest.mark.parametrize(
    ("masking", "key"),
    [(Masking.HASH, ("ticket",)), (Masking.REDACT, ()), (Masking.DROP, ()), (Masking.NONE, ("ticket",))],
)
def test_a_primary_key_stays_one_only_if_it_still_tells_rows_apart(masking: Masking, key: tuple[str, ...]) -> None:
    dataset = passengers(secret("ticket", masking=masking), secret("name"), primary_key=["ticket"])
    assert dataset.masked().primary_key == key


def test_quality_rules_and_relationships_of_restricted_columns_stay_with_the_full_data() -> None:
    seat = Relationship(columns=("seat",), dataset="seats", references=("id",))
    name = Relationship(columns=("name",), dataset="people", references=("id",))
    rule = QualityRule(place="schema[0]", kind="library", metric=Metric.ROW_COUNT)
    masked = passengers(secret("name"), relationships=[seat, name], quality=[rule]).masked()
    assert masked.relationships == (seat,)
    assert masked.quality == ()


def test_refuses_a_restricted_partition_key_whose_values_are_in_the_path() -> None:
    with pytest.raises(ContractError, match=r"partition key 'country' .* is restricted.*names of folders.*'none'"):
        passengers(secret("country"), partition_keys=["country"]).masked()


def test_refuses_to_drop_everything() -> None:
    dataset = Dataset(
        name="d",
        columns=[secret("x", masking=Masking.DROP), Column(name="day", type="date")],
        partition_keys=["day"],
    )
    with pytest.raises(ContractError, match="masking drops every column of dataset 'd' but its partition keys; hash"):
        dataset.masked()
