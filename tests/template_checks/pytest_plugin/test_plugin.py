"""The pytest plugin, as an app's own tests meet it: in another process, with nothing but the library installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TEST = """
import aws_cdk as cdk
from aws_cdk import aws_s3 as s3


def test_changes_are_safe(template_changes):
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    s3.Bucket(cdk.Stack(app, "Lake"), "{name}")
    template_changes.check(app.synth().directory, "baseline/prod.json")
"""


def run(folder: Path, name: str, *options: str) -> tuple[int, str]:
    (folder / "test_changes.py").write_text(TEST.format(name=name))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout


def test_an_app_accepts_its_templates_once_and_hears_of_every_loss(tmp_path: Path) -> None:
    code, output = run(tmp_path, "Raw")
    assert (code, "write it by 'pytest --accept-template-changes'" in output) == (1, True)
    assert run(tmp_path, "Raw", "--accept-template-changes")[0] == 0
    assert run(tmp_path, "Raw")[0] == 0
    code, output = run(tmp_path, "Landing")
    assert (code, "lost: Lake/Raw" in output, "Traceback" in output) == (1, True, False)
