"""A cloud that is stopped while a replication runs, and started again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from local_cloud.cloud import LocalCloud
from tests.local_cloud.dms.conftest import Replication
from tests.local_cloud.dms.test_replication import FILL, ORDERS, in_source


def test_goes_on_by_itself_after_the_cloud_was_stopped_and_started(
    tmp_path: Path, port: int, database: psycopg.Connection[Any]
) -> None:
    database.execute(ORDERS)
    database.execute(FILL, [5])
    cloud = LocalCloud(workdir=tmp_path)
    cloud.start()
    replication = Replication(cloud, port, "kept")
    replication.run()
    cloud.stop(keep=True)
    database.execute("delete from orders where id = 5")
    with cloud:
        assert replication.wait("running")
        cloud.drain()
        assert replication.merged() == in_source(database)
        assert len(replication.rows()) == 6
        replication.stop()
