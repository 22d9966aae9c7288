"""The reference app against its baselines: no data lost, no permission wider, no finding acknowledged unseen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

import app as reference
from template_checks.pytest_plugin import TemplateChanges
from tests.support import ROOT

CONTEXT: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "dev": {},
    "prod": {"environment": "prod", "account": "123456789012", "alarm_email": "oncall@example.com"},
}


def assembly(environment: str, **context: Any) -> str:
    app = cdk.App(
        context={**CONTEXT, **ENVIRONMENTS[environment], **context},
        builtin_cloud_formation_validation=False,
        analytics_reporting=False,
    )
    reference.build(app)
    return app.synth().directory


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_change_that_needs_consent_has_it(environment: str, template_changes: TemplateChanges) -> None:
    template_changes.check(assembly(environment), ROOT / "tests" / "stacks" / "baseline" / f"{environment}.json")


def test_a_dataset_that_is_gone_is_a_loss(tmp_path: Path) -> None:
    (tmp_path / "weather.odcs.yaml").write_text((ROOT / CONTEXT["contracts"] / "weather.odcs.yaml").read_text())
    with pytest.raises(AssertionError, match=r"lost: flights-prod-ingestion/FlightsStream\w+ \(AWS::Kinesis::Stream\)"):
        TemplateChanges().check(
            assembly("prod", contracts=str(tmp_path)), ROOT / "tests" / "stacks" / "baseline" / "prod.json"
        )
