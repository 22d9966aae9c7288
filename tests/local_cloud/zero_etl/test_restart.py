"""Destinations of a cloud that is stopped and started again, and of integrations that are deleted."""

from __future__ import annotations

from pathlib import Path

from local_cloud.cloud import LocalCloud
from tests.local_cloud.zero_etl.conftest import FILL, ORDERS, Shop, shop


def test_rows_go_on_after_the_cloud_was_stopped_and_started(tmp_path: Path) -> None:
    cloud = LocalCloud(workdir=tmp_path)
    cloud.start()
    kept = Shop(cloud)
    assert kept.deploy(shop()) == ""
    with kept.source() as source:
        source.execute(ORDERS)
        source.execute(FILL, [20])
    kept.create_destination()
    with kept.source() as source:
        source.execute("delete from orders where id = 1")
    cloud.stop(keep=True)
    with cloud:
        with kept.source() as source:
            source.execute("update orders set note = 'later' where id = 2")
        found, arrived = kept.both()
        assert len(arrived) == 19
        assert arrived == found


def test_after_the_integration_is_deleted_the_rows_stay_and_the_source_forgets_its_log(workshop: Shop) -> None:
    assert workshop.deploy(shop()) == ""
    with workshop.source() as source:
        source.execute(ORDERS)
        source.execute(FILL, [3])
    workshop.create_destination()
    workshop.cloud.client("rds").delete_integration(IntegrationIdentifier=workshop.integration)
    with workshop.source() as source:
        assert source.execute("select count(*) from pg_replication_slots").fetchone() == (0,)
        source.execute("delete from orders")
    workshop.cloud.drain()
    assert workshop.sql("select count(*) from public.orders", database="orders") == [[3]]
    workshop.sql("drop database orders")
