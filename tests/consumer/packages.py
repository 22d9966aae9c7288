"""The three packages as wheels, and environments in which they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

UV = Path(sys.executable).parent / "uv"
PACKAGES = {"lake_blueprints": ".", "template_checks": "checks", "local_cloud": "local"}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    ours = {"PYTHONPATH", "VIRTUAL_ENV", "JSII_NODE"}
    inherited = {key: value for key, value in os.environ.items() if key not in ours}
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env={**inherited, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wheel_name(package: str) -> str:
    return package if package.startswith("lake") else f"lake_{package}"


def installed(folder: Path, *requirements: str | Path) -> Path:
    """Return the Python of a new environment that holds only what is required."""
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *requirements, cwd=folder)
    return python
