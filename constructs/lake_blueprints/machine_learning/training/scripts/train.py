"""Train a regression model on a Parquet dataset inside SageMaker's scikit-learn container, and serve it there.

Hyperparameters: `target`; `features`, separated by commas; `time_column`, after which the hold-out is split off;
`holdout_fraction`, the share of rows, the latest ones, that the model never sees; `sample_rows`, how many of them
are written with their predictions; every other one goes to scikit-learn's HistGradientBoostingRegressor.

Columns of numbers are numeric features and columns of text are categories. Everything that is learnt, the
categories and the naive baseline included, is learnt from the earlier rows only.

Syntax and libraries are those of the containers: Python from 3.9, scikit-learn from 1.2, pandas from 1.1.

Above 200 lines: SageMaker runs it as one file.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

MODEL_FILE, SCHEMA_FILE, METRICS_FILE, SAMPLE_FILE = "model.joblib", "schema.json", "metrics.json", "predictions.csv"
# The model has at most 255 bins for each feature, missing values aside; rarer categories count as missing.
MOST_CATEGORIES = 250
FEWEST_ROWS = 20
# https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
FAILURE_FILE = "output/failure"


class TrainingError(Exception):
    """Something that the data or the hyperparameters must change."""


def main(arguments: Sequence[str]) -> None:
    """Train on the only channel, report the metrics, and write model and outputs."""
    settings, options = parse(arguments)
    frame, kinds = load(dataset_channel(), settings)
    train, holdout = split(frame, settings.time_column, settings.holdout_fraction)
    schema = learn_schema(train, settings.features, kinds)
    model = fit(encode(train, schema), train[settings.target], schema, options)
    predicted = model.predict(encode(holdout, schema))
    metrics = evaluate(train[settings.target], holdout[settings.target], predicted)
    print("; ".join(f"{name}={value:.6g}" for name, value in metrics.items()), flush=True)

    counts = {"train_rows": len(train), "holdout_rows": len(holdout)}
    sample = pd.DataFrame({"actual": holdout[settings.target].to_numpy(), "predicted": predicted})
    save_model(Path(os.environ["SM_MODEL_DIR"]), model, schema, {**metrics, **counts})
    save_outputs(Path(os.environ["SM_OUTPUT_DATA_DIR"]), {**metrics, **counts}, thin_out(sample, settings.sample_rows))


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Return our settings, and what is left over for the model."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--target", required=True)
    parser.add_argument("--features", required=True)
    parser.add_argument("--time_column", required=True)
    parser.add_argument("--holdout_fraction", type=float, default=0.2)
    parser.add_argument("--sample_rows", type=int, default=2000)
    settings, rest = parser.parse_known_args(arguments)
    settings.features = [name.strip() for name in settings.features.split(",") if name.strip()]
    if not settings.features:
        raise TrainingError("'features' must name at least one column")
    if settings.target in settings.features:
        raise TrainingError(f"the target '{settings.target}' must not be a feature: the model would only repeat it")
    if not 0 < settings.holdout_fraction < 1:
        raise TrainingError(f"'holdout_fraction' must be between 0 and 1, got {settings.holdout_fraction}")
    options = {rest[at].lstrip("-"): literal(rest[at + 1]) for at in range(0, len(rest) - 1, 2)}
    allowed = set(HistGradientBoostingRegressor().get_params()) - {"categorical_features"}
    for name in sorted(set(options) - allowed):
        raise TrainingError(f"hyperparameter '{name}' is not one of {', '.join(sorted(allowed))}")
    return settings, options


def literal(text: str) -> Any:
    """Return the value that a hyperparameter's text stands for."""
    try:
        return json.loads(text.lower() if text in {"True", "False"} else text)
    except ValueError:
        return None if text == "None" else text


def dataset_channel() -> Path:
    """Return the folder of the dataset; the code that SageMaker brings along is a channel as well."""
    channels = [name for name in json.loads(os.environ["SM_CHANNELS"]) if name != "code"]
    if len(channels) != 1:
        raise TrainingError(f"one dataset channel is needed, got {', '.join(sorted(channels)) or 'none'}")
    return Path(os.environ[f"SM_CHANNEL_{channels[0].upper()}"])


