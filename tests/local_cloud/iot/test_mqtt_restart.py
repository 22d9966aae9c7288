"""The broker of IoT Core after the cloud was stopped and started again."""

from __future__ import annotations

from pathlib import Path

from local_cloud.cloud import LocalCloud
from tests.local_cloud.iot.test_mqtt import Client, Fleet


def test_the_broker_comes_again_on_its_port_with_what_the_cloud_kept(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        fleet = Fleet(cloud)
        certificate = fleet.certificate("device", "d1")
        port = fleet.client(certificate, "d1").port
        cloud.stop(keep=True)
    with LocalCloud(workdir=tmp_path) as cloud:
        device = Client(cloud, certificate, "d1")
        assert device.port == port
        assert device.connect() == "Success"
        device.leave()
