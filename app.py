"""The reference app: reads the context of an environment, and is the first consumer of the library."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk

from lake_blueprints.contracts import Contract
from lake_blueprints.contracts.by_name import by_name
from stacks.environment import Environment
from stacks.flight_lake import FlightLake

# Given on the command line (`-c account=...`), these win over the environment's own.
OVERRIDES = ("account", "region", "alarm_email")


def build(app: cdk.App) -> FlightLake:
    """Define the lake of the environment that the context names, from the contracts that it names."""
    context = app.node.try_get_context
    environment = Environment.from_context(
        context("environments") or {},
        str(context("environment")),
        {setting: context(setting) for setting in OVERRIDES},
    )
    folder = Path(__file__).parent / str(context("contracts"))
    datasets = [dataset for contract in Contract.from_directory(folder) for dataset in contract.datasets]
    return FlightLake(app, environment, by_name(datasets))


def main() -> None:
    app = cdk.App()
    try:
        build(app)
    except ValueError as error:
        # Every refusal of the library is one: of a contract, an environment, or a value that AWS would not take.
        sys.exit(f"error: {error}")
    app.synth()


if __name__ == "__main__":
    main()
