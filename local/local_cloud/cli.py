"""The command `local-cloud`, also `lake local` and `python -m local_cloud`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local_cloud.client.controls import call
from local_cloud.errors import LocalCloudError
from local_cloud.server.access_keys import AccessKey
from local_cloud.server.private_files import make_private, write_private

DEFAULT_WORKDIR = Path(".lake") / "local"
DEFAULT_PORT = 4599
_START_SECONDS = 60
_STOP_SECONDS = 20
_POLL_SECONDS = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local-cloud", description="An AWS on this machine.")
    parser.add_argument("--workdir", type=Path, default=DEFAULT_WORKDIR, help=f"default: {DEFAULT_WORKDIR}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    start = commands.add_parser("start", help="start the cloud in the background")
    start.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"default: {DEFAULT_PORT}; 0 takes any free one")
    start.add_argument("--longest-wait", type=int, metavar="SECONDS", help="have longer Wait states end early")
    start.add_argument("--any-credentials", action="store_true", help="take any access key, not only the printed one")
    start.set_defaults(run=_start)

    serve = commands.add_parser("serve", help="run the cloud in the foreground, until interrupted")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT)
    serve.add_argument("--longest-wait", type=int, metavar="SECONDS")
    serve.add_argument("--any-credentials", action="store_true")
    serve.set_defaults(run=_serve)

    deploy = commands.add_parser("deploy", help="deploy an app with the CDK CLI")
    deploy.add_argument("--app", help="command that runs the app; default: the one in cdk.json")
    deploy.add_argument("--context", "-c", action="append", default=[], metavar="KEY=VALUE")
    deploy.add_argument("--directory", type=Path, default=Path(), help="folder of the app; default: this one")
    deploy.add_argument("--region", default="us-east-1")
    deploy.set_defaults(run=_deploy)

    run = commands.add_parser("run", help="run a state machine to its end")
    run.add_argument("state_machine", help="its ARN or its name")
    run.add_argument("--input", default="{}", help="JSON")
    run.add_argument("--region", default="us-east-1")
    run.set_defaults(run=_run)

    for name, function, text in (
        ("env", _env, "print the variables to export, with which any AWS tool talks to the cloud"),
        ("drain", _drain, "have buffered data delivered now"),
        ("calls", _calls, "print which calls were made under which roles"),
        ("status", _status, "say whether the cloud runs, and where"),
        ("console", _console, "print the address of the console, for a browser"),
        ("stop", _stop, "stop the cloud"),
        ("reset", _reset, "stop the cloud and remove all that it wrote"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=function)
    return parser


def _start(options: argparse.Namespace) -> None:
    running = _running(options.workdir)
    if running:
        raise LocalCloudError(f"the local cloud runs already, at {running['endpoint']}; stop it first")
    log = options.workdir / "logs" / "start.log"
    make_private(options.workdir)
    log.parent.mkdir(exist_ok=True)
    _state_file(options.workdir).unlink(missing_ok=True)
    command = [sys.executable, "-m", "local_cloud", "--workdir", str(options.workdir), "serve"]
    command += ["--port", str(options.port)]
    if options.longest_wait is not None:
        command += ["--longest-wait", str(options.longest_wait)]
    if options.any_credentials:
        command.append("--any-credentials")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while not (running := _running(options.workdir)):
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            said = log.read_text(errors="replace").strip().splitlines()
            raise LocalCloudError(said[-1].removeprefix("error: ") if said else f"it did not start; see {log}")
        time.sleep(_POLL_SECONDS)
    print(f"The local cloud runs. To use it:\n{_exports(running)}")


def _env(options: argparse.Namespace) -> None:
    print(_exports(_must_run(options.workdir)))


def _serve(options: argparse.Namespace) -> None:
    # moto takes a second to load, which the other commands need not wait for.
    from local_cloud.cloud import LocalCloud  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _interrupt)
    state = _state_file(options.workdir)
    try:
        with LocalCloud(
            workdir=options.workdir,
            port=options.port,
            longest_wait=options.longest_wait,
            any_credentials=options.any_credentials,
        ) as cloud:
            running = {"pid": os.getpid(), "endpoint": cloud.endpoint, "account": cloud.account}
            write_private(state, json.dumps({**running, **cloud.access_key.variables}))
            print(f"serving {cloud.endpoint}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    finally:
        # Removed last: `stop` waits for it.
        state.unlink(missing_ok=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _deploy(options: argparse.Namespace) -> None:
    from local_cloud.client import cdk  # noqa: PLC0415
    from local_cloud.server.runtime import client, environment  # noqa: PLC0415

    context = {}
    for pair in options.context:
        key, equals, value = pair.partition("=")
        if not equals:
            raise LocalCloudError(f"--context takes KEY=VALUE, got {pair!r}")
        context[key] = value
    if not options.directory.is_dir():
        raise LocalCloudError(f"there is no folder {options.directory}")
    cloud = _must_run(options.workdir)
    outputs = cdk.deploy(
        cdk=cdk.Cdk.find(options.directory),
        directory=options.directory,
        app=options.app,
        context=context,
        environment=environment(cloud["endpoint"], _key(cloud), options.region),
        account=cloud["account"],
        client=lambda region: client(cloud["endpoint"], _key(cloud), "cloudformation", region),
        workdir=options.workdir.resolve(),
        on_line=print,
    )
    print(json.dumps(outputs, indent=2))


def _run(options: argparse.Namespace) -> None:
    from local_cloud.client import executions  # noqa: PLC0415
    from local_cloud.server.runtime import client  # noqa: PLC0415

    try:
        payload = json.loads(options.input)
    except ValueError as error:
        raise LocalCloudError(f"--input must be JSON: {error}") from None
    cloud = _must_run(options.workdir)
    stepfunctions = client(cloud["endpoint"], _key(cloud), "stepfunctions", options.region)
    arn = options.state_machine
    if not arn.startswith("arn:"):
        machines = {
            each["name"]: each["stateMachineArn"] for each in stepfunctions.list_state_machines()["stateMachines"]
        }
        if arn not in machines:
            raise LocalCloudError(
                f"there is no state machine {arn}; there are: {', '.join(sorted(machines)) or 'none'}"
            )
        arn = machines[arn]
    print(json.dumps(executions.execute(stepfunctions, arn, payload, print), indent=2))


def _drain(options: argparse.Namespace) -> None:
    _call(_must_run(options.workdir), "POST", "drain")


def _calls(options: argparse.Namespace) -> None:
    for made in _call(_must_run(options.workdir), "GET", "calls")["calls"]:
        print(made["role"].rsplit("/", maxsplit=1)[-1], made["action"], made["resource"], sep="\t")


def _status(options: argparse.Namespace) -> None:
    running = _running(options.workdir)
    print(json.dumps(_call(running, "GET", "status"), indent=2) if running else "not running")


def _console(options: argparse.Namespace) -> None:
    print(_call(_must_run(options.workdir), "GET", "status")["console"])


def _stop(options: argparse.Namespace) -> None:
    running = _running(options.workdir)
    if not running:
        print("not running")
        return
    os.kill(running["pid"], signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _state_file(options.workdir).exists():
        if time.monotonic() > deadline:
            raise LocalCloudError(f"process {running['pid']} does not stop; end it by hand")
        time.sleep(_POLL_SECONDS)
    print("stopped")


def _reset(options: argparse.Namespace) -> None:
    _stop(options)
    shutil.rmtree(options.workdir, ignore_errors=True)


def _state_file(workdir: Path) -> Path:
    return workdir / "server.json"


def _running(workdir: Path) -> dict[str, Any] | None:
    """Return where the cloud of this folder runs, if it does."""
    try:
        state: dict[str, Any] = json.loads(_state_file(workdir).read_text())
        return state if _call(state, "GET", "status")["pid"] == state["pid"] else None
    except (OSError, ValueError, LocalCloudError):
        return None


def _must_run(workdir: Path) -> dict[str, Any]:
    running = _running(workdir)
    if not running:
        raise LocalCloudError("the local cloud does not run; start it with: local-cloud start")
    return running


def _call(cloud: dict[str, Any], method: str, name: str) -> dict[str, Any]:
    return call(cloud["endpoint"], _key(cloud), method, name)


def _key(cloud: dict[str, Any]) -> AccessKey:
    return AccessKey(id=cloud["AWS_ACCESS_KEY_ID"], secret=cloud["AWS_SECRET_ACCESS_KEY"])


def _exports(cloud: dict[str, Any]) -> str:
    variables = {"AWS_ENDPOINT_URL": cloud["endpoint"], **_key(cloud).variables, "AWS_REGION": "us-east-1"}
    return "\n".join(f"export {name}={value}" for name, value in variables.items())
