"""Properties of a contract as columns: what is taken over, what is treated otherwise, and what is refused."""

from __future__ import annotations

from typing import Literal

import pytest

from lake_blueprints.contracts import (
    Classifications,
    Column,
    Constraints,
    Contract,
    ContractError,
    Dataset,
    Day,
    Identity,
    Link,
    Masking,
    Note,
)
from lake_blueprints.contracts.column import Part

HEAD = "version: 1.2.0\napiVersion: {version}\nkind: DataContract\nid: orders\nstatus: active\n"


def dataset(properties: str, version: str = "v3.2.0") -> Dataset:
    text = f"{HEAD.format(version=version)}schema: [{{name: orders, properties: [{properties}]}}]"
    return Contract.from_text(text)["orders"]


def column(options: str, version: str = "v3.2.0") -> Column:
    return dataset(f"{{name: x, {options}}}", version).columns[0]


def notes(properties: str) -> list[str]:
    return [str(note) for note in dataset(properties).notes]


def test_takes_over_what_a_property_says() -> None:
    found = column(
        "businessName: The X, description: 'A\n  line', classification: internal, criticalDataElement: true, "
        "tags: [a, b, a], unique: true, required: true, logicalType: string, "
        "authoritativeDefinitions: [{url: 'https://example.com', type: tutorial}]"
    )
    assert found == Column(
        name="x",
        type="string",
        business_name="The X",
        description="A line",
        classification="internal",
        critical=True,
        tags=("a", "b"),
        unique=True,
        required=True,
        links=(Link(url="https://example.com", type="tutorial"),),
        declared_type="string",
    )


def test_what_is_inside_a_column_keeps_its_words_and_types() -> None:
    found = column(
        "logicalType: object, properties: [{name: City, logicalType: string, physicalType: VARCHAR(20), "
        "description: 'Where', businessName: Town}, {name: Tags, logicalType: array, "
        "items: {logicalType: string, classification: pii}}]"
    )
    assert found.declared_type == "object"
    assert found.parts == (
        Part(path=".City", declared_type="string, VARCHAR(20)", description="Where", business_name="Town"),
        Part(path=".Tags", declared_type="array"),
        Part(path=".Tags[]", declared_type="string", classification="pii"),
    )


def test_the_physical_name_is_what_records_call_a_column() -> None:
    found = column("physicalName: TXN-Ref, logicalType: string")
    assert (found.name, found.source) == ("txn_ref", "TXN-Ref")


def test_a_name_of_300_characters_is_shortened_with_a_warning() -> None:
    long = "a" * 300
    found = dataset(f"{{name: {long}, logicalType: string}}")
    assert len(found.columns[0].name) == 127
    assert found.columns[0].source == long
    assert [(note.place, note.warning) for note in found.notes] == [("schema[0].properties[0]", True)]
    assert "of 300 characters is longer than 127; it becomes 'aaa" in found.notes[0].text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            "logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 9, multipleOf: 2}",
            Constraints(minimum=1, maximum=9, multiple_of=2),
        ),
        (
            "logicalType: number, logicalTypeOptions: {exclusiveMinimum: 0.5, exclusiveMaximum: 9.5}",
            Constraints(exclusive_minimum=0.5, exclusive_maximum=9.5),
        ),
        (
            "logicalType: string, logicalTypeOptions: {minLength: 1, maxLength: 9, pattern: '^[A-Z]+$'}",
            Constraints(min_length=1, max_length=9, pattern="^[A-Z]+$"),
        ),
        (
            "logicalType: date, logicalTypeOptions: {minimum: 2024-02-29}",
            Constraints(minimum="2024-02-29"),
        ),
        (
            "logicalType: timestamp, logicalTypeOptions: {maximum: 2024-02-29T23:59:59Z}",
            Constraints(maximum="2024-02-29T23:59:59Z"),
        ),
        ("logicalType: string, enum: [{value: a}, {value: b, label: B}, {value: null}]", Constraints(enum=("a", "b"))),
        ("logicalType: string, enum: [{value: null}]", Constraints()),
    ],
)
def test_reads_constraints(options: str, expected: Constraints) -> None:
    assert column(options).constraints == expected


