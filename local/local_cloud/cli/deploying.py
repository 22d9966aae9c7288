"""The command that deploys an app."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_cloud.cli.session import Session, add_region
from local_cloud.errors import LocalCloudError


def add_parsers(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("deploy", help="deploy an app with the CDK CLI")
    parser.add_argument("--app", help="command that runs the app; default: the one in cdk.json")
    parser.add_argument("--context", "-c", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--directory", type=Path, default=Path(), help="folder of the app; default: this one")
    add_region(parser)
    parser.set_defaults(run=_deploy)


def _deploy(options: argparse.Namespace) -> None:
    from local_cloud.client import cdk  # noqa: PLC0415  like boto3, slow to load
    from local_cloud.server.runtime import environment  # noqa: PLC0415

    context = {}
    for pair in options.context:
        key, equals, value = pair.partition("=")
        if not equals:
            raise LocalCloudError(f"--context takes KEY=VALUE, got {pair!r}")
        context[key] = value
    if not options.directory.is_dir():
        raise LocalCloudError(f"there is no folder {options.directory}")
    session = Session.of(options)
    outputs = cdk.deploy(
        cdk=cdk.Cdk.find(options.directory),
        directory=options.directory,
        app=options.app,
        context=context,
        environment=environment(session.endpoint, session.key, options.region),
        account=session.account,
        client=lambda region: session.client("cloudformation", region),
        workdir=options.workdir.resolve(),
        on_line=lambda line: print(line, flush=True),
    )
    _show(outputs)
    machines = session.client("stepfunctions", options.region).list_state_machines()["stateMachines"]
    if machines:
        name = f" {machines[0]['name']}" if len(machines) > 1 else ""
        print(f"run its state machine with: local-cloud run{name}")


def _show(outputs: Mapping[str, Mapping[str, str]]) -> None:
    for stack, values in outputs.items():
        for name, value in values.items():
            print(f"{stack}.{name} = {value}")
