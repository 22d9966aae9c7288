"""The first hour of a new user: six commands, each printed by the one before or in the README, lead to rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consumer.packages import UV, run
from tests.support import ROOT


class Newcomer:
    """Runs commands in an environment and a home of their own; a shell keeps its folder and its variables.

    Parameters
    ----------
    home: Path
        Folder for both.
    """

    def __init__(self, home: Path) -> None:
        self._environment = {
            "HOME": str(home),
            "PATH": f"{home / 'venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            # What a machine sets to reach registries.
            **{
                name: value
                for name, value in os.environ.items()
                if re.search("proxy|cert|ssl|ca_", name, re.IGNORECASE)
            },
        }
        self._folder = home
        self.commands = 0

    def __call__(self, *lines: str) -> str:
        """Run lines of a console, each of which must succeed; return what they printed."""
        self.commands += len(lines)
        script = "\n".join(["set -e", *lines, 'echo "folder: $PWD"'])
        done = subprocess.run(
            ["bash", "-c", script], cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        *printed, folder = done.stdout.splitlines()
        self._folder = Path(folder.removeprefix("folder: "))
        return "\n".join(printed)


def readme_commands() -> list[str]:
    """Return the commands of the README's installation that are for the first hour."""
    section = (ROOT / "README.md").read_text().partition("## Installation")[2]
    block = re.findall(r"```console\n(.*?)```", section, re.DOTALL)[0]
    return [line.removeprefix("$ ").partition("  #")[0].strip() for line in block.splitlines()]


def printed_commands(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if line.startswith("  ")]


@pytest.fixture
def newcomer(wheels: dict[str, Path], tmp_path: Path) -> Iterator[Newcomer]:
    home = tmp_path / "home"
    home.mkdir()
    run(UV, "venv", "--quiet", "--seed", "--python", sys.executable, home / "venv", cwd=home)
    newcomer = Newcomer(home)
    yield newcomer
    subprocess.run(
        [home / "venv/bin/local-cloud", "reset"], cwd=home / "my-lake", check=False, capture_output=True, text=True
    )


def test_six_commands_lead_from_the_wheels_to_rows(newcomer: Newcomer, wheels: dict[str, Path], tmp_path: Path) -> None:
    install, init = readme_commands()
    # The wheels lie in a folder instead of a registry, and uv, whose cache is kept, is a faster pip.
    folder = next(iter(wheels.values())).parent
    python = tmp_path / "home" / "venv" / "bin" / "python"
    requirement = install.removeprefix("pip install ").strip('"')
    run(UV, "pip", "install", "--quiet", "--find-links", folder, "--python", python, requirement, cwd=tmp_path)
    newcomer.commands += 1

    check, deploy, go = printed_commands(newcomer(init))
    # Another cloud may run on the machine that tests.
    said = newcomer(check, deploy.replace("local-cloud start", "local-cloud start --port 0"), go)
    assert re.search(r"^sent 7 of 7 records$", said, re.MULTILINE)
    assert re.search(r": 7 records delivered: 1 object in s3://", said)
    (account,) = [line for line in said.splitlines() if line.startswith("orders ")]
    assert account.split()[:6] == ["orders", "7", "5", "1", "1", "0"]
    assert account.endswith("quality: known status: 1")

    (hint,) = re.findall(r"^see rows with: (.+)$", said, re.MULTILINE)
    header, *rows = newcomer(hint).splitlines()
    assert header.split() == ["order_id", "ordered_at", "customer", "status", "amount", "day"]
    assert sorted(row.split()[0] for row in rows) == ["o-1001", "o-1002", "o-1003", "o-1004", "o-1005"]
    assert newcomer.commands == 6
