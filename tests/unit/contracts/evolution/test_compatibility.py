"""Compatibility of changes to a dataset, and the version that they require."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import fields

from lake_blueprints.contracts import (
    AccessRole,
    Bucket,
    Column,
    Comparison,
    Constraints,
    Dataset,
    DatasetFormat,
    Day,
    Governance,
    Link,
    Masking,
    Metric,
    Month,
    Placement,
    QualityRule,
    Relationship,
    ScalarType,
    ServiceLevels,
    Severity,
    StructType,
)
from lake_blueprints.contracts.column import Part
from lake_blueprints.contracts.evolution import Bump, Change, compare, judge


def orders(*columns: Column, **options: Any) -> Dataset:
    return Dataset(name="orders", columns=[Column(name="id", type="bigint"), *columns], **options)


def changes(old: Dataset, new: Dataset) -> list[tuple[str, str, Bump]]:
    return [(change.place, change.kind, change.needs) for change in compare([old], [new])]


def column(kind: str, **options: Any) -> Column:
    return Column(name="c", type=kind, **options)


def test_the_same_dataset_has_no_changes() -> None:
    assert compare([orders(column("int"))], [orders(column("int"))]) == []


def test_datasets_come_and_go() -> None:
    (gone,) = compare([orders()], [])
    assert (gone.place, gone.kind, gone.breaking, gone.columns) == ("orders", "dataset dropped", True, ("id",))
    (added,) = compare([], [orders()])
    assert (added.kind, added.needs) == ("dataset added", Bump.MINOR)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (orders(), orders(column("int")), ("column added", Bump.MINOR)),
        (orders(), orders(column("int", required=True)), ("required column added", Bump.MAJOR)),
        (orders(column("int")), orders(), ("column dropped", Bump.MAJOR)),
        (orders(column("int")), orders(Column(name="d", type="int")), ("column renamed", Bump.MAJOR)),
    ],
)
def test_columns_come_and_go(old: Dataset, new: Dataset, expected: tuple[str, Bump]) -> None:
    assert changes(old, new) == [("orders.c", *expected)]


def test_a_column_of_another_type_in_another_place_is_no_renamed_one() -> None:
    old, new = (
        orders(column("int"), Column(name="z", type="date")),
        orders(Column(name="z", type="date"), column("int")),
    )
    assert changes(old, new) == []
    moved = orders(Column(name="z", type="date"), Column(name="d", type="string"))
    assert [kind for _, kind, _ in changes(old, moved)] == ["column dropped", "column added"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tinyint", "smallint"),
        ("smallint", "bigint"),
        ("int", "bigint"),
        ("float", "double"),
        ("decimal(10,2)", "decimal(12,2)"),
        ("decimal(10,2)", "decimal(12,4)"),
        ("varchar(10)", "varchar(20)"),
        ("varchar(10)", "string"),
    ],
)
def test_a_wider_type_is_compatible_and_the_way_back_is_not(old: str, new: str) -> None:
    assert changes(orders(column(old)), orders(column(new))) == [("orders.c", "type widened", Bump.MINOR)]
    assert changes(orders(column(new)), orders(column(old))) == [("orders.c", "type narrowed", Bump.MAJOR)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int", "string"),
        ("int", "double"),
        ("bigint", "decimal(38,0)"),
        ("date", "timestamp"),
        # One digit less before the point.
        ("decimal(10,2)", "decimal(10,3)"),
        ("int", "array<int>"),
        ("array<int>", "map<string,int>"),
    ],
)
def test_another_type_breaks(old: str, new: str) -> None:
    assert changes(orders(column(old)), orders(column(new))) == [("orders.c", "type changed", Bump.MAJOR)]


@pytest.mark.parametrize(
    ("old", "new", "place", "kind", "needs"),
    [
        ("struct<a:int>", "struct<a:int,b:string>", "orders.c.b", "field added", Bump.MINOR),
        ("struct<a:int,b:string>", "struct<a:int>", "orders.c.b", "field dropped", Bump.MAJOR),
        ("struct<a:int>", "struct<a:bigint>", "orders.c.a", "type widened", Bump.MINOR),
        ("array<struct<a:bigint>>", "array<struct<a:int>>", "orders.c[].a", "type narrowed", Bump.MAJOR),
        ("map<string,int>", "map<string,bigint>", "orders.c.value", "type widened", Bump.MINOR),
        ("map<int,int>", "map<string,int>", "orders.c.key", "type changed", Bump.MAJOR),
    ],
)
def test_fields_inside_columns_are_compared_likewise(old: str, new: str, place: str, kind: str, needs: Bump) -> None:
    (change,) = compare([orders(column(old))], [orders(column(new))])
    assert (change.place, change.kind, change.needs, change.columns) == (place, kind, needs, ("c",))


def rule(**options: Any) -> Column:
    return column("int", constraints=Constraints(**options))


@pytest.mark.parametrize(
    ("looser", "tighter"),
    [
        (column("int"), column("int", required=True)),
        (column("int"), column("int", unique=True)),
        (rule(), rule(minimum=0)),
        (rule(minimum=0), rule(minimum=1)),
        (rule(minimum=0), rule(exclusive_minimum=0)),
        (rule(maximum=9), rule(maximum=8)),
        (rule(maximum=9), rule(exclusive_maximum=9)),
        (rule(min_length=1), rule(min_length=2)),
        (rule(max_length=9), rule(max_length=3)),
        (rule(pattern=None), rule(pattern="[A-Z]")),
        (rule(multiple_of=5), rule(multiple_of=10)),
        (rule(enum=("a", "b")), rule(enum=("a",))),
        (rule(), rule(enum=("a",))),
        (column("string", classification="public"), column("string", classification="restricted")),
    ],
)
def test_a_looser_rule_is_compatible_and_a_tighter_one_breaks(looser: Column, tighter: Column) -> None:
    assert [kind for _, kind, _ in changes(orders(tighter), orders(looser))][:1] == ["rule loosened"]
    found = compare([orders(looser)], [orders(tighter)])
    assert (found[0].kind, found[0].breaking) == ("rule tightened", True)


def test_another_pattern_or_a_bound_of_another_kind_counts_as_tighter() -> None:
    assert compare([orders(rule(pattern="a"))], [orders(rule(pattern="[ab]"))])[0].breaking
    assert compare([orders(rule(minimum=1))], [orders(rule(minimum="2020-01-01"))])[0].breaking
    both = rule(minimum=1, exclusive_minimum="2020-01-01")
    assert compare([orders(rule())], [orders(both)])[0].breaking


BOTH_WAYS = {"primary key changed", "partitioning changed", "format changed", "retention column changed"}


def test_a_bound_that_is_given_in_other_words_is_the_same() -> None:
    assert changes(orders(rule(minimum=1, exclusive_minimum=0)), orders(rule(minimum=1))) == []


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ({}, {"primary_key": ["id"]}, "primary key changed"),
        ({"partition_keys": ["c"]}, {}, "partitioning changed"),
        ({}, {"format": DatasetFormat.CSV}, "format changed"),
        ({"format": "csv"}, {"format": "csv", "delimiter": ";"}, "delimiter changed"),
        ({"service_levels": ServiceLevels(retention=timedelta(days=90))},
         {"service_levels": ServiceLevels(retention=timedelta(days=30))}, "promise weakened"),
        ({"service_levels": ServiceLevels(retention=timedelta(days=90), retention_by="day")},
         {"service_levels": ServiceLevels(retention=timedelta(days=90), retention_by="sent")},
         "retention column changed"),
        ({"service_levels": ServiceLevels(latency=timedelta(hours=1))},
         {"service_levels": ServiceLevels(latency=timedelta(hours=2))}, "promise weakened"),
        ({"roles": [AccessRole(name="r")]}, {}, "role dropped"),
        ({"roles": [AccessRole(name="r", access="read_write")]}, {"roles": [AccessRole(name="r")]}, "role changed"),
        ({}, {"relationships": [Relationship(columns=("c",), dataset="d", references=("id",))]}, "rule tightened"),
        ({}, {"quality": [QualityRule(place="q", kind="sql", query="select 1")]}, "rule tightened"),
    ],
)  # fmt: skip
def test_keys_formats_promises_and_roles_break(old: dict[str, Any], new: dict[str, Any], kind: str) -> None:
    (change,) = compare([orders(column("int"), **old)], [orders(column("int"), **new)])
    assert (change.kind, change.breaking) == (kind, True)
    if "delimiter" not in new:
        # The other way round nobody has to do anything, but for what is laid out otherwise.
        (back,) = compare([orders(column("int"), **new)], [orders(column("int"), **old)])
        assert back.breaking is (kind in BOTH_WAYS)


def test_reading_another_field_or_format_of_the_records_breaks() -> None:
    assert changes(orders(column("int")), orders(column("int", source="C"))) == [
        ("orders.c", "source changed", Bump.MAJOR)
    ]
    assert changes(orders(column("date")), orders(column("date", format="dd.MM.yyyy"))) == [
        ("orders.c", "source changed", Bump.MAJOR)
    ]


def at_most(value: float, **options: Any) -> QualityRule:
    comparison = Comparison(operator="mustBeLessThan", value=value)
    return QualityRule(
        place="q", kind="library", column="c", metric=Metric.NULL_VALUES, comparison=comparison, **options
    )


@pytest.mark.parametrize(
    ("old", "new", "breaking"),
    [
        (at_most(5), at_most(10), False),
        (at_most(10), at_most(5), True),
        (at_most(5, severity=Severity.ERROR), at_most(5, severity=Severity.WARNING), False),
        (at_most(5, severity=Severity.INFO), at_most(5, severity=Severity.WARNING), True),
        (at_most(5), at_most(5, unit="percent"), True),
    ],
)
def test_quality_rules_are_compared_by_their_bounds_and_severity(
    old: QualityRule, new: QualityRule, breaking: bool
) -> None:
    (change,) = compare([orders(column("int"), quality=[old])], [orders(column("int"), quality=[new])])
    assert (change.breaking, change.columns) == (breaking, ("c",))


def test_a_new_rule_that_is_only_reported_breaks_nobody() -> None:
    (change,) = compare([orders()], [orders(quality=[QualityRule(place="q", kind="text", description="good")])])
    assert (change.kind, change.needs) == ("rule added", Bump.MINOR)


def test_words_need_no_minor_version() -> None:
    old, new = orders(column("int")), orders(column("int", description="new"), governance=Governance(team="flights"))
    assert [needs for _, _, needs in changes(old, new)] == [Bump.PATCH, Bump.PATCH]


def test_another_masking_of_a_restricted_column_breaks() -> None:
    old, new = (
        orders(column("string", classification="pii", masking=masking)) for masking in (Masking.HASH, Masking.DROP)
    )
    assert changes(old, new) == [("orders.c", "masking changed", Bump.MAJOR)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "text"),
    [
        ("public", "internal", "classification changed", "public → internal"),
        (None, "internal", "classification changed", "none → internal"),
        ("pii", "secret", "classification changed", "pii → secret"),
        ("public", "pii", "rule tightened", "it is now restricted: public → pii"),
        ("Highly-Restricted", None, "rule loosened", "it is no longer restricted: Highly-Restricted → none"),
    ],
)
def test_another_classification_is_seen(old: str | None, new: str | None, kind: str, text: str) -> None:
    (change,) = compare(*([orders(column("int", classification=word))] for word in (old, new)))
    assert (change.kind, change.text) == (kind, text)


def test_another_classification_of_a_dataset_is_seen() -> None:
    (change,) = compare([orders(classification="public")], [orders(classification="internal")])
    assert (change.kind, change.text) == ("classification changed", "public → internal")


def needing(*needs: Bump) -> list[Change]:
    return [Change(kind="k", dataset="d", place="d", text="t", needs=need) for need in needs]


@pytest.mark.parametrize(
    ("old", "new", "needs", "problem"),
    [
        ("1.2.3", "2.0.0", Bump.MAJOR, None),
        ("1.2.3", "1.9.0", Bump.MAJOR, "error: 1 breaking change needs version 2.0.0 or later, got 1.9.0"),
        ("1.2.3", "1.3.0", Bump.MINOR, None),
        ("1.2.3", "1.2.4", Bump.MINOR, "warning: 1 compatible change needs version 1.3.0 or later, got 1.2.4"),
        ("1.2.3", "1.2.4", Bump.PATCH, None),
        ("1.2.3", "1.2.3", Bump.PATCH, "warning: 1 editorial change needs version 1.2.4 or later, got 1.2.3"),
        ("1", "v2.0.0-rc.1+build", Bump.MAJOR, None),
        ("latest", "2.0.0", Bump.MAJOR, "error: 'latest' is not semantic; use three numbers, such as 1.0.0"),
        ("1.0.0", "2024-01-31", Bump.MINOR, "warning: '2024-01-31' is not semantic; use three numbers, such as 1.0.0"),
    ],
)
def test_the_version_says_what_changed(old: str, new: str, needs: Bump, problem: str | None) -> None:
    found = judge(old, new, needing(needs))
    assert (found and f"{found.severity}: {found.message}") == problem


def test_without_changes_any_version_will_do() -> None:
    assert judge("2.0.0", "latest", []) is None


def test_several_changes_need_what_the_gravest_one_needs() -> None:
    found = judge("1.0.0", "1.1.0", needing(Bump.MINOR, Bump.MAJOR, Bump.MAJOR))
    assert found is not None
    assert found.message == "2 breaking changes need version 2.0.0 or later, got 1.1.0"


COLUMN = {
    "type": "bigint",
    "source": "C",
    "required": True,
    "unique": True,
    "format": "yyyy",
    "time_zone": "Europe/Berlin",
    "description": "d",
    "classification": "internal",
    "constraints": Constraints(minimum=1),
    "critical": True,
    "tags": ("t",),
    "business_name": "b",
    "links": (Link(url="u", type="t"),),
    "declared_type": "integer, NUMBER(10)",
    "parts": (Part(path=".a", description="d"),),
    "field_id": 7,
}
DATASET = {
    "primary_key": ["id"],
    "partition_keys": ["c"],
    "partitioning": [Bucket("c", 16)],
    "format": "csv",
    "description": "d",
    "classification": "internal",
    "quality": [QualityRule(place="q", kind="text")],
    "relationships": [Relationship(columns=("c",), dataset="d", references=("id",))],
    "service_levels": ServiceLevels(schedule="0 5 * * *"),
    "roles": [AccessRole(name="r")],
    "placements": [Placement(server="s", type="s3", properties={"location": "s3://a/"})],
    "governance": Governance(team="t"),
}


@pytest.mark.parametrize("name", COLUMN)
def test_whatever_is_said_about_a_column_is_compared(name: str) -> None:
    options: dict[str, Any] = {"name": "c", "type": "int", name: COLUMN[name]}
    assert len(compare([orders(column("int"))], [orders(Column(**options))])) == 1


@pytest.mark.parametrize("name", DATASET)
def test_whatever_is_said_about_a_dataset_is_compared(name: str) -> None:
    assert len(compare([orders(column("int"))], [orders(column("int"), **{name: DATASET[name]})])) == 1


def test_the_models_say_nothing_else() -> None:
    # Masking counts for restricted columns only, and the delimiter for CSV; both are tested above. How classifications
    # are judged is no statement of a contract.
    assert {item.name for item in fields(Column)} - COLUMN.keys() == {"name", "masking", "classifications"}
    assert {item.name for item in fields(Dataset)} - DATASET.keys() == {
        "name",
        "columns",
        "delimiter",
        "version",
        "notes",
    }


def test_another_hidden_partitioning_breaks_nobody() -> None:
    old, new = (orders(column("date"), partitioning=[one("c")]) for one in (Month, Day))
    assert changes(old, new) == [("orders", "hidden partitioning changed", Bump.MINOR)]


def test_another_field_id_breaks() -> None:
    old, new = (orders(Column(name="c", type="int", field_id=number)) for number in (None, 7))
    assert changes(old, new) == [("orders.c", "field id changed", Bump.MAJOR)]


def test_another_spelling_of_a_field_in_the_source_breaks() -> None:
    old, new = (StructType((("a", ScalarType("int")),), sources=(source,)) for source in ("A", "a"))
    assert changes(orders(Column(name="c", type=old)), orders(Column(name="c", type=new))) == [
        ("orders.c.a", "source changed", Bump.MAJOR)
    ]


def test_a_server_that_names_another_place_breaks() -> None:
    def placed(location: str) -> Dataset:
        return orders(placements=[Placement(server="s", type="s3", properties={"location": location})])

    assert changes(placed("s3://a/"), placed("s3://b/")) == [("orders", "placement changed", Bump.MAJOR)]
