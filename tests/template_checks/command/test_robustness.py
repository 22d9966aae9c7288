"""`lake check` bears whatever it is given: a finding, a line about what was not read, or one clear refusal."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from template_checks.command.errors import CommandError
from template_checks.command.finding import Report, Severity
from template_checks.command.gates import GATES
from template_checks.command.reading import read
from template_checks.command.running import guarded, results_of, run
from template_checks.core.assembly import StackTemplate, template_in

QUEUE = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TYPO = {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}
DEV = {"Parameters": {"Stage": {"Type": "String"}}, "Conditions": {"Dev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}}}
NO_VALUE = {"Ref": "AWS::NoValue"}
LANGUAGE = {"Transform": "AWS::LanguageExtensions"}
ASSET = "a" * 64
NESTED = {
    "Resources": {
        "N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Fn::Sub": f"https://s3/{ASSET}"}}}
    }
}


def bucket(**beside: Any) -> dict[str, Any]:
    return {"Resources": {"B": {"Type": "AWS::S3::Bucket", **beside}}}


def resource(kind: str, properties: Any, **beside: Any) -> dict[str, Any]:
    return {**beside, "Resources": {"R": {"Type": kind, "Properties": properties}}}


def managed(document: Any, **beside: Any) -> dict[str, Any]:
    return resource("AWS::IAM::ManagedPolicy", {"PolicyDocument": document}, **beside)


def manifest(file: str = "S.template.json", **properties: Any) -> dict[str, Any]:
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": file, **properties}}
    return {"version": "48.0.0", "artifacts": {"S": stack}}


def put(folder: Path, **files: Any) -> Path:
    """Write files, whose names have `__` for a dot."""
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def app(folder: Path, template: Any) -> Path:
    return put(folder, manifest__json=manifest(), S__template__json=template)


def checked(place: Path, *, packs: tuple[str, ...] = ("aws-solutions", "control-tower")) -> Report:
    """Return the report of every gate, in this process."""
    return run(place, GATES, packs, executor=ThreadPoolExecutor(1))


def names(report: Report) -> set[str]:
    return {rule for one in report.findings for rule in one.rules}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an empty folder": ({}, "no template that can be read"),
    "a manifest that is broken": ({"manifest__json": '{"a": '}, "manifest.json: Expecting value"),
    "a manifest that is a list": ({"manifest__json": []}, "has no artifacts"),
    "a manifest that is null": ({"manifest__json": "null"}, "holds no stack|has no artifacts"),
    "a manifest without artifacts": ({"manifest__json": {}}, "has no artifacts"),
    "a manifest without stacks": ({"manifest__json": {"artifacts": {}}}, "holds no stack"),
    "artifacts that are null": ({"manifest__json": {"artifacts": None}}, "has no artifacts"),
    "a stack without a file": (
        {"manifest__json": {"artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {}}}}},
        "the stack S has no templateFile",
    ),
    "a template that is not there": ({"manifest__json": manifest()}, "S.template.json: cannot be read: no such file"),
    "a template that is broken": (
        {"manifest__json": manifest(), "S__template__json": '{"Resources": {'},
        "S.template.json: Expecting",
    ),
    "a template that is a list": ({"manifest__json": manifest(), "S__template__json": []}, "is a list"),
    "a template that is null": ({"manifest__json": manifest(), "S__template__json": "null"}, "is empty"),
    "a template that is an empty file": ({"manifest__json": manifest(), "S__template__json": ""}, "Expecting value"),
    "YAML that is broken": ({"template__yaml": "Resources: [\nType: AWS::S3::Bucket"}, "template.yaml: while parsing"),
    "data that is no template": ({"data__json": {"a": 1}}, "no template that can be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_in_one_line(case: str, tmp_path: Path) -> None:
    files, said = REFUSED[case]
    with pytest.raises(CommandError, match=said) as refused:
        read(put(tmp_path, **files))
    assert "\n" not in str(refused.value)


UNREAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "resources that are null": ({"Resources": None}, ["Resources is null, not an object"]),
    "resources that are a list": ({"Resources": []}, ["Resources is a list, not an object"]),
    "a resource that is null": ({"Resources": {"A": None}}, ["A is not a resource"]),
    "a resource that is text": ({"Resources": {"A": "x"}}, ["A is not a resource"]),
    "a resource without a type": ({"Resources": {"A": {}}}, ["A is not a resource"]),
    "a type that is a number": ({"Resources": {"A": {"Type": 5}}}, ["A is not a resource"]),
    "properties that are a list": (bucket(Properties=[]), ["B: Properties is a list"]),
    "properties that a condition decides": (
        {**DEV, **bucket(Properties={"Fn::If": ["Dev", {}, {}]})},
        ["B: Properties is the function Fn::If"],
    ),
    "properties that have no value": (bucket(Properties=NO_VALUE), ["B: Properties is the function Ref"]),
    "dependencies that are a number": (bucket(DependsOn=5), ["B: DependsOn is a number"]),
    "a macro": (
        resource("AWS::SQS::Queue", {"Fn::Transform": {"Name": "M", "Parameters": {}}}),
        ["R: Properties is the function Fn::Transform"],
    ),
    "a macro beside properties": (
        resource("AWS::SQS::Queue", {"DelaySeconds": 5, "Fn::Transform": {"Name": "M"}}),
        ["R: what the macro M makes of its properties"],
    ),
    "a macro among the resources": (
        {"Resources": {**QUEUE["Resources"], "Fn::Transform": {"Name": "M"}}},
        ["Resources: what the macro M makes of them"],
    ),
    "an included template": (
        {"Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/x.yaml"}}, **QUEUE},
        ["the resources that the transform AWS::Include makes at deployment"],
    ),
    "SAM": (
        resource(
            "AWS::Serverless::Function",
            {"Handler": "a.b", "Runtime": "python3.13", "InlineCode": "x"},
            Transform="AWS::Serverless-2016-10-31",
        ),
        ["the resources that the transform AWS::Serverless-2016-10-31 makes at deployment"],
    ),
    "a module": ({"Resources": {"M": {"Type": "Acme::My::Thing::MODULE"}}}, ["M: the resources of the module"]),
    "a loop over what only CloudFormation knows": (
        {
            **LANGUAGE,
            "Parameters": {"Names": {"Type": "CommaDelimitedList"}},
            "Resources": {"Fn::ForEach::L": ["Name", {"Ref": "Names"}, {"B${Name}": {"Type": "AWS::S3::Bucket"}}]},
        },
        ["Fn::ForEach::L: only CloudFormation knows"],
    ),
    "a nested stack from elsewhere": (NESTED, ["N: the template of the nested stack, which is not in the app"]),
}


@pytest.mark.parametrize("case", UNREAD)
def test_says_what_it_does_not_read(case: str, tmp_path: Path) -> None:
    template, expected = UNREAD[case]
    report = run(app(tmp_path, template), ("rules", "schema", "iam"), (), executor=ThreadPoolExecutor(1))
    said = [one.what for one in report.unread if not one.gate]
    assert len(said) == len(expected)
    assert all(found.startswith(start) for found, start in zip(said, expected, strict=True)), said
    assert report.failures == []


VALID: dict[str, dict[str, Any]] = {
    "no properties": bucket(),
    "outputs alone beside a queue": {**QUEUE, "Outputs": {"O": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}}},
    "a queue whose delay is a length": resource(
        "AWS::SQS::Queue", {"DelaySeconds": {"Fn::Length": [1, 2]}}, **LANGUAGE
    ),
    "JSON made of an object": resource(
        "AWS::SSM::Parameter",
        {"Type": "String", "Value": {"Fn::ToJsonString": {"a": {"Ref": "AWS::Region"}}}},
        **LANGUAGE,
    ),
    "a parameter from SSM": resource(
        "AWS::SQS::Queue",
        {"QueueName": {"Ref": "P"}},
        Parameters={"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a"}},
    ),
    "types that nobody knows": {
        "Resources": {
            "C": {
                "Type": "Custom::Foo",
                "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:f"},
            }
        }
    },
}


@pytest.mark.parametrize("case", VALID)
def test_reads_all_of_what_is_valid(case: str, tmp_path: Path) -> None:
    report = checked(app(tmp_path, VALID[case]))
    assert (report.unread, report.failures) == ([], [])
    assert [one.message for one in report.findings if one.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    "template",
    [
        managed({"Version": "2012-10-17", "Statement": [READS, {"Fn::If": ["Dev", TYPO, NO_VALUE]}]}, **DEV),
        managed({"Version": "2012-10-17", "Statement": {"Fn::If": ["Dev", [TYPO], [READS]]}}, **DEV),
        managed(
            {
                "Fn::If": [
                    "Dev",
                    {"Version": "2012-10-17", "Statement": [TYPO]},
                    {"Version": "2012-10-17", "Statement": [READS]},
                ]
            },
            **DEV,
        ),
        resource(
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": TRUST,
                "Policies": {
                    "Fn::If": [
                        "Dev",
                        [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [TYPO]}}],
                        NO_VALUE,
                    ]
                },
            },
            **DEV,
        ),
    ],
    ids=["a statement", "the statements", "the document", "the policies"],
)
def test_a_condition_around_a_part_of_a_policy_hides_nothing_and_is_told_once(
    template: dict[str, Any], tmp_path: Path
) -> None:
    report = checked(app(tmp_path, template), packs=())
    assert report.failures == []
    (found,) = [one for one in report.findings if one.severity is Severity.ERROR]
    assert {"LAKE-IAM-001", "UNKNOWN_ACTION"} <= set(found.rules)


def test_loops_are_unrolled(tmp_path: Path) -> None:
    loop = [
        "Name",
        ["raw", "cur.ated"],
        {"B&{Name}": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "${Name}"}}},
    ]
    inner = {"Resources": {"Fn::ForEach::Buckets": loop}, **LANGUAGE}
    (template,) = read(app(tmp_path, inner)).read
    assert {key: one["Properties"]["BucketName"] for key, one in template.document["Resources"].items()} == {
        "Braw": "raw",
        "Bcurated": "cur.ated",
    }


@pytest.mark.parametrize(
    "statements", ["x", 5, None, [None], ["x"], [[]], {"Effect": 5}, [{"Action": {}}], [{"Action": 5}]]
)
def test_policies_that_are_none_break_no_gate(statements: Any, tmp_path: Path) -> None:
    for number, document in enumerate(({"Statement": statements}, "{}", [statements])):
        (tmp_path / str(number)).mkdir()
        report = checked(app(tmp_path / str(number), managed(document)), packs=())
        assert report.failures == []


def test_a_stack_in_itself_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    assets = {"files": {ASSET: {"source": {"path": "N.nested.template.json"}}}}
    put(app(tmp_path, NESTED), S__assets__json=assets, N__nested__template__json=NESTED)
    templates = read(tmp_path)
    assert [one.name for one in templates.read] == ["S", "N.nested.template.json"]
    assert list(templates.problems) == ["N.nested.template.json: the nested stack N is one that it is in itself"]


def test_two_stacks_of_one_name_are_both_read(tmp_path: Path) -> None:
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json", "stackName": "same"}}
    put(tmp_path, manifest__json={"artifacts": {"A": stack, "B": stack}}, S__template__json=QUEUE)
    assert [one.name for one in read(tmp_path).read] == ["same", "same (B)"]


def test_broken_metadata_and_a_byte_order_mark_hide_no_template(tmp_path: Path) -> None:
    given = manifest()
    given["artifacts"]["S"]["additionalMetadataFile"] = "S.metadata.json"
    put(tmp_path, manifest__json=given, S__metadata__json="{", S__template__json="\ufeff" + json.dumps(QUEUE))
    templates = read(tmp_path)
    assert [list(one.document["Resources"]) for one in templates.read] == [["Q"]]
    assert [one.partition(":")[0] for one in templates.problems] == ["S.metadata.json"]


YAML = """Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Action: s3:GetObjekt
            Resource: !Sub "${Bucket.Arn}/*"
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
"""


def test_plain_templates_in_yaml_and_json_and_folders_of_them_are_read(tmp_path: Path) -> None:
    put(tmp_path, a__yaml=YAML, b__template=json.dumps(QUEUE), notes__json={"a": 1}, values__yaml="a: {{ b }}")
    (tmp_path / "below").mkdir()
    put(tmp_path / "below", c__yml="Resources:\n  Q: {Type: AWS::SQS::Queue}\n")
    templates = read(tmp_path)
    assert [one.name for one in templates.read] == ["a", "b", "below/c"]
    assert templates.problems == []
    (policy, _) = templates.read[0].document["Resources"].values()
    assert policy["Properties"]["PolicyDocument"]["Version"] == "2012-10-17"
    report = checked(tmp_path / "a.yaml", packs=())
    assert "UNKNOWN_ACTION" in names(report)
    assert report.failures == []


def test_yaml_in_an_assembly_is_read(tmp_path: Path) -> None:
    put(tmp_path, manifest__json=manifest("S.template.yaml"), S__template__yaml=YAML)
    assert "UNKNOWN_ACTION" in names(checked(tmp_path, packs=()))


def test_a_broken_template_among_others_is_named_and_they_are_checked(tmp_path: Path) -> None:
    report = checked(put(tmp_path, a__yaml=YAML, b__template__json="{"), packs=())
    assert "UNKNOWN_ACTION" in names(report)
    assert [one.partition(": ")[0] for one in report.failures] == ["b.template.json"]


def test_a_gate_that_fails_at_one_template_tells_of_the_others() -> None:
    good, bad = (StackTemplate(name=name, path=Path(name), document=QUEUE) for name in ("good", "bad"))

    def gate(templates: Any) -> Any:
        for one in templates:
            if one is bad:
                raise TypeError("'NoneType' is not iterable\n  at node:internal")
            yield one.name

    found, failures = guarded(gate, [good, bad], "strict")
    assert list[Any](found) == ["good"]
    assert failures == ["the gate 'strict' failed at bad: TypeError: 'NoneType' is not iterable"]


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": TRUST,
        "Policies": [
            {
                "PolicyName": "read",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["s3:GetObject", "s3:PutObject"],
                            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                        }
                    ],
                },
            }
        ],
    },
}
SUBJECTS: dict[str, dict[str, Any]] = {
    "Role": ROLE,
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 30}]},
        },
    },
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "for jobs",
            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}],
        },
    },
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["aws.s3"]},
            "Targets": [{"Id": "a", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        },
    },
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5}},
}
REPLACEMENTS: list[Any] = [
    None,
    7,
    [],
    [None],
    {},
    "text",
    {"Ref": "AWS::NoValue"},
    {"Ref": "Stage"},
    {"Ref": ["Stage"]},
    {"Fn::GetAtt": ["Queue", "Arn"]},
    {"Fn::GetAtt": "Queue.Arn"},
    {"Fn::If": ["Dev", "a", {"Ref": "AWS::NoValue"}]},
    {"Fn::If": ["Dev"]},
    {"Fn::Sub": "${AWS::Region}-${Stage}"},
    {"Fn::Sub": ["${a}", {"a": {"Ref": "Stage"}}]},
    {"Fn::Join": ["", ["a", {"Ref": "Stage"}]]},
    {"Fn::Join": {"Ref": "Stage"}},
    {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "Stage"}]}]},
    {"Fn::FindInMap": ["Map", {"Ref": "Stage"}, "b"]},
    {"Fn::ImportValue": {"Fn::Sub": "${Stage}-a"}},
    {"Fn::GetAZs": ""},
    {"Fn::Cidr": ["10.0.0.0/16", 2, 8]},
    {"Fn::Base64": "a"},
    {"Fn::Length": [1, 2]},
    {"Fn::ToJsonString": {"a": {"Ref": "Stage"}}},
    {"Fn::Transform": {"Name": "M", "Parameters": {}}},
    {"Fn::GetStackOutput": {"StackName": "a", "OutputName": "b"}},
    {"Fn::ForEach::L": ["Name", ["a"], {"${Name}": 1}]},
    {"Fn::Foo": 1},
]


def mutants(subject: dict[str, Any], new: Any) -> list[dict[str, Any]]:
    """Return a resource with each of its values replaced in turn."""

    def places(value: Any, above: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [above, *(place for key, part in parts for place in places(part, (*above, key)))]

    found = []
    for *above, last in places(subject["Properties"], ("Properties",)):
        mutant = deepcopy(subject)
        holder: Any = mutant
        for key in above:
            holder = holder[key]
        holder[last] = deepcopy(new)
        found.append(mutant)
    return found


@pytest.fixture(scope="module")
def mutated() -> list[StackTemplate]:
    """A template for each replacement, with every mutant beside the resources that they refer to."""
    sections = {**DEV, **LANGUAGE, "Mappings": {"Map": {"a": {"b": "c"}}}}
    return [
        template_in(
            {
                **sections,
                "Resources": {
                    **SUBJECTS,
                    **{
                        f"{name}{index}": mutant
                        for name, subject in SUBJECTS.items()
                        for index, mutant in enumerate(mutants(subject, new))
                    },
                },
            },
            name=f"Stack{number}",
            path=Path(f"Stack{number}.template.json"),
        )
        for number, new in enumerate(REPLACEMENTS)
    ]


@pytest.mark.parametrize("gate", GATES)
def test_any_value_may_be_anything(gate: str, mutated: list[StackTemplate]) -> None:
    assert len(mutated[0].document["Resources"]) > 60
    found, failures = results_of([gate], mutated)
    assert failures == []
    assert found


def test_control_tower_bears_it_too(mutated: list[StackTemplate]) -> None:
    # Its engine is slow.
    found, failures = results_of(["control-tower"], mutated[::3])
    assert found
    # Guard itself gives up at some values of another type.
    assert all("\n" not in line and line.startswith("the gate 'control_tower' failed at Stack") for line in failures)
    assert len(failures) < len(mutated[::3]) / 2


def test_the_cdk_refuses_what_is_no_template_in_one_line_for_each(mutated: list[StackTemplate]) -> None:
    """Values of other types are not included, functions are; the others are checked all the same."""
    sound = template_in({"Resources": SUBJECTS, **DEV}, name="Sound", path=Path("Sound.template.json"))
    found, failures = results_of(["aws-solutions"], [*mutated[::3], sound])
    assert {one.stack for one in found} >= {"Sound"}
    assert failures
    assert all("\n" not in line and line.startswith("the gate 'nag' failed at Stack") for line in failures)


def test_the_command_ends_without_a_traceback(tmp_path: Path) -> None:
    for index, (template, code) in enumerate(((QUEUE, 0), ("null", 2), ({"Resources": {"A": None}}, 1))):
        (tmp_path / str(index)).mkdir()
        command = [sys.executable, "-c", "from template_checks.command.main import main; raise SystemExit(main())"]
        place = str(app(tmp_path / str(index), template))
        done = subprocess.run(
            [*command, "check", place, "--skip", "cfn-lint"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
