"""Every finding about a contract, with its severity."""

from __future__ import annotations

from pathlib import Path

from lake_blueprints.contracts.checking import Finding, check, check_text

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
servers: [{{server: shop, type: mysql, host: h, database: d}}]
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
        Finding("servers[0]", "nothing is placed by 'shop', a mysql server", "info"),
        Finding("schema[0].properties[0]", "'x' is deprecated", "info"),
    ]


def test_a_file_that_is_no_contract_is_one_finding(tmp_path: Path) -> None:
    path = tmp_path / "x.odcs.yaml"
    assert check(path) == [Finding("", "cannot be read: No such file or directory")]
    path.write_text("a: [")
    (finding,) = check(path)
    assert str(finding).startswith("line 2: not valid YAML")