@pytest.mark.parametrize(
    ("flag", "expected"),
    [("true", Constraints(exclusive_minimum=5, maximum=9)), ("false", Constraints(minimum=5, maximum=9))],
)
def test_in_v3_0_an_exclusive_bound_is_a_flag(flag: str, expected: Constraints) -> None:
    options = f"logicalType: integer, logicalTypeOptions: {{minimum: 5, maximum: 9, exclusiveMinimum: {flag}}}"
    assert column(options, "v3.0.2").constraints == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "logicalType: date, logicalTypeOptions: {minimum: 2024-02-30}",
            "schema[0].properties[0].logicalTypeOptions.minimum: '2024-02-30' is not in the calendar",
        ),
        (
            "logicalType: timestamp, logicalTypeOptions: {maximum: 2024-01-31T25:00:00}",
            "schema[0].properties[0].logicalTypeOptions.maximum: '2024-01-31T25:00:00' is not in the calendar",
        ),
        (
            "logicalType: integer, logicalTypeOptions: {minimum: 5, maximum: 1}",
            "schema[0].properties[0].logicalTypeOptions: no value meets both the minimum 5 and the maximum 1; "
            "correct one of them",
        ),
        (
            "logicalType: number, logicalTypeOptions: {minimum: 1, exclusiveMaximum: 1}",
            "schema[0].properties[0].logicalTypeOptions: no value meets both the minimum 1 and the exclusive "
            "maximum 1; correct one of them",
        ),
        (
            "logicalType: string, logicalTypeOptions: {minLength: 9, maxLength: 2}",
            "schema[0].properties[0].logicalTypeOptions: no value meets both the least length 9 and the greatest "
            "length 2; correct one of them",
        ),
        (
            "logicalType: string, logicalTypeOptions: {pattern: '['}",
            "schema[0].properties[0].logicalTypeOptions.pattern: '[' is not a regular expression",
        ),
    ],
)
def test_refuses_what_no_value_can_be_compared_with(options: str, message: str) -> None:
    with pytest.raises(ContractError) as raised:
        column(options)
    assert str(raised.value) == message


def test_a_bound_that_is_no_iso_date_is_left_out_with_a_warning() -> None:
    found = dataset("{name: x, logicalType: date, logicalTypeOptions: {minimum: today}}")
    assert found.columns[0].constraints == Constraints()
    assert found.notes == (
        Note(
            place="schema[0].properties[0].logicalTypeOptions.minimum",
            text="'today' is not an ISO 8601 date, so values are not compared with it",
            warning=True,
        ),
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("dd.MM.yyyy", "dd.MM.yyyy"),
        ("yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm"),
        ("yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-dd'T'HH:mm:ssZ"),
        ("YYYY-MM-DD", "yyyy-MM-dd"),
        ("date-time", None),
        ("ISO 8601", None),
        ("'%Y-%m-%d'", None),
        ("unix", None),
    ],
)
def test_reads_the_pattern_of_moments_as_spark_does(given: str, read: str | None) -> None:
    quoted = given if given.startswith("'") else f'"{given}"'
    assert column(f"logicalType: timestamp, logicalTypeOptions: {{format: {quoted}}}").format == read


@pytest.mark.parametrize(("given", "read"), [("Europe/Paris", "Europe/Paris"), ("Etc/UTC", None), ("UTC", None)])
def test_reads_the_zone_of_times_that_say_none(given: str, read: str | None) -> None:
    assert column(f"logicalType: timestamp, logicalTypeOptions: {{defaultTimezone: {given}}}").time_zone == read


def test_warns_of_patterns_and_time_zones_that_are_not_read() -> None:
    options = "{name: x, logicalType: timestamp, logicalTypeOptions: {format: unix, defaultTimezone: Mars/Base}}"
    place = "schema[0].properties[0].logicalTypeOptions"
    assert notes(options) == [
        f"{place}.format: 'unix' is not a pattern of Java's DateTimeFormatter; values are read as ISO 8601",
        f"{place}.defaultTimezone: 'Mars/Base' is no time zone such as 'Europe/Berlin'; times without an offset are "
        "read as UTC",
    ]
    assert notes("{name: x, logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Etc/UTC}}") == []


