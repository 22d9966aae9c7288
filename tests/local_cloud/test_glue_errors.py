"""Glue's message about a script that failed, read from what Python printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.engines.glue.execution import error_message


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("x = 1\ny = (2\n", "SyntaxError: '(' was never closed (job.py, line 2)"),
        ("def f():\nreturn 1\n", "IndentationError: expected an indented block after function definition on line 1 "),
        ("raise KeyError('colour')\n", "KeyError: 'colour'"),
        ("import sys\nsys.exit(3)\n", "Command failed with exit code 3"),
    ],
)
def test_the_cause_of_a_failed_script_is_one_line(tmp_path: Path, script: str, message: str) -> None:
    (tmp_path / "job.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "job.py"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert error_message(done.stderr, done.returncode).startswith(message)
