"""Every finding about a contract, with its severity."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_blueprints.contracts import Contract, ContractError
from lake_blueprints.contracts.checking import Finding, check, check_text, check_together

HEAD = "version: 1.2.0\napiVersion: v3.2.0\nkind: DataContract\nid: shop\n"


def test_a_contract_may_leave_nothing_to_say() -> None:
    assert check_text(f"{HEAD}schema: [{{name: a, properties: [{{name: x, logicalType: string}}]}}]") == []


def test_finds_everything_that_breaks_the_standards_schema() -> None:
    text = f"{HEAD}tags: words\nschema: [{{name: a, properties: [{{name: x, logicalType: strin, required: maybe}}]}}]"
    assert {finding.place for finding in check_text(text)} == {
        "tags",
        "schema[0].properties[0].logicalType",
        "schema[0].properties[0].required",
    }
    assert {finding.severity for finding in check_text(text)} == {"error"}


def test_finds_everything_that_a_lake_cannot_hold() -> None:
    text = f"""{HEAD}
schema:
- name: a
  properties:
  - {{name: x, logicalType: date, logicalTypeOptions: {{minimum: 2024-13-01}}}}
  - {{name: y, logicalType: string, logicalTypeOptions: {{pattern: '('}}}}
- name: b
  properties: [{{name: Z-1, logicalType: string}}, {{name: z 1, logicalType: string}}]
"""
    assert check_text(text) == [
        Finding("schema[0].properties[0].logicalTypeOptions.minimum", "'2024-13-01' is not in the calendar"),
        Finding("schema[0].properties[1].logicalTypeOptions.pattern", "'(' is not a regular expression"),
        Finding("schema[1]", "properties 'Z-1' and 'z 1' have the same catalog name 'z_1'; rename one"),
    ]


def test_lists_errors_then_warnings_then_what_is_good_to_know() -> None:
    text = f"""{HEAD}
servers: [{{server: shop, type: db2, host: h, port: 1, database: d}}]
schema:
- name: a
  properties: [{{name: x, logicalType: string, deprecated: true, relationships: [{{to: b.id}}]}}]
"""
    assert check_text(text) == [
        Finding(
            "schema[0].properties[0].relationships[0]",
            "is ignored: this contract has no dataset for 'b.id'",
            "warning",
        ),
        Finding("servers[0]", "nothing is placed by 'shop', a db2 server", "info"),
        Finding("schema[0].properties[0]", "'x' is deprecated", "info"),
    ]


def test_a_file_that_is_no_contract_is_one_finding(tmp_path: Path) -> None:
    path = tmp_path / "x.odcs.yaml"
    assert check(path) == [Finding("", "cannot be read: No such file or directory")]
    path.write_text("a: [")
    (finding,) = check(path)
    assert str(finding).startswith("line 2: not valid YAML")


DRAFT = """
apiVersion: v3.2.0
kind: DataContract
id: {id}
version: 1.0.0
schema:
- name: orders
  description: {description}
  properties: [{{name: id, logicalType: string{more}}}]
