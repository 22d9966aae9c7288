"""The report is one whole HTML file that asks nobody for anything."""

from __future__ import annotations

import io
import re
from collections import Counter
from html.parser import HTMLParser
from string import Template

import pytest
from rich.console import Console

from examples.demo.queries import Answer
from examples.demo.steps import Step, Steps
from examples.flights import report, summary
from examples.flights.account import Account
from examples.flights.history import History, Snapshot
from examples.flights.model import Model
from examples.flights.questions import Chart, Question
from examples.flights.results import Results

VOID = {"meta", "rect", "line", "circle", "polyline"}


class Nesting(HTMLParser):
    """Fails on a tag that is closed in the wrong place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID - {"rect", "circle"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _question(name: str, chart: Chart | None) -> Question:
    return Question(
        name=name, title="Who is <late> & why?", sql=Template("SELECT 1"), sql_on_raw=Template(""), chart=chart
    )


def _chart(kind: str, line: str | None = None) -> Chart:
    return Chart(kind=kind, label="who", value="minutes", unit="minutes", line=line)


def _snapshot(number: int, operation: str, rows: int, *, delete_files: int = 0) -> Snapshot:
    return Snapshot(
        identity=str(number), committed_at="10:00", operation=operation, rows=rows, data_files=2,
        delete_files=delete_files,
    )  # fmt: skip


@pytest.fixture
def results() -> Results:
    answer = Answer(("who", "minutes", "mean"), (("<b>", 12.5, 1.0), ("c", -3.0, 2.0), ("d", 0.25, 3.0)), 4_000)
    charts = {"1": _chart("bars"), "2": _chart("columns"), "3": _chart("days", "mean"), "4": None}
    return Results(
        months=1,
        corrupt=0,
        answers={name: (_question(name, chart), answer) for name, chart in charts.items()},
        raw_bytes=dict.fromkeys(charts, 400000),
        accounts=[
            Account(
                dataset="flights", sent=27_204, curated=27_004, quarantined=150, duplicates=50, filtered=0,
                reasons=Counter(unreadable=150),
            )
        ],
        states={"Crawl ReferenceCrawler": 1.0, "Curate CurateFlights": 20.0},
        checked_cells=36,
        history=History(
            table="flights", deleted=842, compacted=1,
            snapshots=[
                _snapshot(11, "append", 27_004),
                _snapshot(12, "delete", 26_162, delete_files=1),
            ],
        ),
        model=Model(
            metrics={
                "holdout_mae": 21.0, "baseline_median_mae": 25.0, "holdout_rmse": 38.0, "baseline_rmse": 41.0,
                "holdout_r2": 0.1, "train_rows": 200, "holdout_rows": 50,
            },
            sample=[(float(n), float(n % 7)) for n in range(50)],
        ),
    )  # fmt: skip


@pytest.fixture
def steps() -> list[Step]:
    done = Steps(Console(file=io.StringIO()))
    with done.step("Deploy with the CDK CLI"):
        pass
    return done.done


def test_is_well_formed(results: Results, steps: list[Step]) -> None:
    parser = Nesting()
    parser.feed(report.render(results, steps, 100.0))
    assert parser.open == []


def test_asks_nobody_for_anything(results: Results, steps: list[Step]) -> None:
    html = report.render(results, steps, 100.0)
    parser = Nesting()
    parser.feed(html)
    assert not {"src", "href", "srcset", "xlink:href"} & {name for name, _ in parser.attributes}
    assert not re.search(r"https?://|url\(|@import|<script", html)


def test_escapes_what_data_brings(results: Results, steps: list[Step]) -> None:
    html = report.render(results, steps, 100.0)
    assert "<b>" not in html
    assert "Who is &lt;late&gt; &amp; why?" in html


def test_shows_the_account_the_ratio_and_the_errors(results: Results, steps: list[Step]) -> None:
    html = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", report.render(results, steps, 100.0)))
    assert "flights 27,204 27,004 150 50 0 0" in html
    assert "100 times fewer bytes" in html
    assert "Mean absolute error 21.0 25.0" in html
    assert "Deploy with the CDK CLI" in html


def test_shows_the_snapshots_with_their_rows_and_files(results: Results, steps: list[Step]) -> None:
    html = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", report.render(results, steps, 100.0)))
    assert "842 rows of a day of flights were deleted" in html
    assert "compaction wrote 1 file again" in html
    assert "11 10:00 append 27,004 2 0 12 10:00 delete 26,162 2 1" in html


def test_has_a_chart_for_each_answer_that_wants_one(results: Results, steps: list[Step]) -> None:
    # Three answers, calibration, bytes, steps and states.
    assert report.render(results, steps, 100.0).count("<svg") == 7


def test_labels_are_whole_and_states_are_in_words(results: Results, steps: list[Step]) -> None:
    html = report.render(results, steps, 100.0)
    assert "…" not in html
    assert "Check and clean flights" in html
    assert "CurateFlights" not in html


@pytest.mark.parametrize(
    ("count", "text"), [(999, "999 B"), (1_000, "1 kB"), (9_312_000, "9.31 MB"), (2_500_000_000, "2.5 GB")]
)
def test_sizes_are_readable(count: int, text: str) -> None:
    assert report.size(count) == text


def test_the_terminal_shows_the_same_account(results: Results, steps: list[Step]) -> None:
    output = io.StringIO()
    summary.show(Console(file=output, width=100), results, steps, 100.0)
    words = " ".join(output.getvalue().split())
    assert "flights 27,204 27,004 150 50 0 0" in words
    assert "mean absolute error, minutes 21.0 25.0" in words
    assert "10:00 append 27,004 2 0 10:00 delete 26,162 2 1" in words
