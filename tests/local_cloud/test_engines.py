"""Engines: found without a list, also those of other distributions, and the APIs that they answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.cloudformation.registry import Registry
from local_cloud.cloudformation.resource_type import ResourceType
from local_cloud.engines.discovery import find_engines
from local_cloud.engines.engine import Engine
from local_cloud.engines.kinesis.engine import KinesisEngine
from local_cloud.engines.redshift.serverless import RedshiftServerlessEngine
from local_cloud.errors import LocalCloudError
from local_cloud.packages import OptionalPackage
from local_cloud.server.services import Service, ServiceError

OTHER = """
from local_cloud.engines.engine import Engine
from local_cloud.server.services import Service, ServiceError

class DaxEngine(Engine):
    def services(self):
        return (Service(name="dax", handle=self.handle, operations=frozenset({"DescribeClusters", "DeleteCluster"})),)

    def handle(self, call):
        if call.operation == "DescribeClusters":
            return {"Clusters": [{"ClusterName": call.region}]}
        raise ServiceError("ClusterNotFoundFault", f"no cluster {call.request['ClusterName']}")
"""


def test_each_engine_is_found_once() -> None:
    found = find_engines()
    assert {KinesisEngine, RedshiftServerlessEngine} <= set(found)
    assert Engine not in found
    assert len(found) == len(set(found))


def test_another_distribution_brings_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other_engines.py").write_text(OTHER)
    metadata = tmp_path / "other_engines-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other-engines\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[local_cloud.engines]\ndax = other_engines:DaxEngine\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "other_engines", raising=False)
    with LocalCloud(workdir=tmp_path / "work") as cloud:
        dax = cloud.client("dax")
        assert dax.describe_clusters()["Clusters"] == [{"ClusterName": "us-east-1"}]
        with pytest.raises(ClientError, match="no cluster missing") as error:
            dax.delete_cluster(ClusterName="missing")
        assert error.value.response["Error"]["Code"] == "ClusterNotFoundFault"
        with pytest.raises(ClientError, match=r"Cluster not found\."):  # moto's own words
            dax.list_tags(ResourceName="missing")


def test_a_service_must_speak_a_protocol_that_engines_answer() -> None:
    with pytest.raises(LocalCloudError, match="engines can answer services that speak json, and 'sns' speaks query"):
        Service(name="sns", handle=lambda _: {})


def test_an_error_keeps_its_code() -> None:
    assert ServiceError("ConflictException", "taken").code == "ConflictException"


def types() -> Iterable[ResourceType]:
    for module, name in (("json", "Here"), ("no_such_package", "Missing")):
        yield ResourceType(
            name=f"AWS::Test::{name}", service="", needs=OptionalPackage(module=module, extra="postgresql")
        )


def test_a_type_whose_package_is_missing_is_refused_with_the_command_that_installs_it() -> None:
    registry = Registry(types())
    assert registry.find("AWS::Test::Here", "A").name == "AWS::Test::Here"
    with pytest.raises(LocalCloudError) as error:
        registry.find("AWS::Test::Missing", "B")
    assert str(error.value) == (
        "AWS::Test::Missing needs the package no_such_package; install it by pip install 'lake-local-cloud[postgresql]'"
    )
