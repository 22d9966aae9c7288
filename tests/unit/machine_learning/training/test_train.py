"""The shipped training script, run as SageMaker's container runs it, by the real scikit-learn."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import json
import os
import re
import runpy
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake_blueprints.machine_learning.training import SHIPPED_METRICS
from lake_blueprints.machine_learning.training.source import SHIPPED_SCRIPT

OPTIONS = {"target": "delay", "features": "hour,carrier,month", "time_column": "day", "max_iter": "30"}


def flights(rows: int = 1000) -> dict[str, Any]:
    """Return flights of 100 days whose delay is the hour, and 20 more if the carrier is AA."""
    numbers = np.arange(rows)
    hour, carrier = numbers % 24, np.where(numbers % 3 == 0, "AA", "UA")
    first = datetime.date(2013, 1, 1)
    return {
        "day": [first + datetime.timedelta(days=int(number)) for number in numbers * 100 // rows],
        "hour": hour,
        "carrier": carrier,
        "delay": hour + 20.0 * (carrier == "AA"),
    }


class Run(NamedTuple):
    """Result of a run."""

    returncode: int
    stdout: str
    stderr: str


class Job:
    """A training job in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.channel, self.opt = folder / "data" / "train", folder / "opt"
        self.channel.mkdir(parents=True)
        self.model, self.outputs = self.opt / "model", self.opt / "output" / "data"

    def write(self, columns: dict[str, Any], month: int = 1) -> None:
        part = self.channel / f"month={month}"
        part.mkdir(exist_ok=True)
        pq.write_table(pa.table(columns), part / "part-0.snappy.parquet")

    def command(self, **options: str) -> tuple[list[str], dict[str, str]]:
        """Return how the container starts the script: arguments and environment."""
        arguments = [text for name, value in {**OPTIONS, **options}.items() for text in (f"--{name}", value)]
        environment = {
            "SM_CHANNELS": '["code", "train"]',
            "SM_CHANNEL_TRAIN": str(self.channel),
            "SM_MODEL_DIR": str(self.model),
            "SM_OUTPUT_DATA_DIR": str(self.outputs),
        }
        return [str(SHIPPED_SCRIPT), *arguments], environment

    def run(self, **options: str) -> Run:
        """Run the script in this process, which has loaded scikit-learn already; a second less for each run."""
        arguments, environment = self.command(**options)
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            patch.dict(os.environ, environment),
            patch.object(sys, "argv", arguments),
        ):
            try:
                runpy.run_path(str(SHIPPED_SCRIPT), run_name="__main__")
            except SystemExit as ended:
                # As the interpreter does with what is not a number.
                code = ended.code if isinstance(ended.code, int) else 1
                if isinstance(ended.code, str):
                    print(ended.code, file=err)
        return Run(code, out.getvalue(), err.getvalue())

    def train(self, **options: str) -> dict[str, float]:
        """Run to a good end and return the metrics."""
        run = self.run(**options)
        assert run.returncode == 0, run.stderr
        metrics: dict[str, float] = json.loads((self.outputs / "metrics.json").read_text())
        return metrics

    def fail(self, **options: str) -> str:
        """Run to a bad end and return the reason, which is one line and no traceback."""
        run = self.run(**options)
        reason = (self.opt / "output" / "failure").read_text()
        assert run.returncode != 0
        assert run.stderr == f"training failed: {reason}\n"
        return reason

    def predict(self, rows: pd.DataFrame) -> list[float]:
        """Predict as the serving container does."""
        script = runpy.run_path(str(self.model / "code" / "train.py"))
        return [float(value) for value in script["predict_fn"](rows, script["model_fn"](str(self.model)))]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_runs_as_a_process_of_its_own(job: Job) -> None:
    job.write(flights())
    arguments, environment = job.command()
    subprocess.run([sys.executable, *arguments], env=os.environ | environment, check=True)
    assert {"metrics.json"} <= {path.name for path in job.outputs.iterdir()}


