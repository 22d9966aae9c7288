"""The report of the orders: what every place says, side by side."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from examples.demo.errors import DemoError
from examples.demo.steps import Step, Steps
from examples.orders import command, report
from examples.orders.results import SHOP, AddedColumn, Erased, Results, Written
from tests.examples.test_flights_demo_report import Nesting


@pytest.fixture
def results() -> Results:
    return Results(
        rows=19_000,
        written=Written(changes=12_345, transactions=1_500, seconds=40.0),
        position="0/1A2B3C",
        totals={
            SHOP: {"customers": (3_999, "8000.00"), "orders": (5_001, "1234.50")},
            "OpenSearch": {"orders": (5_001, "1234.50")},
        },
        answers={SHOP: {"placed": (7, "1.00")}, "OpenSearch": {"placed": (7, "1.00")}},
        lags={"Athena": 30.0, "OpenSearch": 45.0},
        ages={"Athena": 12.0, "OpenSearch": 20.0},
        column=AddedColumn(name="note", rows={SHOP: 77, "Athena": None}),
        erased=Erased(name="Customer <7>", deleted=9, versions=4),
    )


@pytest.fixture
def steps() -> list[Step]:
    done = Steps(Console(file=io.StringIO()))
    with done.step("Deploy with the CDK CLI"):
        pass
    return done.done


def test_is_well_formed_and_asks_nobody_for_anything(results: Results, steps: list[Step]) -> None:
    html = report.render(results, steps, 100.0)
    parser = Nesting()
    parser.feed(html)
    assert parser.open == []
    assert not re.search(r"https?://|url\(|@import|<script", html)


def test_shows_places_side_by_side_the_column_and_the_erasure(results: Results, steps: list[Step]) -> None:
    html = report.render(results, steps, 100.0)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert "the shop 3,999 8000.00 5,001 1234.50 OpenSearch - - 5,001 1234.50" in text
    assert "12,345 changes followed, in 1,500 transactions and 40 s" in text
    assert "the shop 77 Athena no such column" in text
    assert "Customer &lt;7&gt; left the shop, which deleted 9 rows" in text
    # Lag, freshness and steps.
    assert html.count("<svg") == 3


def test_a_place_that_says_something_else_is_named(results: Results) -> None:
    results.check()
    results.totals["OpenSearch"]["orders"] = (5_000, "1234.50")
    with pytest.raises(DemoError, match=r"OpenSearch has \(5000, '1234.50'\) of orders, and the shop \(5001,"):
        results.check()


def test_a_place_that_lacks_an_answer_is_named(results: Results) -> None:
    results.answers["OpenSearch"].clear()
    with pytest.raises(DemoError, match="OpenSearch has None of placed"):
        results.check()


def test_the_terminal_shows_the_same(results: Results) -> None:
    output = io.StringIO()
    console = Console(file=output, width=120)
    console.print(command.side_by_side(results.totals, lambda fact: f"{fact[0]:,} / {fact[1]}"))
    console.print(command.lags(results))
    words = " ".join(output.getvalue().split())
    assert "the shop 3,999 / 8000.00 5,001 / 1234.50 OpenSearch 5,001 / 1234.50" in words
    assert "Athena 30.0 12.0" in words