@pytest.mark.parametrize("word", ["redact", "hash", "drop", "none"])
def test_the_contract_says_how_a_column_is_masked(word: str) -> None:
    found = column(f"logicalType: string, customProperties: [{{property: masking, value: {word}}}]")
    assert found.masking is Masking(word)


def test_an_unknown_masking_is_redacted_with_a_warning() -> None:
    found = dataset("{name: x, logicalType: string, customProperties: [{property: masking, value: blur}]}")
    assert found.columns[0].masking is Masking.REDACT
    assert found.notes[0].text == "masking 'blur' is not one of redact, hash, drop, none; it is redacted"


@pytest.mark.parametrize(
    "inner",
    [
        "logicalType: object, properties: [{name: a, logicalType: string, classification: restricted}]",
        "logicalType: array, items: {logicalType: string, classification: restricted}",
        "logicalType: map, map: {key: {logicalType: string}, "
        "value: {logicalType: object, properties: [{name: a, logicalType: string, classification: restricted}]}}",
    ],
    ids=["object", "array", "map"],
)
def test_a_column_is_restricted_if_a_part_of_it_is(inner: str) -> None:
    found = dataset(f"{{name: x, classification: internal, {inner}}}")
    assert found.columns[0].classification == "restricted"
    assert found.restricted_columns == found.columns
    assert "the whole column 'x' is restricted, since a part of it is" in [note.text for note in found.notes]


def test_keys_inside_a_column_are_ignored_with_a_warning() -> None:
    found = dataset("{name: x, logicalType: object, properties: [{name: a, logicalType: string, primaryKey: true}]}")
    assert found.primary_key == ()
    assert str(found.notes[0]) == (
        "schema[0].properties[0].properties[0].primaryKey: is ignored inside a column; only a whole column can be a key"
    )


def test_notes_what_inside_a_column_is_not_checked() -> None:
    found = dataset("{name: x, logicalType: object, properties: [{name: a, logicalType: string, required: true}]}")
    assert found.notes == (
        Note(place="schema[0].properties[0]", text="inside 'x' only types are checked, not required"),
    )


def test_a_type_that_has_no_equal_is_a_warning() -> None:
    assert notes("{name: x, physicalType: INTERVAL}")[0].startswith("schema[0].properties[0]: 'x' becomes string: ")
    assert dataset("{name: x, physicalType: INTERVAL}").notes[0].warning


def test_notes_deprecated_columns() -> None:
    found = dataset("{name: x, logicalType: string, deprecated: true}")
    assert found.notes == (Note(place="schema[0].properties[0]", text="'x' is deprecated"),)


@pytest.mark.parametrize("kind", ["timestamp", "number", "boolean"])
def test_a_partition_key_without_a_folder_is_left_out_with_a_warning(kind: str) -> None:
    found = dataset(f"{{name: a, logicalType: string}}, {{name: x, logicalType: {kind}, partitioned: true}}")
    assert found.partition_keys == ()
    assert found.notes[0].place == "schema[0].properties[1].partitioned"
    assert "so the data is not partitioned by it; partition by a string" in found.notes[0].text


def test_the_last_column_is_no_partition_key() -> None:
    both = (
        "{name: a, logicalType: string, partitioned: true, partitionKeyPosition: 2}, "
        "{name: b, logicalType: string, partitioned: true, partitionKeyPosition: 1}"
    )
    assert dataset(both).partition_keys == ("b",)
    assert dataset(both).notes[0].place == "schema[0].properties[0].partitioned"


def test_a_measure_is_no_column() -> None:
    found = dataset("{name: total, logicalType: number, semanticType: measure}, {name: x, logicalType: string}")
    assert found.column_names == ("x",)
    assert [str(note) for note in found.notes] == [
        "schema[0].properties[0]: 'total' is a measure, which is computed when it is asked for: it is no column"
    ]


