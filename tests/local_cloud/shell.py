"""The command line of the local cloud, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3

from tests.support import ROOT

LOCAL = ROOT / "local"


class Shell:
    """Runs the command line in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, workdir: str = "work") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local_cloud", "--workdir", workdir, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(LOCAL)},
            capture_output=True,
            text=True,
            check=False,
        )

    def succeed(self, *arguments: str) -> str:
        """Run a command that must not fail; return what it prints."""
        done = self(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def client(self, service: str) -> Any:
        """Return a client of the cloud that runs now."""
        running = json.loads((self.folder / "work" / "server.json").read_text())
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=running["endpoint"],
            aws_access_key_id=running["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=running["AWS_SECRET_ACCESS_KEY"],
        )
