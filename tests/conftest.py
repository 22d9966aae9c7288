"""Fixtures for every test."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from local_cloud.server.node import find_node

if TYPE_CHECKING:
    import aws_cdk as cdk

    from local_cloud.cloud import LocalCloud

# Before the CDK is imported, which starts Node: the one of the lock, also where pytest is started by hand.
os.environ.setdefault("JSII_NODE", str(find_node()))
pytest.register_assert_rewrite("tests.support")
LONG = ("tests/unit/processing/curation/", "tests/end_to_end/")

from tests.support import new_stack  # noqa: E402  after its asserts are set to explain themselves


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first, so that no worker is left with it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


class TemplateSnapshot(JSONSnapshotExtension):
    """One JSON file for each snapshot, without the hashes of assets, which change with every edit of a script."""

    file_extension = "template.json"

    def serialize(self, data: Any, **kwargs: Any) -> str:
        text = json.dumps(data, indent=2, sort_keys=True)
        return re.sub(r"[0-9a-f]{64}", "<asset>", text) + "\n"


@pytest.fixture
def stack() -> cdk.Stack:
    return new_stack()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A whole local cloud, in which the tests of one module leave what they make."""
    from local_cloud.cloud import LocalCloud  # noqa: PLC0415  it takes a second, which few tests need

    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def template_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TemplateSnapshot)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: those of a gzip, for instance, hold the second in which a worker made it."""
    return argname if isinstance(val, bytes) else None