@pytest.mark.parametrize(
    ("options", "note"),
    [
        (
            "logicalType: array, items: {logicalType: string}, logicalTypeOptions: {minItems: 1, uniqueItems: true}",
            "schema[0].properties[0].logicalTypeOptions: minItems, uniqueItems: not checked",
        ),
        (
            "logicalType: string, logicalTypeOptions: {format: email}",
            "schema[0].properties[0].logicalTypeOptions.format: that the text is of the format 'email' is not checked",
        ),
    ],
)
def test_notes_what_is_not_checked(options: str, note: str) -> None:
    assert notes(f"{{name: x, {options}}}") == [note]


@pytest.mark.parametrize("value", ["true", "'True'"])
def test_a_column_is_restricted_if_a_custom_property_calls_it_pii(value: str) -> None:
    found = dataset(f"{{name: x, logicalType: string, customProperties: [{{property: pii, value: {value}}}]}}")
    assert found.restricted_columns == found.columns
    assert [str(note) for note in found.notes] == [
        "schema[0].properties[0]: 'x' is restricted, since its custom property 'pii' says so"
    ]


def test_a_column_is_not_restricted_if_a_custom_property_says_that_it_is_no_pii() -> None:
    found = dataset("{name: x, logicalType: string, customProperties: [{property: pii, value: 'false'}]}")
    assert (found.restricted_columns, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ("tags: [finance, PII]", "its tag 'PII'"),
        ("classification: public, tags: ['sensitivity:secret']", "its tag 'sensitivity:secret'"),
        ("customProperties: [{property: isPersonalData, value: true}]", "its custom property 'isPersonalData'"),
        (
            "customProperties: [{property: dataClassification, value: secret}]",
            "its custom property 'dataClassification'",
        ),
        ("encryptedName: x_encrypted", "its encryptedName 'x_encrypted'"),
    ],
)
def test_a_column_is_restricted_by_whatever_says_so(options: str, source: str) -> None:
    found = dataset(f"{{name: x, logicalType: string, {options}}}")
    assert found.restricted_columns == found.columns
    assert [str(note) for note in found.notes] == [
        f"schema[0].properties[0]: 'x' is restricted, since {source} says so"
    ]


@pytest.mark.parametrize(
    "options",
    [
        "criticalDataElement: true",
        "tags: [finance, 'non-pii', 'cost-center:1234']",
        "classification: internal, encryptedName: x_encrypted",
        "customProperties: [{property: pii, value: true}, {property: masking, value: none}]",
    ],
)
def test_a_column_is_not_restricted_by_what_says_nothing_about_who_may_see_it(options: str) -> None:
    found = dataset(f"{{name: x, logicalType: string, {options}}}")
    assert (found.restricted_columns, found.notes) == ((), ())


PARTS = [
    "logicalType: string, classification: Green",
    "logicalType: object, properties: [{name: a, logicalType: string, classification: Green}]",
    "logicalType: array, items: {logicalType: string, classification: Green}",
]


@pytest.mark.parametrize("options", PARTS)
@pytest.mark.parametrize(("unknown", "restricted"), [("restrict", "restricted"), ("allow", "not restricted")])
def test_a_classification_that_is_not_known_is_a_warning(
    options: str, unknown: Literal["restrict", "allow"], restricted: str
) -> None:
    text = f"{HEAD.format(version='v3.2.0')}schema: [{{name: orders, properties: [{{name: x, {options}}}]}}]"
    found = Contract.from_text(text, classifications=Classifications(unknown_classification=unknown))["orders"]
    assert bool(found.restricted_columns) == (unknown == "restrict")
    assert [(note.place, note.text, note.warning) for note in found.notes] == [
        (
            "schema[0].properties[0].classification",
            f"classification 'Green' is neither known nor declared, so 'x' is {restricted}; use a known word, or "
            "declare yours as harmless or restricted: docs/governance.md",
            True,
        )
    ]


@pytest.mark.parametrize("options", PARTS)
def test_an_own_level_is_known(options: str) -> None:
    text = f"{HEAD.format(version='v3.2.0')}schema: [{{name: orders, properties: [{{name: x, {options}}}]}}]"
    for levels, restricted in ((Classifications(harmless="Green"), False), (Classifications(restricted="Green"), True)):
        found = Contract.from_text(text, classifications=levels)["orders"]
        assert bool(found.restricted_columns) == restricted
        assert not any("not known" in note.text or "declared" in note.text for note in found.notes)