def load(folder: Path, settings: argparse.Namespace) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read the columns that are needed, Hive folders among them, and tell numeric from categorical features."""
    dataset = pads.dataset(str(folder), format="parquet", partitioning="hive")
    if not dataset.files:
        raise TrainingError(f"channel '{folder.name}' has no files")
    wanted = [settings.target, settings.time_column, *settings.features]
    missing = [name for name in dict.fromkeys(wanted) if name not in dataset.schema.names]
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        raise TrainingError(f"no column {names} in the dataset, which has {', '.join(dataset.schema.names)}")
    kinds = {name: kind(name, dataset.schema.field(name).type) for name in settings.features}
    if kind(settings.target, dataset.schema.field(settings.target).type) != "numeric":
        raise TrainingError(f"the target '{settings.target}' must be a number")
    table = dataset.to_table(columns=list(dict.fromkeys(wanted)), filter=pads.field(settings.target).is_valid())
    frame = table.to_pandas()
    for name in [settings.target, *(name for name, found in kinds.items() if found == "numeric")]:
        frame[name] = frame[name].astype("float64")
    frame = frame[np.isfinite(frame[settings.target])]
    if len(frame) < FEWEST_ROWS:
        raise TrainingError(f"{len(frame)} rows have a target, but at least {FEWEST_ROWS} are needed")
    return in_order(frame), kinds


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by their values, since files hold the same rows in another order each time they are written."""
    plain = frame.astype({name: object for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)})
    return plain.sort_values(list(plain.columns), ignore_index=True)


def kind(name: str, found: pa.DataType) -> str:
    """Return whether a column is a numeric or a categorical feature."""
    if pa.types.is_dictionary(found):
        return kind(name, found.value_type)
    if pa.types.is_string(found) or pa.types.is_large_string(found):
        return "categorical"
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    if any(test(found) for test in tests):
        return "numeric"
    raise TrainingError(f"column '{name}' is a {found}, but a feature is a number, a boolean or a text")


