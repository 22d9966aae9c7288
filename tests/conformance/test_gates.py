"""Gates: strict validation, this library's rules and cdk-nag find nothing that is not acknowledged."""

from __future__ import annotations

from template_checks.command.finding import Severity
from template_checks.command.gates.own import findings
from tests.conformance.controls import EndlessJob, PlainBucket, control
from tests.conformance.subject import Subject, Synthesis
from tests.support import nag_findings, validation_findings


def invalid(synthesis: Synthesis) -> list[str]:
    """Return what strict CloudFormation validation finds."""
    documents = [one.document for one in synthesis.templates.values()]
    # A sample that needs nothing of the fixtures leaves their stack empty.
    return [found for document in documents if document.get("Resources") for found in validation_findings(document)]


def faults(synthesis: Synthesis) -> list[str]:
    """Return the errors of the rules that `lake check` and LakeRules have."""
    found = []
    for one in findings(list(synthesis.templates.values())):
        template = synthesis.templates[one.stack]
        acknowledged = (template.acknowledgment(rule, template.construct_path(one.logical_id)) for rule in one.rules)
        if one.severity is Severity.ERROR and None in acknowledged:
            found.append(f"{one.rules} {one.stack}/{one.logical_id}: {one.message}")
    return found


def test_templates_are_valid_under_strict_validation(subject: Subject) -> None:
    assert invalid(subject.shared) + invalid(subject.default) == []


def test_the_rules_of_lake_check_find_nothing(subject: Subject) -> None:
    assert faults(subject.shared) + faults(subject.default) == []


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(subject: Subject) -> None:
    assert nag_findings(subject.shared.app) + nag_findings(subject.default.app) == []


def test_each_gate_finds_what_is_wrong() -> None:
    bucket = control(PlainBucket)
    assert any("Perhaps" in found for found in invalid(bucket.default))
    assert any("AwsSolutions-S1" in found for found in nag_findings(bucket.default.app))
    assert any("LAKE-GLUE" in found for found in faults(control(EndlessJob).default))