def test_fails_as_a_process_of_its_own(job: Job) -> None:
    arguments, environment = job.command()
    ended = subprocess.run(
        [sys.executable, *arguments], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (1, "training failed: channel 'train' has no files\n")
    # What the tests in this process rely on.
    assert job.run() == (ended.returncode, ended.stdout, ended.stderr)


def test_learns_what_is_there_to_learn(job: Job) -> None:
    job.write(flights())
    metrics = job.train()
    assert metrics["holdout_mae"] < metrics["baseline_mae"] / 2
    assert metrics["holdout_r2"] > 0.8
    assert (metrics["train_rows"], metrics["holdout_rows"]) == (800, 200)


def test_prints_what_the_metric_definitions_find(job: Job) -> None:
    job.write(flights())
    run = job.run()
    written = json.loads((job.outputs / "metrics.json").read_text())
    for metric in SHIPPED_METRICS:
        (found,) = re.findall(metric.regex, run.stdout)
        assert float(found) == pytest.approx(written[metric.name], rel=1e-5)


def test_the_baseline_is_the_training_mean_and_median_judged_on_the_holdout(job: Job) -> None:
    # Trained on 80 rows of 0, 0, 0, 10: mean 2.5, median 0. Held out are 20 rows of 5.
    delays = [0.0, 0.0, 0.0, 10.0] * 20 + [5.0] * 20
    job.write({**flights(100), "delay": delays})
    metrics = job.train()
    assert metrics["baseline_rmse"] == pytest.approx(2.5)
    assert metrics["baseline_mae"] == pytest.approx(2.5)
    assert metrics["baseline_median_mae"] == pytest.approx(5)


def test_holds_out_the_latest_rows_whatever_their_order(job: Job) -> None:
    columns = flights()
    order = np.random.default_rng(0).permutation(1000)
    job.write({name: [values[at] for at in order] for name, values in columns.items()})
    job.train(sample_rows="1000")
    actual = sorted(float(row["actual"]) for row in csv.DictReader((job.outputs / "predictions.csv").open()))
    assert actual == sorted(columns["delay"][800:])


def test_rows_of_the_same_time_are_not_torn_apart(job: Job) -> None:
    job.write({**flights(100), "day": [1] * 50 + [2] * 50})
    metrics = job.train(holdout_fraction="0.2")
    assert (metrics["train_rows"], metrics["holdout_rows"]) == (50, 50)


@pytest.mark.parametrize("column", ["delay", "carrier"])
def test_the_model_learns_nothing_from_the_holdout(tmp_path: Path, column: str) -> None:
    columns = flights()
    changed = {"delay": np.full(200, 1e6), "carrier": np.full(200, "ZZ")}[column]
    jobs = [Job(tmp_path / name) for name in ("one", "other")]
    jobs[0].write(columns)
    jobs[1].write({**columns, column: np.concatenate([columns[column][:800], changed])})
    for job in jobs:
        job.train()
    rows = pd.DataFrame({"hour": [3, 9], "carrier": ["AA", "ZZ"], "month": [1, 1]})
    assert jobs[0].predict(rows) == jobs[1].predict(rows)
    assert (jobs[0].model / "schema.json").read_text() == (jobs[1].model / "schema.json").read_text()


def test_the_target_cannot_be_a_feature(job: Job) -> None:
    job.write(flights())
    assert job.fail(features="hour,delay") == "the target 'delay' must not be a feature: the model would only repeat it"


def test_columns_that_are_not_named_as_features_do_not_reach_the_model(job: Job) -> None:
    columns = flights()
    job.write({**columns, "arrival": columns["delay"] + 1})
    job.train()
    schema = json.loads((job.model / "schema.json").read_text())
    assert [feature["name"] for feature in schema["features"]] == ["hour", "carrier", "month"]


def test_hive_folders_are_columns(job: Job) -> None:
    columns = flights(200)
    for month in (1, 2):
        job.write({**columns, "delay": np.full(200, 10.0 * month), "hour": np.zeros(200)}, month)
    job.train(features="month")
    assert job.predict(pd.DataFrame({"month": [1, 2]})) == pytest.approx([10, 20], abs=0.5)


def test_numbers_of_every_kind_are_numeric_and_texts_are_categories(job: Job) -> None:
    columns = flights(100)
    job.write(
        {
            **columns,
            "flag": [None, True, False, True] * 25,
            "price": [Decimal("1.50")] * 100,
            "gate": pa.array(["A1", "B2"] * 50).dictionary_encode(),
        }
    )
    job.train(features="hour,flag,price,gate")
    schema = json.loads((job.model / "schema.json").read_text())
    assert [feature["kind"] for feature in schema["features"]] == ["numeric", "numeric", "numeric", "categorical"]
    assert schema["features"][-1]["values"] == ["A1", "B2"]


def test_drops_rows_without_a_target(job: Job) -> None:
    job.write({**flights(100), "delay": [None, 1.0, float("nan"), 2.0] * 25})
    metrics = job.train()
    assert metrics["train_rows"] + metrics["holdout_rows"] == 50


def test_more_categories_than_the_model_can_tell_apart_are_missing_values(job: Job) -> None:
    job.write({**flights(2000), "carrier": [f"C{number % 500}" for number in range(2000)]})
    job.train()
    schema = json.loads((job.model / "schema.json").read_text())
    assert len(schema["features"][1]["values"]) == 250


def test_hyperparameters_reach_the_model(job: Job) -> None:
    job.write(flights())
    job.train(max_iter="7", early_stopping="False", max_leaf_nodes="None")
    parameters = joblib.load(job.model / "model.joblib").get_params()
    assert parameters["max_iter"] == 7
    assert parameters["early_stopping"] is False
    assert parameters["max_leaf_nodes"] is None


def test_the_same_rows_in_other_files_and_another_order_give_the_same_model(tmp_path: Path) -> None:
    rows = flights()
    rows["carrier"] = [None if number % 7 == 0 else carrier for number, carrier in enumerate(rows["carrier"])]
    order = np.random.default_rng(0).permutation(len(rows["hour"]))
    shuffled = {name: [values[at] for at in order] for name, values in rows.items()}
    models = []
    for name, columns, parts in (("one", rows, 1), ("other", shuffled, 3)):
        job = Job(tmp_path / name)
        for part in range(parts):
            taken = {name: values[part::parts] for name, values in columns.items()}
            pq.write_table(pa.table(taken), job.channel / f"part-{part}.parquet")
        job.train(features="hour,carrier")
        models.append((job.model / "model.joblib").read_bytes())
    assert models[0] == models[1]


def test_the_same_data_gives_the_same_model(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / name) for name in ("one", "other")]
    for job in jobs:
        job.write(flights())
        job.train()
    rows = pd.DataFrame({"hour": [3, 9], "carrier": ["AA", "UA"], "month": [1, 1]})
    assert jobs[0].predict(rows) == jobs[1].predict(rows)