def test_a_part_may_be_restricted_by_a_tag() -> None:
    found = dataset("{name: x, logicalType: array, items: {logicalType: string, tags: [pii]}}")
    assert found.restricted_columns == found.columns
    assert [note.text for note in found.notes] == ["the whole column 'x' is pii, since a part of it is"]


@pytest.mark.parametrize(
    ("digits", "compiled"),
    [
        ("{property: precision, value: 6}, {property: scale, value: 2}", "decimal(6,2)"),
        ("{property: precision, value: '6'}", "decimal(6,0)"),
        ("{property: precision, value: many}", "decimal(38,18)"),
    ],
)
def test_reads_digits_that_are_custom_properties(digits: str, compiled: str) -> None:
    assert str(column(f"logicalType: number, physicalType: decimal, customProperties: [{digits}]").type) == compiled


def test_a_time_of_day_is_not_compared() -> None:
    found = dataset("{name: x, logicalType: time, logicalTypeOptions: {minimum: '08:00'}}")
    assert found.columns[0].constraints == Constraints()
    assert str(found.notes[-1]) == (
        "schema[0].properties[0].logicalTypeOptions.minimum: a time of day is kept as text, so it is not compared"
    )


def test_a_long_type_is_shortened_in_a_note() -> None:
    fields = ", ".join(f"{{name: field_{number}, physicalType: INTERVAL}}" for number in range(9))
    text = dataset(f"{{name: x, logicalType: object, properties: [{fields}]}}").notes[0].text
    assert text.startswith("'x' becomes struct<field_0:string,field_1:string,field_2:string,field_3:…: ")


def test_notes_a_pattern_that_is_read_otherwise() -> None:
    place = "schema[0].properties[0].logicalTypeOptions.format"
    changed = dataset("{name: x, logicalType: date, logicalTypeOptions: {format: YYYY-MM-DD}}")
    assert changed.notes == (Note(place=place, text="'YYYY-MM-DD' is read as yyyy-MM-dd"),)
    assert notes("{name: x, logicalType: date, logicalTypeOptions: {format: yyyy-MM-dd}}") == []


TRANSFORMED = (
    "{name: at, logicalType: timestamp, partitioned: true, partitionKeyPosition: 2, "
    "customProperties: [{property: partitionTransform, value: day}]}"
)


def test_a_transform_partitions_iceberg_tables_alone() -> None:
    found = dataset(
        f"{TRANSFORMED}, {{name: country, logicalType: string, partitioned: true, partitionKeyPosition: 1}}"
    )
    assert found.partition_keys == ("country",)
    assert found.partitioning == (Identity("country"), Day("at"))
    assert not found.column("at").required
    assert [note.text for note in found.notes] == ["'at' partitions Iceberg tables alone, by its day"]


def test_partition_keys_alone_need_no_transforms() -> None:
    found = dataset("{name: a, logicalType: string}, {name: b, logicalType: string, partitioned: true}")
    assert (found.partition_keys, found.partitioning) == (("b",), ())


def test_identity_is_the_transform_of_a_plain_partition_key() -> None:
    keyed = (
        "{name: b, logicalType: string, partitioned: true, "
        "customProperties: [{property: partitionTransform, value: identity}]}"
    )
    found = dataset(f"{{name: a, logicalType: string}}, {keyed}")
    assert (found.partition_keys, found.partitioning) == (("b",), ())


def test_a_transform_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ContractError, match="the partition transform of 'at' must be one of identity"):
        dataset(TRANSFORMED.replace("value: day", "value: weekly"))


@pytest.mark.parametrize("given", ["7", "'7'"])
def test_takes_over_a_field_id(given: str) -> None:
    assert column(f"logicalType: string, customProperties: [{{property: fieldId, value: {given}}}]").field_id == 7


@pytest.mark.parametrize("given", ["true", "seven", "1.5"])
def test_a_field_id_that_is_no_number_is_an_error(given: str) -> None:
    with pytest.raises(ContractError, match="fieldId must be a whole number, got"):
        column(f"logicalType: string, customProperties: [{{property: fieldId, value: {given}}}]")
