"""Valid templates pass: plain resources, the CDK's bootstrap stack, and the reference app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import yaml

import app as reference
from template_checks.command.cloudformation_yaml import parsed_yaml
from template_checks.command.finding import Finding
from template_checks.command.gates import lint
from template_checks.core import Severity, check, check_app
from template_checks.core.assembly import read_assembly, template_in
from tests.support import ROOT
from tests.template_checks.rules.examples import template

# Templates of several resources as they are written by hand, with parameters for what differs between accounts.
FOLDER = Path(__file__).parent / "valid"
COMPOSED = sorted(path.stem for path in FOLDER.glob("*.yaml"))
VALID: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "valid.yaml").read_text())
BOOTSTRAP = ROOT / "node_modules" / "aws-cdk" / "lib" / "api" / "bootstrap" / "bootstrap-template.yaml"
CONTEXT: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]


def test_there_are_plenty() -> None:
    assert len(VALID) >= 60 and len(COMPOSED) >= 8


@pytest.mark.parametrize("name", VALID)
def test_a_plain_resource_has_no_errors(name: str) -> None:
    found = check(template({name: VALID[name]}))
    assert [one.message for one in found if one.rule.severity is Severity.ERROR] == []


@pytest.mark.parametrize("name", COMPOSED)
def test_a_composed_template_is_valid_and_has_no_errors(name: str) -> None:
    document = parsed_yaml((FOLDER / f"{name}.yaml").read_text())
    second = lint.findings([template_in(document, name=name, path=FOLDER / f"{name}.yaml")])
    assert [one.message for one in second if isinstance(one, Finding) and one.severity.word == "error"] == []
    assert [one.message for one in check(document) if one.rule.severity is Severity.ERROR] == []


def test_the_bootstrap_stack_has_no_findings() -> None:
    assert check(yaml.safe_load(BOOTSTRAP.read_text())) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_reference_app_has_no_findings(environment: str, tmp_path: Path) -> None:
    place = {"account": "123456789012", "region": "eu-central-1", "alarm_email": "oncall@example.com"}
    context = {**CONTEXT, "environment": environment, **place}
    app = cdk.App(context=context, outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    reference.build(app)
    app.synth()
    stacks = {stack.name: stack.document for stack in read_assembly(tmp_path)}
    assert stacks
    assert [one.message for found in check_app(stacks).values() for one in found] == []
