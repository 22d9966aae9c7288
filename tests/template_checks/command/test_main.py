"""The command `lake`: its commands, and what to install for those that are missing."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from template_checks.command import main as command


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this distribution is installed."""
    own = EntryPoint(name="check", value="template_checks.command.command:main", group=command.GROUP)
    monkeypatch.setattr(command, "entry_points", lambda group: [own])


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("name", "package"), [("contract", "lake-blueprints"), ("init", "lake-blueprints"), ("local", "lake-local-cloud")]
)
def test_a_command_of_another_distribution_says_what_installs_it(
    name: str, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([name, "anything"]) == 2
    assert capsys.readouterr().err == (
        f"error: 'lake {name}' comes with {package}, which is not installed: pip install {package}\n"
    )


@pytest.mark.usefixtures("alone")
def test_a_command_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["polish"])
    assert "invalid choice: 'polish'" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    for number in range(1_000):
        (tmp_path / f"{number}.yaml").write_text("kind: DataContract\n")
    code = "from template_checks.command.main import main; raise SystemExit(main())"
    command = [sys.executable, "-c", code, "contract", "check", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 141
