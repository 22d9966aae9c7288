"""`lake check`: what each gate finds, merged, acknowledged, and told in three forms."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from template_checks.command.acknowledgments import listed
from template_checks.command.errors import CommandError
from template_checks.command.finding import Finding, Severity, Unread, merged
from template_checks.command.gates import GATES, control_tower, lint, nag, own, schema
from template_checks.command.gates import iam as policies
from template_checks.command.main import main
from template_checks.command.running import results_of
from template_checks.core.assembly import StackTemplate, read_assembly

BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "On"}}}
SHORT_MEMORY = {
    "Type": "AWS::RedshiftServerless::Workgroup",
    "Properties": {"WorkgroupName": "analysts", "BaseCapacity": 7},
}


def template(**resources: Any) -> StackTemplate:
    return StackTemplate(name="Stack", path=Path("Stack.template.json"), document={"Resources": resources})


def policy(**statement: Any) -> StackTemplate:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}
    return template(Policy={"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}})


def rules_of(found: Any) -> set[str]:
    return {rule for one in found for rule in one.rules}


def told(*results: Iterable[Finding | Unread]) -> list[Finding]:
    """Return the findings of gates, which may also say what they could not read."""
    return [one for found in results for one in found if isinstance(one, Finding)]


def finding(**options: Any) -> Finding:
    defaults = {"gates": ("a",), "rules": ("A-1",), "topic": "1", "severity": Severity.WARNING, "stack": "Stack"}
    return Finding(**{**defaults, "message": "wrong", **options})


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """An app with one wrong value, one wrong action, and a bucket whose lack of logs someone wants."""
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(app, "Shop")
    bucket = s3.Bucket(stack, "Orders", enforce_ssl=True, versioned=True, removal_policy=cdk.RemovalPolicy.RETAIN)
    cdk.Validations.of(bucket).acknowledge(cdk.Acknowledgment(id="AwsSolutions-S1", reason="nobody else reads it"))
    iam.CfnManagedPolicy(
        stack,
        "Typo",
        policy_document={
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObjects", "Resource": bucket.bucket_arn}],
        },
    )
    app.synth()
    return tmp_path


def test_the_library_s_rules_find_what_no_schema_knows() -> None:
    assert any(rule.startswith("LAKE-REDSHIFT") for rule in rules_of(own.findings([template(W=SHORT_MEMORY)])))


def test_the_schemas_find_a_value_that_is_not_in_an_enumeration() -> None:
    (found,) = [one for one in schema.findings([template(B=BUCKET)]) if one.rules == ("W3030",)]
    assert found.severity is Severity.ERROR
    assert found.logical_id == "B"
    assert "VersioningConfiguration.Status" in found.message


def test_the_linter_knows_which_types_the_region_of_the_stack_has() -> None:
    group = {
        "Type": "AWS::SageMaker::ModelPackageGroup",
        "Properties": {"ModelPackageGroupName": "models", "Tags": []},
    }
    found = {
        region: rules_of(lint.findings([replace(template(Group=group), region=region)]))
        for region in ("eu-central-1", "cn-north-1", None, "a-region-of-tomorrow")
    }
    assert found == {"eu-central-1": set(), "cn-north-1": {"E3006"}, None: set(), "a-region-of-tomorrow": set()}


def test_the_linter_finds_it_too_and_the_two_are_told_once() -> None:
    both = told(schema.findings([template(B=BUCKET)]), lint.findings([template(B=BUCKET)]))
    (found,) = [one for one in merged(both) if "3030" in one.rules[0]]
    assert set(found.gates) == {"schema", "cfn-lint"}
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("statement", "issue"),
    [
        ({"Action": "s3:GetObjects"}, "UNKNOWN_ACTION"),
        ({"Action": "s4:GetObject"}, "UNKNOWN_PREFIX"),
        ({"Action": "s3:GetObject", "Condition": {"StringEquals": {"s3:prefix": "x"}}}, "UNKNOWN_CONDITION_FOR_ACTION"),
        ({"Action": "s3:GetObject", "Condition": {"StringSame": {"aws:SourceAccount": "1"}}}, "UNKNOWN_OPERATOR"),
        ({"Action": "s3:GetObject", "Resource": "arn:aws:sqs:us-east-1:123456789012:q"}, "RESOURCE_MISMATCH"),
    ],
)
def test_the_analysis_of_policies_knows_actions_conditions_and_resources(statement: dict[str, Any], issue: str) -> None:
    assert issue in rules_of(policies.findings([policy(**statement)]))


def test_a_statement_that_the_analysis_cannot_take_is_named_and_the_next_is_judged() -> None:
    odd = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": "x"}}
    wrong = {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}
    holder = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [odd, wrong]}}
    found = list(policies.findings([template(P={"Type": "AWS::IAM::ManagedPolicy", "Properties": holder})]))
    (unread,) = (one for one in found if isinstance(one, Unread))
    assert unread.what == "P.Properties.PolicyDocument.Statement.0: a statement that parliament cannot analyse"
    assert rules_of(told(found)) == {"UNKNOWN_ACTION"}


def test_a_resource_that_only_the_deployment_knows_is_not_judged() -> None:
    statement = {"Action": "s3:GetObject", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
    assert rules_of(policies.findings([policy(**statement)])) == set()


def test_a_resource_is_judged_beside_all_policies_of_the_role() -> None:
    catalog = "arn:aws:glue:eu-central-1:123456789012"

    def attached(action: str, *resources: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Roles": ["runner"], "PolicyDocument": document}}

    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "runner"}}
    table = attached("glue:GetTable", f"{catalog}:table/lake/flights")
    database = attached("glue:GetTable", f"{catalog}:catalog", f"{catalog}:database/lake")
    assert rules_of(policies.findings([template(Role=role, Table=table, Database=database)])) == set()
    assert rules_of(policies.findings([template(Role=role, Table=table)])) == {"RESOURCE_MISMATCH"}


def test_each_pack_runs_over_templates_and_their_common_rules_are_told_once() -> None:
    open_bucket = template(Open={"Type": "AWS::S3::Bucket"})
    found = [
        one for one in merged(told(nag.findings([open_bucket]))) if "HIPAA.Security-S3BucketLoggingEnabled" in one.rules
    ]
    assert [one.rules for one in found] == [
        tuple(f"{pack}-S3BucketLoggingEnabled" for pack in nag.PACKS if pack not in {"AwsSolutions", "Serverless"})
    ]


def test_the_controls_of_control_tower_are_told_once_with_their_fix() -> None:
    open_bucket = template(Open={"Type": "AWS::S3::Bucket"})
    found = {one.rules: one for one in control_tower.findings([open_bucket])}
    assert ("CT.S3.PR.2",) in found
    assert "server access logging configured. Set a 'LoggingConfiguration'" in found["CT.S3.PR.2",].message
    assert all(one.logical_id == "Open" for one in found.values())


def test_the_controls_know_references_to_other_stacks() -> None:
    key = {"Fn::GetStackOutput": {"StackName": "Keys", "OutputName": "Arn"}}
    stream = {"ShardCount": 1, "StreamEncryption": {"EncryptionType": "KMS", "KeyId": key}}
    assert not list(control_tower.findings([template(S={"Type": "AWS::Kinesis::Stream", "Properties": stream})]))


def test_the_worst_severity_wins_where_gates_agree() -> None:
    one, other = finding(), finding(gates=("b",), rules=("B-1",), severity=Severity.ERROR)
    (found,) = merged([one, other])
    assert (found.gates, found.rules, found.severity) == (("a", "b"), ("A-1", "B-1"), Severity.ERROR)


@pytest.mark.parametrize("actions", ["s3:GetObjects", ["s3:GetObject", "s3:GetObjects"], ["s4:GetObject"]])
def test_an_action_that_does_not_exist_is_told_once_in_our_words(actions: Any) -> None:
    reader = policy(Action=actions)
    found = merged(told(own.findings([reader]), schema.findings([reader]), policies.findings([reader])))
    (one,) = [one for one in found if "LAKE-IAM-001" in one.rules]
    assert one.gates[-1] == "iam"
    assert one.message.startswith("Policies name actions that exist")
    assert not [other for other in found if other is not one and {"W3037", "UNKNOWN_ACTION"} & set(other.rules)]


def test_what_one_gate_says_twice_of_a_value_is_two_findings() -> None:
    assert len(merged([finding(), finding(rules=("A-2",))])) == 2


def test_findings_about_two_resources_stay_two() -> None:
    assert len(merged([finding(logical_id="A"), finding(logical_id="B")])) == 2


def test_a_table_groups_by_construct_and_the_exit_code_tells(
    assembly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(assembly)]) == 1
    printed = capsys.readouterr().out
    assert "Shop/Typo (AWS::IAM::ManagedPolicy)" in printed
    assert "UNKNOWN_ACTION" in printed
    assert "AwsSolutions-S1" not in printed
    assert printed.splitlines()[-1].split(" ", 1)[1].startswith("error")


def test_nothing_fails_when_nothing_shall(assembly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gates = [option for gate in GATES if gate != "iam" for option in ("--skip", gate)]
    assert main(["check", str(assembly), "--fail-on", "never", *gates]) == 0
    assert "UNKNOWN_ACTION" in capsys.readouterr().out


def test_json_and_sarif_are_for_other_tools(assembly: Path, tmp_path: Path) -> None:
    gates = [option for gate in GATES if gate != "iam" for option in ("--skip", gate)]
    for form in ("json", "sarif"):
        assert main(["check", str(assembly), "--format", form, "-o", str(tmp_path / form), *gates]) == 1
    (plain,) = json.loads((tmp_path / "json").read_text())["findings"]
    assert (plain["construct_path"], plain["rules"], plain["severity"]) == ("Shop/Typo", ["UNKNOWN_ACTION"], "error")
    run = json.loads((tmp_path / "sarif").read_text())["runs"][0]
    assert run["results"][0]["ruleId"] == "UNKNOWN_ACTION"
    (result,) = run["results"]
    assert result["level"] == "error"
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == ("UNKNOWN_ACTION", "No such action")
    place = result["locations"][0]["physicalLocation"]
    lines = (tmp_path / "Shop.template.json").read_text().splitlines()
    assert "s3:GetObjects" in lines[place["region"]["startLine"] - 1]
    assert place["artifactLocation"]["uri"] == (tmp_path / "Shop.template.json").as_uri()
    assert len(result["partialFingerprints"]["lakeCheck/v1"]) == 32


def test_a_folder_without_an_app_gets_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none")]) == 2
    assert "holds no synthesised app and is no template; run 'cdk synth' first" in capsys.readouterr().err


def test_a_broken_assembly_gets_one_clear_line(assembly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (assembly / "Shop.template.json").unlink()
    assert main(["check", str(assembly)]) == 2
    assert "is not a whole synthesised app" in capsys.readouterr().err


def test_an_acknowledgment_of_a_wildcard_covers_every_spelling_of_its_reference(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(app, "Shop")
    cdk.Validations.of(stack).acknowledge(cdk.Acknowledgment(id="X[Resource::<Orders.Arn>/*]", reason="all of them"))
    app.synth()
    (one,) = read_assembly(tmp_path)
    assert one.acknowledgment("X[Resource::${Orders.Arn}/*]", "Shop/Role") == "all of them"
    assert one.acknowledgment("X[Resource::<Other.Arn>/*]", "Shop/Role") is None


def test_what_is_acknowledged_is_listed_with_the_reasons(assembly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(assembly), "--acknowledged"]) == 0
    printed = capsys.readouterr().out
    assert "nobody else reads it" in printed
    assert "Shop/Orders: AwsSolutions-S1" in printed
    # A bucket, its policy, and the managed policy.
    assert "1 acknowledgment of 1 finding on 3 resources" in printed


def test_an_acknowledgment_is_counted_once_whatever_the_packs_call_the_rule() -> None:
    arn = '{"Fn::GetStackOutput":{"StackName":"store","Region":{"Ref":"R"},"OutputName":"PublishOutputArn"}}/a/*'
    accepted = {
        "HIPAA.Security-Lock": "versions do",
        "NIST.800.53.R4-Lock": "versions do",
        f"Annotation::AwsSolutions-IAM5[Resource::{arn}]": "objects",
        "AwsSolutions-IAM5[Resource::*]": "objects",
    }
    entries = [{"type": "aws:cdk:acknowledged-rules", "data": accepted}] * 2
    told = listed([dataclasses.replace(template(B=BUCKET), metadata={"/Stack/B": entries})])
    assert told.splitlines()[-1] == "2 acknowledgments of 4 findings on 1 resource, for 2 reasons"
    assert "    Resource::<store.Arn>/a/*" in told.splitlines()


def test_a_missing_tool_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "template_checks.command.gates.iam")
    monkeypatch.setitem(sys.modules, "parliament", None)
    with pytest.raises(CommandError, match=r"needs parliament.*lake-template-checks\[gates\].*--skip iam"):
        results_of(["iam"], [])
