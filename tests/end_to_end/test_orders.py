"""The blueprint orders: a shop's database, and places that give its numbers to the cent."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from examples.demo.steps import Steps
from examples.orders.run import Facts, Run
from local_cloud.cloud import LocalCloud
from tests.end_to_end.test_recorded_calls import Recorded


class Ended:
    """A run that has ended."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.found: dict[str, Facts] = Run(cloud, Steps(Console(file=io.StringIO())), days=5)()
        self.refused = Recorded(cloud).refused()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("orders"), longest_wait=1) as cloud:
        yield Ended(cloud)


def test_every_place_gives_the_numbers_of_the_shop(ended: Ended) -> None:
    shop = ended.found["shop"]
    assert ended.found["Athena"] == ended.found["Redshift"] == shop
    assert ended.found["OpenSearch"]["orders"] == ended.found["DynamoDB"]["orders"] == shop["orders"]


def test_the_shop_has_changed_since_it_was_loaded(ended: Ended) -> None:
    assert ended.found["shop"]["customers"][0] < 5_000
    assert ended.found["shop"]["orders"][0] > 10_000


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(ended: Ended) -> None:
    assert ended.refused == [], "\n".join(ended.refused)