"""


def draft(identity: str = "shop", description: str = "Orders", more: str = "") -> str:
    return DRAFT.format(id=identity, description=description, more=more)


def test_a_draft_that_is_not_filled_in_is_said() -> None:
    assert check_text(draft(identity="''")) == [Finding("id", "is empty; fill it in")]
    (placeholder,) = check_text(draft(description="TODO describe"))
    assert placeholder == Finding(
        "schema[0].description", "'TODO describe' stands for a text that is not written yet; fill it in", "warning"
    )
    (decisions,) = check_text(draft(description="'' # decide: what one record is"))
    assert decisions.message.startswith("1 decision is left to you, in the comments of line 8")


def test_an_enum_among_the_options_of_a_type_is_refused_with_its_place() -> None:
    for kind in (", logicalTypeOptions: {enum: [a]}", ", logicalTypeOptions: {enum: [a], minLength: 1}"):
        for text in (draft(more=kind), draft(more=kind).replace(", logicalType: string", ", physicalType: text")):
            (finding,) = check_text(text)
            assert finding.severity == "error"
            assert "give the values beside 'logicalTypeOptions', as enum: [{value: …}, …]" in finding.message
    (finding,) = check_text(draft(more=", enum: [a]"))
    assert finding.message == "must be a mapping, got 'a'; write it as {value: a}"


def test_a_severity_that_is_not_known_is_a_warning_with_the_one_that_was_meant() -> None:
    rule = ", quality: [{metric: nullValues, mustBe: 0, severity: wrning}]"
    (finding,) = check_text(draft(more=rule))
    assert (finding.severity, finding.message) == (
        "warning",
        "'wrning' is taken for an error, which fails the run (did you mean 'warning'?)",
    )


def test_lenient_ignores_keys_that_are_not_known_and_names_them() -> None:
    text = draft(more=", isNullable: true, logicalTypeOptions: {enum: [a]}").replace("kind:", "owner: me\nkind:")
    assert {finding.severity for finding in check_text(text)} == {"error"}
    found = check_text(text, lenient=True)
    assert {(finding.place, finding.severity) for finding in found} == {
        ("contract", "warning"),
        ("schema[0].properties[0]", "warning"),
        ("schema[0].properties[0].logicalTypeOptions", "warning"),
    }
    assert any("'owner' is not known here, so it is ignored" in finding.message for finding in found)
    with pytest.raises(ContractError, match="is not known here; remove it"):
        Contract.from_text(text)
    contract = Contract.from_text(text, lenient=True)
    assert any("'isNullable' is not known here, so it is ignored" in note.text for note in contract["orders"].notes)


def test_lenient_refuses_what_is_wrong_otherwise() -> None:
    (finding,) = (
        one for one in check_text(draft(more=", foo: 1, required: maybe"), lenient=True) if one.severity == "error"
    )
    assert finding.place == "schema[0].properties[0].required"


def together(*texts: str) -> list[str]:
    contracts = {Path(f"{number}.yaml"): Contract.from_text(text) for number, text in enumerate(texts)}
    return [f"{path}: {finding}" for path, finding in check_together(contracts) if finding.severity == "error"]


def test_a_lake_has_one_dataset_of_a_name_and_one_contract_of_an_id() -> None:
    assert together(draft(), draft("other")) == [
        "1.yaml: schema: 0.yaml has a dataset 'orders' too; rename one, as a lake has one of a name"
    ]
    assert "1.yaml: id: 0.yaml has the id 'shop' too; change one" in together(draft(), draft())


def test_no_lake_is_made_without_a_dataset() -> None:
    empty = "apiVersion: v3.2.0\nkind: DataContract\nid: e\nversion: 1.0.0\n"
    assert together(empty) == ["0.yaml: schema: no lake can be made, since no contract has a dataset"]
    assert together(empty, draft()) == []


def test_a_latency_below_the_buffer_and_a_schedule_that_eventbridge_cannot_keep_are_refused() -> None:
    promise = "slaProperties: [{{property: latency, value: {0}, unit: {1}}}]\n"
    (text,) = together(draft() + promise.format(4, "m"))
    assert "promises a latency of 4 minutes, but its delivery collects records for up to 5 minutes" in text
    (text,) = together(draft() + promise.format(500, "ms"))
    assert "a pipeline starts once in 1 minute at most, so no table keeps it" in text
    assert together(draft() + promise.format(6, "m")) == []
    (text,) = together(draft() + "slaProperties: [{property: frequency, value: 1, unit: d, schedule: '0 5 1 * 1'}]\n")
    assert "starts on days of the month and on days of the week" in text


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("{name: x, physicalType: half_float}", "'x' is half_float"),
        ("{name: x, logicalType: number, physicalType: FLOAT16}", "'x' is FLOAT16"),
        ("{name: x, physicalType: 'STRUCT<a ARRAY<FLOAT16>>'}", "'x' is FLOAT16"),
        ("{name: x, logicalType: array, items: {logicalType: number, physicalType: float16}}", "'x[]' is float16"),
        (
            "{name: x, logicalType: map, map: {key: {logicalType: string},"
            " value: {logicalType: number, physicalType: HalfFloat}}}",
            "'x.value' is HalfFloat",
        ),
        (
            "{name: x, logicalType: object, properties: [{name: a, logicalType: number, physicalType: FLOAT16}]}",
            "'x.a' is FLOAT16",
        ),
    ],
)
def test_halves_are_refused_in_parquet_which_spark_could_not_read_and_taken_in_json(written: str, place: str) -> None:
    def errors(kind: str) -> list[str]:
        servers = f"servers: [{{server: s, type: s3, location: s3://x/, format: {kind}}}]"
        return together(f"{HEAD}{servers}\nschema: [{{name: a, properties: [{written}]}}]")

    assert errors("json") == []
    (error,) = errors("parquet")
    assert f"{place} in files of Parquet, which Spark cannot read" in error


def test_a_key_of_a_column_of_another_contract_is_followed_where_both_are_there() -> None:
    key = ", relationships: [{{to: 'crm.yaml#people.{0}'}}]"
    people = draft("crm").replace("name: orders", "name: people")
    assert together(draft(more=key.format("id"))) == []
    assert together(draft(more=key.format("id")), people) == []
    assert together(draft(more=key.format("idd")), people) == [
        "0.yaml: dataset 'orders': its id cannot be a key of 'people.idd', which is not a column; 'people' has id"
    ]


def test_sql_that_spark_cannot_run_is_said_at_check() -> None:
    rule = ", quality: [{type: sql, description: No twins, query: 'SELECT twins(id) FROM orders', mustBe: 0}]"
    contract = Contract.from_text(draft(more=rule))
    (found,) = (finding for _, finding in check_together({Path("a"): contract}))
    assert found.severity == "warning"
    assert (
        "quality rule 'No twins' of dataset 'orders' is not evaluated: Spark cannot run it: it has no" in found.message
    )
