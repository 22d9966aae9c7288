"""Commands for the server itself: start, serve, env, status, stop and reset.

Above 200 lines: each command of a cloud's life, with the options of its start.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from local_cloud.cli.session import DEFAULT_REGION, Session, state_file
from local_cloud.errors import LocalCloudError
from local_cloud.server.private_files import make_private, write_private
from local_cloud.server.state_file import StateFile

DEFAULT_PORT = 4599
_LONGEST_WAIT = 1
_START_SECONDS = 60
_STOP_SECONDS = 20
_POLL_SECONDS = 0.1
# With these, tools would choose other credentials, or sign with the token of another account.
_IN_THE_WAY = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def add_parsers(commands: Any) -> None:
    """Add the commands."""
    for name, function, text in (
        ("start", _start, "start the cloud in the background"),
        ("serve", _serve, "run the cloud in the foreground, until interrupted"),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument(
            "--port",
            type=int,
            help=f"default: that of the data that was kept, else {DEFAULT_PORT}; 0 takes any free one instead of it",
        )
        waits = parser.add_mutually_exclusive_group()
        waits.add_argument(
            "--longest-wait",
            type=int,
            default=_LONGEST_WAIT,
            metavar="SECONDS",
            help=f"have longer Wait states of state machines end early; default: {_LONGEST_WAIT}",
        )
        waits.add_argument(
            "--whole-waits",
            dest="longest_wait",
            action="store_const",
            const=None,
            help="have Wait states wait as long as they say",
        )
        parser.add_argument(
            "--any-credentials", action="store_true", help="take any access key, not only the printed one"
        )
        parser.add_argument(
            "--receiver",
            action="append",
            default=[],
            metavar="HOST=PORT",
            help="have a program of this machine stand for a host to which services send requests; may be repeated",
        )
        parser.add_argument(
            "--receiver-authority",
            type=Path,
            metavar="FILE",
            help="certificates that sign those of the receivers, in PEM; default: the public authorities",
        )
        parser.set_defaults(run=function)
    for name, function, text in (
        ("env", _env, 'print the variables that any AWS tool needs, for: eval "$(local-cloud env)"'),
        ("status", _status, "say whether the cloud runs, and where"),
        ("reset", _reset, "stop the cloud and remove all that it holds and wrote, logs too"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(run=function)
    text = "stop the cloud; what is deployed and stored in it is there again after the next start"
    parser = commands.add_parser("stop", help=text, description=text)
    parser.add_argument("--force", action="store_true", help="end work that runs; by default the cloud then goes on")
    parser.set_defaults(run=_stop)


def _start(options: argparse.Namespace) -> None:
    running = Session.find(options.workdir)
    if running:
        raise LocalCloudError(f"the local cloud runs already, at {running.endpoint}; stop it first")
    log = options.workdir / "logs" / "start.log"
    make_private(options.workdir)
    log.parent.mkdir(exist_ok=True)
    state_file(options.workdir).unlink(missing_ok=True)
    command = [sys.executable, "-m", "local_cloud", "--workdir", str(options.workdir), "serve"]
    command += ["--port", str(options.port)] if options.port is not None else []
    command += ["--whole-waits"] if options.longest_wait is None else ["--longest-wait", str(options.longest_wait)]
    if options.any_credentials:
        command.append("--any-credentials")
    for receiver in options.receiver:
        command += ["--receiver", receiver]
    if options.receiver_authority:
        command += ["--receiver-authority", str(options.receiver_authority)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while not (running := Session.find(options.workdir)):
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            said = log.read_text(errors="replace").strip().splitlines()
            raise LocalCloudError(said[-1].removeprefix("error: ") if said else f"it did not start; see {log}")
        time.sleep(_POLL_SECONDS)
    print(f"the local cloud runs at {running.endpoint}")
    print("deploy an app into it:         local-cloud deploy")
    print('use it from any AWS tool:      eval "$(local-cloud env)"')


def _serve(options: argparse.Namespace) -> None:
    # moto takes a second to load, which the other commands need not wait for.
    from local_cloud.cloud import LocalCloud  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _interrupt)
    state = state_file(options.workdir)
    try:
        with LocalCloud(
            workdir=options.workdir,
            port=options.port if options.port is not None else StateFile(options.workdir).port or DEFAULT_PORT,
            longest_wait=options.longest_wait,
            any_credentials=options.any_credentials,
            receivers=_ports(options.receiver),
            receiver_authority=options.receiver_authority,
        ) as cloud:
            running = {"pid": os.getpid(), "endpoint": cloud.endpoint, "account": cloud.account}
            write_private(state, json.dumps({**running, **cloud.access_key.variables}))
            print(f"serving {cloud.endpoint}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    finally:
        # Removed last: `stop` waits for it.
        state.unlink(missing_ok=True)


def _ports(receivers: list[str]) -> dict[str, int]:
    ports = {}
    for receiver in receivers:
        host, separator, port = receiver.partition("=")
        if not host or not separator or not port.isdigit():
            raise LocalCloudError(f"--receiver takes HOST=PORT, got '{receiver}'")
        ports[host] = int(port)
    return ports


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _env(options: argparse.Namespace) -> None:
    print(exports(Session.of(options)))


def exports(session: Session) -> str:
    """Return the lines that a shell evaluates."""
    # botocore, and so boto3 and the AWS CLI, reads AWS_DEFAULT_REGION; the other SDKs read AWS_REGION.
    variables = {
        "AWS_ENDPOINT_URL": session.endpoint,
        **session.key.variables,
        "AWS_REGION": DEFAULT_REGION,
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
    }
    # Each ends in a semicolon: an unquoted $(…) makes one line of all.
    lines = [f"unset {' '.join(_IN_THE_WAY)};"]
    return "\n".join([*lines, *(f"export {name}={shlex.quote(value)};" for name, value in variables.items())])


def _status(options: argparse.Namespace) -> None:
    running = Session.find(options.workdir)
    print(json.dumps(running.call("GET", "status"), indent=2) if running else "not running")


def _stop(options: argparse.Namespace) -> None:
    running = Session.find(options.workdir)
    if not running:
        print("not running")
        return
    if options.force:
        running.call("POST", "abort")
    running.call("POST", "keep")
    _end(running, options)
    print(f"stopped; data and logs are in {options.workdir}")


def _end(running: Session, options: argparse.Namespace) -> None:
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while state_file(options.workdir).exists():
        if time.monotonic() > deadline:
            raise LocalCloudError(f"process {running.pid} does not stop; end it by hand")
        time.sleep(_POLL_SECONDS)


def _reset(options: argparse.Namespace) -> None:
    if running := Session.find(options.workdir):
        _end(running, options)
    print("stopped" if running else "not running")
    shutil.rmtree(options.workdir, ignore_errors=True)