def split(frame: pd.DataFrame, time_column: str, fraction: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split off the latest rows; rows of the same time stay together."""
    times = frame[time_column]
    if not pd.api.types.is_numeric_dtype(times):
        try:
            with warnings.catch_warnings():
                # pandas warns when it tries one format after the other; what counts is whether one fits.
                warnings.simplefilter("ignore")
                times = pd.to_datetime(times, utc=True).dt.tz_localize(None)
        except (ValueError, TypeError):
            # Without what pandas says: it quotes the value.
            raise TrainingError(f"'{time_column}' is neither a number nor a time") from None
    if times.isna().any():
        raise TrainingError(f"{int(times.isna().sum())} rows have no '{time_column}'")
    cut = np.sort(times.to_numpy())[int(len(times) * (1 - fraction))]
    earlier = times.to_numpy() < cut
    if not earlier.any():
        raise TrainingError(f"'{time_column}' has too few different values to split off a hold-out")
    return frame[earlier], frame[~earlier]


def learn_schema(train: pd.DataFrame, features: list[str], kinds: dict[str, str]) -> dict[str, Any]:
    """Return what is needed to encode rows: for each feature its kind, and for a category its values."""
    schema: list[dict[str, Any]] = []
    for name in features:
        if kinds[name] == "numeric":
            schema.append({"name": name, "kind": "numeric"})
        else:
            counts = train[name].astype(str)[train[name].notna()].value_counts()
            schema.append({"name": name, "kind": "categorical", "values": sorted(counts.index[:MOST_CATEGORIES])})
    return {"features": schema}


def encode(frame: pd.DataFrame, schema: dict[str, Any]) -> np.ndarray:
    """Return one row of numbers for each row; an unknown category is a missing value."""
    columns = []
    for feature in schema["features"]:
        column = frame[feature["name"]]
        if feature["kind"] == "categorical":
            codes = {value: float(code) for code, value in enumerate(feature["values"])}
            column = column.astype(object).map(codes)
        columns.append(column.to_numpy(dtype="float64", na_value=np.nan))
    encoded: np.ndarray = np.column_stack(columns)
    return encoded


def fit(
    rows: np.ndarray, target: pd.Series, schema: dict[str, Any], options: dict[str, Any]
) -> HistGradientBoostingRegressor:
    """Return the trained model; the same rows always give the same one, unless `random_state` says otherwise."""
    categorical = [feature["kind"] == "categorical" for feature in schema["features"]]
    try:
        model = HistGradientBoostingRegressor(**{"random_state": 0, **options}, categorical_features=categorical)
        return model.fit(rows, target.to_numpy())
    except (TypeError, ValueError) as error:
        raise TrainingError(f"the model cannot be trained: {error}") from error


def evaluate(train: pd.Series, actual: pd.Series, predicted: np.ndarray) -> dict[str, float]:
    """Return errors on the hold-out: of the model, and of always answering the training mean or median."""
    mean, median = np.full(len(actual), train.mean()), np.full(len(actual), train.median())
    return {
        "holdout_rmse": float(np.sqrt(mean_squared_error(actual, predicted))),
        "holdout_mae": float(mean_absolute_error(actual, predicted)),
        "baseline_rmse": float(np.sqrt(mean_squared_error(actual, mean))),
        "baseline_mae": float(mean_absolute_error(actual, mean)),
        "baseline_median_mae": float(mean_absolute_error(actual, median)),
        "holdout_r2": float(r2_score(actual, predicted)),
    }


def save_model(folder: Path, model: Any, schema: dict[str, Any], metrics: dict[str, float]) -> None:
    """Write the model with its schema, and with this script, which the container serves it by."""
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / MODEL_FILE)
    (folder / SCHEMA_FILE).write_text(json.dumps(schema, indent=2))
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=2))
    (folder / "code").mkdir(exist_ok=True)
    shutil.copyfile(__file__, folder / "code" / Path(__file__).name)


def save_outputs(folder: Path, metrics: dict[str, float], sample: pd.DataFrame) -> None:
    """Write metrics and a sample of predictions, for reports."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=2))
    sample.to_csv(folder / SAMPLE_FILE, index=False)


def thin_out(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return at most so many rows, drawn at random, always the same ones."""
    return frame.sample(n=rows, random_state=0).sort_index() if len(frame) > rows else frame


def model_fn(model_dir: str) -> tuple[Any, dict[str, Any]]:
    """Load the model; called by the serving container."""
    folder = Path(model_dir)
    return joblib.load(folder / MODEL_FILE), json.loads((folder / SCHEMA_FILE).read_text())


def input_fn(body: Any, content_type: str) -> pd.DataFrame:
    """Read rows from a request: CSV with a header, a JSON array of objects, or JSON lines."""
    text = body.decode("utf-8") if isinstance(body, (bytes, bytearray)) else body
    if content_type.startswith("text/csv"):
        return pd.read_csv(StringIO(text))
    if content_type.startswith("application/jsonlines"):
        return pd.DataFrame([json.loads(line) for line in text.splitlines() if line.strip()])
    if content_type.startswith("application/json"):
        rows = json.loads(text)
        return pd.DataFrame(rows if isinstance(rows, list) else [rows])
    raise ValueError(f"content type must be text/csv, application/json or application/jsonlines, got '{content_type}'")


def predict_fn(frame: pd.DataFrame, loaded: tuple[Any, dict[str, Any]]) -> np.ndarray:
    """Predict the target of each row."""
    model, schema = loaded
    missing = [feature["name"] for feature in schema["features"] if feature["name"] not in frame.columns]
    if missing:
        raise ValueError(f"the request lacks {', '.join(missing)}")
    predicted: np.ndarray = model.predict(encode(frame, schema))
    return predicted


def report_failure(message: str) -> None:
    """Write the reason where SageMaker shows it as the job's FailureReason."""
    # The container keeps everything below one folder, of which the model's is a part.
    file = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model")).parent / FAILURE_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(message)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except TrainingError as error:
        report_failure(str(error))
        sys.exit(f"training failed: {error}")
    except Exception as error:
        # The message of a library may quote the data, and failure reasons and logs have other readers.
        report_failure(f"{type(error).__name__}; the log says where")
        traceback.print_tb(error.__traceback__)
        sys.exit(f"training failed: {type(error).__name__}")