def test_writes_a_sample_of_predictions_beside_what_really_happened(job: Job) -> None:
    job.write(flights())
    job.train(sample_rows="50")
    rows = list(csv.DictReader((job.outputs / "predictions.csv").open()))
    assert len(rows) == 50
    assert list(rows[0]) == ["actual", "predicted"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", "hour,carrier,month\n3,AA,1\n4,UA,1\n"),
        ("application/json", '[{"hour": 3, "carrier": "AA", "month": 1}, {"hour": 4, "carrier": "UA", "month": 1}]'),
        (
            "application/jsonlines",
            '{"hour": 3, "carrier": "AA", "month": 1}\n{"hour": 4, "carrier": "UA", "month": 1}\n',
        ),
    ],
)
def test_the_model_is_served_from_its_own_folder(job: Job, content_type: str, body: str) -> None:
    job.write(flights())
    job.train()
    script = runpy.run_path(str(job.model / "code" / "train.py"))
    rows = script["input_fn"](body.encode(), content_type)
    aa, ua = job.predict(rows)
    assert aa > ua


def test_serving_refuses_what_it_cannot_read(job: Job) -> None:
    job.write(flights())
    job.train()
    script = runpy.run_path(str(job.model / "code" / "train.py"))
    with pytest.raises(ValueError, match="content type must be text/csv, application/json or application/jsonlines"):
        script["input_fn"]("<a/>", "text/xml")
    with pytest.raises(ValueError, match="the request lacks carrier, month"):
        job.predict(pd.DataFrame({"hour": [1]}))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"features": "hour,gate,wind"},
            "no column 'gate', 'wind' in the dataset, which has day, hour, carrier, delay",
        ),
        ({"target": "nothing"}, "no column 'nothing' in the dataset"),
        ({"target": "carrier", "features": "hour"}, "the target 'carrier' must be a number"),
        ({"features": "day"}, "column 'day' is a date32[day], but a feature is a number, a boolean or a text"),
        ({"features": " , "}, "'features' must name at least one column"),
        ({"time_column": "carrier"}, "'carrier' is neither a number nor a time"),
        ({"time_column": "month"}, "'month' has too few different values to split off a hold-out"),
        ({"holdout_fraction": "1"}, "'holdout_fraction' must be between 0 and 1, got 1.0"),
        ({"max_depht": "3"}, "hyperparameter 'max_depht' is not one of "),
        ({"learning_rate": "-1"}, "the model cannot be trained: "),
    ],
)
def test_says_in_one_line_what_is_wrong(job: Job, options: dict[str, str], reason: str) -> None:
    job.write(flights())
    assert job.fail(**options).startswith(reason)


def test_a_reason_quotes_no_value(job: Job) -> None:
    job.write(flights())
    assert job.fail(time_column="carrier") == "'carrier' is neither a number nor a time"


def test_of_an_exception_of_a_library_only_name_and_place_are_told(job: Job) -> None:
    (job.channel / "part-0.parquet").write_bytes(b"PAR1 Qwyjibo")
    run = job.run()
    assert (job.opt / "output" / "failure").read_text() == "ArrowInvalid; the log says where"
    assert "in load" in run.stderr
    assert run.stderr.endswith("training failed: ArrowInvalid\n")


def test_says_that_a_channel_is_empty(job: Job) -> None:
    assert job.fail() == "channel 'train' has no files"


def test_says_that_there_are_too_few_rows(job: Job) -> None:
    job.write(flights(19))
    assert job.fail() == "19 rows have a target, but at least 20 are needed"


def test_says_that_rows_have_no_time(job: Job) -> None:
    job.write({**flights(100), "day": [1, None] * 50})
    assert job.fail() == "50 rows have no 'day'"
