"""The command `lake`: its commands, and what to install for those that are missing."""

from __future__ import annotations

from importlib.metadata import EntryPoint

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
