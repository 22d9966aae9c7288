"""The command line: one clear line for whatever is wrong, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from examples.demo.errors import DemoError
from examples.flights.lake import Lake
from tests.support import ROOT


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "examples.flights", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--months", "13"], "error: argument --months: must be 1 to 12, got '13'"),
        (["--months", "one"], "error: argument --months: must be 1 to 12, got 'one'"),
        (["--corrupt", "-1"], "error: argument --corrupt: must be a whole number, 0 or more, got '-1'"),
        (["--fast"], "error: unrecognized arguments: --fast"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: list[str], line: str) -> None:
    done = _run(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{line}\n")


def test_the_lake_is_found_among_the_outputs_of_all_stacks() -> None:
    outputs = {
        "storage": {
            "RawBucket": "r", "CuratedBucket": "c", "AnalyticsBucket": "a", "RawDatabaseName": "rd",
            "CuratedDatabaseName": "cd", "ExportsOutputRefKey": "x",
        },
        "others": {
            "FlightsStreamName": "s", "WorkgroupName": "w", "WarehouseWorkgroup": "ww", "WarehouseDatabase": "wd",
            "WarehouseSecret": "ws",
            "StateMachineArn": "arn",
        },
    }  # fmt: skip
    assert Lake.from_outputs(outputs).curated_database_name == "cd"
    del outputs["others"]["FlightsStreamName"]
    with pytest.raises(DemoError, match="no stack has an output FlightsStreamName"):
        Lake.from_outputs(outputs)
