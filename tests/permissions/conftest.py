"""The lakes are synthesised once, and one process of Node decides everything."""

from __future__ import annotations

from collections.abc import Iterator

import aws_cdk as cdk
import pytest

from lake_blueprints.foundation.access import PermissionSet
from tests.permissions.discovery import roles_in, services_in
from tests.permissions.lakes import SampleLake
from tests.permissions.proof import Proof, deployment_of
from tests.permissions.simulator import Simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    made = Simulator()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def lakes() -> tuple[cdk.App, SampleLake, SampleLake]:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    return app, SampleLake(app, "Ours"), SampleLake(app, "Theirs")


@pytest.fixture(scope="session")
def ours(lakes: tuple[cdk.App, SampleLake, SampleLake]) -> SampleLake:
    return lakes[1]


@pytest.fixture(scope="session")
def theirs(lakes: tuple[cdk.App, SampleLake, SampleLake]) -> SampleLake:
    return lakes[2]


@pytest.fixture(scope="session")
def roles(ours: SampleLake) -> list[PermissionSet]:
    return roles_in(ours.data, ours.work)


@pytest.fixture(scope="session")
def services(ours: SampleLake) -> list[tuple[PermissionSet, cdk.Stack]]:
    return services_in(ours.data, ours.work)


@pytest.fixture(scope="session")
def proof(lakes: tuple[cdk.App, SampleLake, SampleLake], simulator: Simulator) -> Proof:
    return Proof(simulator, deployment_of(lakes[0]))
