"""Findings that are known: packs that are asked for, baselines, and acknowledgments outside the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from template_checks.command.command import main
from template_checks.command.errors import CommandError
from template_checks.command.finding import Finding, Report, Severity, Unread
from template_checks.command.gates import GATES
from template_checks.command.known import acknowledged_in, not_acknowledged
from template_checks.command.rendering import sarif, table

WITHOUT_THE_LINTER = ["--skip", "cfn-lint"]
BUCKET = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}
POLICY = {
    "Type": "AWS::IAM::ManagedPolicy",
    "Properties": {"PolicyDocument": {"Version": "2012-10-17", "Statement": [STATEMENT]}},
}


def written(folder: Path, **resources: Any) -> str:
    path = folder / "shop.json"
    path.write_text(json.dumps({"Resources": resources}, indent=1))
    return str(path)


def finding(**options: Any) -> Finding:
    defaults: dict[str, Any] = {
        "gates": ("a",),
        "rules": ("A-1",),
        "topic": "1",
        "severity": Severity.WARNING,
        "stack": "Shop",
        "logical_id": "Bucket",
        "message": "wrong",
    }
    return Finding(**{**defaults, **options})


def test_packs_run_by_name_and_fail_only_if_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = written(tmp_path, Bucket=BUCKET)
    gates = [option for gate in GATES for option in ("--skip", gate)]
    assert main([place, *gates]) == 0
    assert capsys.readouterr().out == "nothing found\n"
    assert main([place, *gates, "--pack", "control-tower"]) == 0
    assert "compliance CT.S3.PR.2" in capsys.readouterr().out
    assert main([place, *gates, "--pack", "control-tower", "--fail-on", "compliance"]) == 1


def test_a_baseline_leaves_what_is_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline = str(tmp_path / "known.json")
    place = written(tmp_path, Policy=POLICY)
    assert main([place, *WITHOUT_THE_LINTER]) == 1
    assert main([place, *WITHOUT_THE_LINTER, "--write-baseline", baseline]) == 0
    assert main([written(tmp_path, First=BUCKET, Policy=POLICY), *WITHOUT_THE_LINTER, "--baseline", baseline]) == 0
    capsys.readouterr()
    assert main([written(tmp_path, Policy=POLICY, Other=POLICY), *WITHOUT_THE_LINTER, "--baseline", baseline]) == 1
    printed = capsys.readouterr().out
    assert "shop/Other" in printed and "shop/Policy" not in printed


def test_a_file_acknowledges_with_a_reason_and_an_unused_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = tmp_path / "accepted.yaml"
    lines = ["LAKE-IAM-001", "UNKNOWN_ACTION", "LAKE-IAM-0*"]
    wheres = ["shop/Policy"] * 2 + ["shop/Gone"]
    accepted.write_text(
        "".join(
            f"- {{rule: {rule}, where: {where}, reason: a typo of theirs}}\n"
            for rule, where in zip(lines, wheres, strict=True)
        )
    )
    assert main([written(tmp_path, Policy=POLICY), *WITHOUT_THE_LINTER, "--acknowledgments", str(accepted)]) == 0
    printed = capsys.readouterr().out
    assert "shop/Policy" not in printed
    assert "accepted.yaml: nothing is found of LAKE-IAM-0* at shop/Gone; remove it" in printed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b", "acknowledges nothing: it is no list"),
        ("- {rule: A, where: B}", "acknowledgment 1 is .*; write a list of objects"),
        ("- {rule: A, where: B, reason: ''}", "acknowledgment 1, of A, has no reason; write why"),
        ("- [", "cannot be read: "),
    ],
)
def test_an_acknowledgment_without_a_reason_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "accepted.yaml"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        acknowledged_in(path)


def test_a_file_that_is_no_baseline_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "known.json").write_text("[]")
    gates = [option for gate in GATES for option in ("--skip", gate)]
    with pytest.raises(CommandError, match="is no baseline; write one with --write-baseline"):
        main([written(tmp_path, Bucket=BUCKET), *gates, "--baseline", str(tmp_path / "known.json")])


def test_an_acknowledgment_with_brackets_means_itself_and_covers_what_is_below(tmp_path: Path) -> None:
    path = tmp_path / "accepted.yaml"
    path.write_text('- {rule: "X[Resource::*]", where: Shop/Lake, reason: all}')
    given = acknowledged_in(path)
    found = [
        finding(rules=("X[Resource::*]",), construct_path="Shop/Lake/Role"),
        finding(rules=("X[Action::s3:*]",), construct_path="Shop/Lake/Role"),
        finding(rules=("X[Resource::*]",), construct_path="Shop/Lakehouse/Role"),
    ]
    assert not_acknowledged(found, given, path)[0] == found[1:]


def test_counts_by_rule_and_what_was_not_read_end_the_table() -> None:
    report = Report(
        findings=[finding(topic=str(number)) for number in range(2)],
        unread=[Unread(stack="Shop", gate="cdk-nag", what=f"part {number}") for number in range(7)],
        failures=["the gate 'iam' failed at Shop: TypeError: no"],
    )
    lines = table(report).splitlines()
    assert "    2  warning    A-1" in lines
    assert "not read by cdk-nag: Shop: 2 more, which --format json names" in lines
    assert lines[-2:] == [
        "failed: the gate 'iam' failed at Shop: TypeError: no",
        "0 errors, 2 warnings; something failed, so this is not all",
    ]
    assert table(Report(findings=[], unread=report.unread)).endswith("nothing found in what could be read\n")


def test_sarif_names_the_file_of_a_nested_stack_and_what_failed(tmp_path: Path) -> None:
    path = tmp_path / "N.nested.template.json"
    path.write_text('{\n "Resources": {\n  "Bucket": {\n   "Type": "AWS::S3::Bucket",\n   "Properties": {"A": 1}}}}')
    nested = finding(
        stack=path.name, kind="AWS::S3::Bucket", file=str(path), path="Properties.A", title="A is 2. Else no."
    )
    (run,) = json.loads(sarif(Report(findings=[nested], failures=["no"])))["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == (path.as_uri(), {"startLine": 5})
    assert run["tool"]["driver"]["rules"][0]["shortDescription"] == {"text": "A is 2"}
    assert run["invocations"][0]["executionSuccessful"] is False
    assert result["partialFingerprints"]["lakeCheck/v1"] == nested.fingerprint("A-1")


def test_a_fingerprint_outlives_other_lines_and_words_but_not_another_place() -> None:
    one = finding().fingerprint("A-1")
    assert finding(message="other words", file="elsewhere.json").fingerprint("A-1") == one
    assert finding(logical_id="Other").fingerprint("A-1") != one
