"""The account that `local-cloud account` adds up from what Glue jobs have printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cli import account
from local_cloud.cli.executing import Progress, _broken_rules, _tasks
from local_cloud.cli.session import Session
from local_cloud.cli.text_tables import text_table


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A cloud in which two jobs have run, one of them twice."""
    runs = [("curate/orders", "jr_1"), ("curate/orders", "jr_2"), ("other", "jr_3")]
    reports: dict[str, list[str]] = {
        "glue/curate%2Forders/jr_1.out": [
            "a line of the script",
            json.dumps(
                {"dataset": "orders", "read": 7, "curated": 5, "quarantined": 1, "duplicates": 1, "seconds": 1.5}
                | {"reasons": {"type": 1}, "table": "shop.orders"}
            ),
            "{no json",
        ],
        "glue/curate%2Forders/jr_2.out": [
            json.dumps({"dataset": "orders", "read": 1000, "curated": 1000, "seconds": 2, "reasons": {}})
        ],
        "glue/other/jr_3.out": ['{"rows": 3}', "[1]"],
        # Of an earlier cloud in the same folder.
        "glue/curate%2Forders/jr_0.out": [json.dumps({"dataset": "orders", "read": 9})],
    }
    for name, lines in reports.items():
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines))
    monkeypatch.setattr(account, "_runs", lambda *_: iter(runs))
    return Session(workdir=tmp_path, state={})


def test_adds_up_the_reports_of_each_dataset(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert account.show(session, "us-east-1")
    header, row, hint = capsys.readouterr().out.splitlines()
    assert header.split() == [
        "dataset", "in", "curated", "quarantined", "duplicates", "filtered", "seconds", "reasons",
    ]  # fmt: skip
    assert row.split() == ["orders", "1,007", "1,005", "1", "1", "0", "3.5", "type:", "1"]
    assert hint == "see rows with: local-cloud rows shop.orders"


def test_leaves_out_what_was_known_before(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert account.show(session, "us-east-1", without={"jr_1"})
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["orders", "1,000", "1,000"]
    assert not account.show(session, "us-east-1", without={"jr_1", "jr_2"})


def test_names_each_broken_rule_of_a_result_that_the_execution_has_read() -> None:
    def read(resource: str, result: dict[str, Any]) -> dict[str, Any]:
        return {"taskSucceededEventDetails": {"resource": resource, "output": json.dumps(result)}}

    rules = [
        {"Name": "Rule_1", "Result": "PASS"},
        {"Name": "Rule_2", "Result": "FAIL", "Labels": {"rule": "few are cancelled"}},
        {"Name": "Rule_3", "Result": "ERROR"},
    ]
    result = {"DataSource": {"GlueTable": {"TableName": "orders"}}, "RuleResults": rules}
    history = [{"type": "TaskStateEntered"}, read("getDataQualityResult", result), read("getJobRun", result)]
    assert list(_broken_rules(history)) == [
        "orders: rule 'few are cancelled' is broken",
        "orders: rule 'Rule_3' is broken",
    ]


def test_progress_names_each_task_once_and_every_failure(capsys: pytest.CaptureFixture[str]) -> None:
    inner = {"States": {"Ask": {"Type": "Task"}, "Wait": {"Type": "Wait"}}}
    definition = {"States": {"All": {"Type": "Parallel", "Branches": [inner]}, "Tell": {"Type": "Task"}}}
    assert set(_tasks(definition)) == {"Ask", "Tell"}
    progress = Progress({"Ask", "Tell"}, verbose=False)
    for line in (
        "entered All",
        "entered Ask",
        "left Ask",
        "entered Wait",
        "entered Ask",
        "failed Ask: Odd",
        "entered Tell",
    ):
        progress(line)
    shown = [line.partition(" s  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert shown == ["Ask", "failed Ask: Odd", "Tell"]


def test_numbers_stand_to_the_right_and_null_is_empty() -> None:
    assert text_table(("name", "n"), [("a", 1), ("bc\nd", 1000)]).splitlines() == [
        "name      n",
        "a         1",
        "bc d  1,000",
    ]
    assert text_table(("a", "b"), [(None, "x")]).splitlines()[1].split() == ["x"]
    assert text_table(("a",), []) == "a"
