"""The blueprint orders: a shop's database, and places that give its numbers to the cent."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from examples.demo.steps import Steps
from examples.orders.results import SHOP
from examples.orders.run import LIVE, Run
from examples.orders.shop import CUSTOMERS
from local_cloud.cloud import LocalCloud
from tests.end_to_end.test_recorded_calls import Recorded

OF_ORDERS = ("OpenSearch", "DynamoDB")


class Ended:
    """A run that has ended."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.results = Run(cloud, Steps(Console(file=io.StringIO())))()
        self.refused = Recorded(cloud).refused()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("orders"), longest_wait=1) as cloud:
        yield Ended(cloud)


def test_every_place_gives_the_numbers_of_the_shop(ended: Ended) -> None:
    found = dict(ended.results.totals)
    shop = found.pop(SHOP)
    assert found["Athena"] == found["Redshift"] == shop
    assert found[LIVE] == {name: shop[name] for name in ("orders", "lines", "payments")}
    assert all(found[place] == {"orders": shop["orders"]} for place in OF_ORDERS)
    assert shop["orders"][1] == shop["lines"][1] != shop["payments"][1]


def test_the_question_has_one_answer(ended: Ended) -> None:
    right = ended.results.answers[SHOP]
    assert set(right) == {"placed", "shipped"}
    assert len(ended.results.answers) == 6
    assert all(answer == right for answer in ended.results.answers.values())


def test_the_shop_was_written_while_it_was_followed(ended: Ended) -> None:
    assert ended.results.written is not None
    assert ended.results.written.changes > ended.results.written.transactions > 100
    assert ended.results.totals[SHOP]["customers"][0] < CUSTOMERS


def test_every_place_was_reached_and_has_its_age(ended: Ended) -> None:
    assert set(ended.results.lags) == {"Files of changes", *ended.results.ages}
    assert set(ended.results.ages) == {"Athena", "Redshift", LIVE, *OF_ORDERS}
    assert all(seconds > 0 for seconds in (*ended.results.lags.values(), *ended.results.ages.values()))


def test_a_column_that_no_contract_declares_is_in_the_files_and_by_zero_etl_and_not_in_the_curated_table(
    ended: Ended,
) -> None:
    assert ended.results.column is not None
    rows = ended.results.column.rows
    assert rows["Athena"] is None
    assert rows[SHOP] == rows[LIVE] == rows["Files of changes"] != 0


def test_the_erased_customer_was_in_old_versions_and_is_nowhere(ended: Ended) -> None:
    # The run has looked everywhere, and fails on the first place that has the customer.
    assert ended.results.erased is not None
    assert ended.results.erased.versions > 0
    assert ended.results.erased.deleted > 3


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(ended: Ended) -> None:
    assert ended.refused == [], "\n".join(ended.refused)
