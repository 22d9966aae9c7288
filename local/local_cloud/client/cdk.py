"""Runs the unmodified CDK CLI against the local cloud.

Above 200 lines: the CDK CLI found, started, followed line by line and understood when it fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.server.node import find_node
from local_cloud.server.processes import kill_group

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_EXCEPTION = re.compile(r"[\w.]*(Error|Exception): ")
_FAILED_UPDATES = "DeploymentError: Resource updates failed:"
_FAILED_RESOURCES = "Failed resources:"
# What a construct's validation finds follows on lines of its own.
_FOLLOWING_ERRORS = "Validation failed with the following errors:"
_BOOTSTRAP = "CDKToolkit"
_QUIET = ("--no-notices", "--ci")


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
        """Find the CLI: in `node_modules` of the app's or the current folder or of one above them, else on PATH.

        Raises
        ------
        LocalCloudError
            If Node or the CLI is missing.
        """
        node = find_node()
        for folder in (start for place in (directory.resolve(), Path.cwd()) for start in (place, *place.parents)):
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
                # A group of its own, so that the app and what it started can be ended with the CLI.
                start_new_session=True,
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
                kill_group(process)
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
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "1",
            "NO_COLOR": "1",
        }


def bootstrap(
    *, account: str, region: str, environment: Mapping[str, str], workdir: Path, on_line: Callable[[str], None]
) -> None:
    """Create what the CDK needs in a region before it can deploy."""
    Cdk.find(Path.cwd()).run(
        ["bootstrap", f"aws://{account}/{region}", *_QUIET],
        # Beside an app's cdk.json the CLI would synthesise that app first, for nothing.
        directory=workdir,
        environment=environment,
        log=workdir / "logs" / "cdk.log",
        on_line=on_line,
    )


def deploy(
    *,
    cdk: Cdk,
    directory: Path,
    app: str | None,
    context: Mapping[str, str],
    environment: Mapping[str, str],
    account: str,
    client: Callable[[str], Any],
    workdir: Path,
    on_line: Callable[[str], None],
) -> dict[str, dict[str, str]]:
    """Synthesise an app, bootstrap the regions that it needs, deploy every stack; return the outputs by stack.

    `client` returns a CloudFormation client for a region.
    """
    assembly, outputs = workdir / "cdk.out", workdir / "outputs.json"
    outputs.parent.mkdir(parents=True, exist_ok=True)
    outputs.unlink(missing_ok=True)
    log = workdir / "logs" / "cdk.log"

    def run(*arguments: str) -> None:
        cdk.run([*arguments, *_QUIET], directory=directory, environment=environment, log=log, on_line=on_line)

    given = [argument for key, value in context.items() for argument in ("--context", f"{key}={value}")]
    run("synth", "--quiet", "--output", str(assembly), *(("--app", app) if app else ()), *given)
    for region in _regions(assembly, account, environment["AWS_REGION"]):
        if not _bootstrapped(client(region)):
            run("bootstrap", f"aws://{account}/{region}", "--app", str(assembly))
    run("deploy", "--all", "--require-approval", "never", "--outputs-file", str(outputs), "--app", str(assembly))
    found: dict[str, dict[str, str]] = json.loads(outputs.read_text()) if outputs.exists() else {}
    return found


def _regions(assembly: Path, account: str, default_region: str) -> list[str]:
    """Return the regions of an assembly's stacks.

    Raises
    ------
    LocalCloudError
        If a stack is bound to another account.
    """
    regions: dict[str, None] = {}
    manifest = json.loads((assembly / "manifest.json").read_text())
    for name, artifact in manifest.get("artifacts", {}).items():
        if artifact["type"] == "cdk:cloud-assembly":
            nested = assembly / artifact["properties"]["directoryName"]
            regions |= dict.fromkeys(_regions(nested, account, default_region))
        elif artifact["type"] == "aws:cloudformation:stack":
            wanted, region = artifact["environment"].removeprefix("aws://").split("/")
            if wanted not in (account, "unknown-account"):
                raise LocalCloudError(
                    f"stack {name} is bound to account {wanted}; the local cloud has only {account}: "
                    "leave the account out, or give that one, when you deploy locally"
                )
            regions[default_region if region == "unknown-region" else region] = None
    return list(regions)


def _bootstrapped(client: Any) -> bool:
    return any(stack["StackName"] == _BOOTSTRAP for stack in client.describe_stacks()["Stacks"])


def _error_of(lines: list[str]) -> str:
    """Return the line in which the CLI, or the app, says what is wrong."""
    for number, line in enumerate(lines):
        if line.endswith(_FAILED_UPDATES):
            # The resource, then the reason.
            return ": ".join(part.strip() for part in lines[number + 1 : number + 3])
    if _FAILED_RESOURCES in lines:
        # Stack | time | status | type | logical id and reason
        row = lines[lines.index(_FAILED_RESOURCES) + 1].split(" | ", 4)
        return row[-1].strip()
    marked = [line for line in lines if "❌" in line]
    telling = marked or [line for line in lines if _EXCEPTION.match(line)] or lines
    if telling and telling[-1].endswith(_FOLLOWING_ERRORS):
        after = lines[lines.index(telling[-1]) + 1 :]
        return " ".join([telling[-1], *(line.strip() for line in takewhile(lambda line: line.startswith("  "), after))])
    return telling[-1].replace("❌", "").strip() if telling else "it said nothing"
