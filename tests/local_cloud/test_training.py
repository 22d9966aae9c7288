from __future__ import annotations

import io
import json
import tarfile
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import joblib
import pytest
from botocore.exceptions import ClientError

from local_cloud.engines.sagemaker.training import TrainingEngine
from local_cloud.server.runtime import Runtime

REGION = "eu-west-1"

REPORT = """
import argparse, json, os, pathlib, sys

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
parser.add_argument("--rate", type=float)
parser.add_argument("--label", type=str)
parser.add_argument("--flag", type=str)
given = vars(parser.parse_args())
files = {
    str(path.relative_to(os.environ["SM_INPUT_DIR"])): path.read_text()
    for path in pathlib.Path(os.environ["SM_INPUT_DIR"]).rglob("*")
    if path.is_file()
}
report = {
    "arguments": given,
    "files": files,
    "environment": {k: v for k, v in os.environ.items() if k.startswith(("SM_", "TRAINING_", "OWN_"))},
    "train": sorted(os.listdir(os.environ["SM_CHANNEL_TRAIN"])),
}
pathlib.Path(os.environ["SM_MODEL_DIR"], "report.json").write_text(json.dumps(report))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "notes.txt").write_text("notes")
for step in range(3):
    print(f"step={step} loss={1.5 / (step + 1)};")
"""


@pytest.fixture(scope="module", autouse=True)
def engine(runtime: Runtime) -> Iterator[TrainingEngine]:
    engine = TrainingEngine(runtime)
    with engine.patches():
        runtime.client("s3", REGION).create_bucket(
            Bucket="models", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield engine


@pytest.fixture
def s3(runtime: Runtime) -> Any:
    return runtime.client("s3", REGION)


@pytest.fixture
def sagemaker(runtime: Runtime) -> Any:
    return runtime.client("sagemaker", REGION)


def archive(script: str) -> bytes:
    buffer = io.BytesIO()
    content = textwrap.dedent(script).encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("train.py")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def request(runtime: Runtime, name: str, script: str, **changes: Any) -> dict[str, Any]:
    runtime.client("s3", REGION).put_object(Bucket="models", Key=f"code/{name}.tar.gz", Body=archive(script))
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/train",
        "HyperParameters": {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": f"s3://models/code/{name}.tar.gz",
            **changes.pop("parameters", {}),
        },
        "OutputDataConfig": {"S3OutputPath": "s3://models/trained"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **changes,
    }


def channel(name: str, uri: str, **changes: Any) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, **changes.pop("source", {})}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **changes}


def wait(sagemaker: Any, name: str) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped"):
            return job
        time.sleep(0.05)


def unpack(s3: Any, key: str) -> dict[str, bytes]:
    content = io.BytesIO(s3.get_object(Bucket="models", Key=key)["Body"].read())
    with tarfile.open(fileobj=content) as tar:
        files = ((member.name, tar.extractfile(member)) for member in tar.getmembers())
        return {name: file.read() for name, file in files if file}


def test_a_script_sees_what_the_training_toolkit_shows(runtime: Runtime, s3: Any, sagemaker: Any) -> None:
    s3.put_object(Bucket="models", Key="data/train/part=1/a.csv", Body=b"1")
    s3.put_object(Bucket="models", Key="data/train/_SUCCESS", Body=b"")
    s3.put_object(Bucket="models", Key="data/test.csv", Body=b"2")
    job = request(
        runtime,
        "report",
        REPORT,
        parameters={"depth": "3", "rate": "0.5", "label": '"price"', "flag": "true"},
        InputDataConfig=[channel("train", "s3://models/data/train"), channel("test", "s3://models/data/test.csv")],
        Environment={"OWN_VARIABLE": "own"},
        AlgorithmSpecification={
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": "loss", "Regex": "loss=([0-9.]+);"},
                {"Name": "absent", "Regex": "accuracy=([0-9.]+)"},
            ],
        },
    )
    sagemaker.create_training_job(**job)
    done = wait(sagemaker, "report")

    assert done["TrainingJobStatus"] == "Completed", done.get("FailureReason")
    assert [(m["MetricName"], m["Value"]) for m in done["FinalMetricDataList"]] == [("loss", 0.5)]
    assert [entry["Status"] for entry in done["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert done["ModelArtifacts"]["S3ModelArtifacts"] == "s3://models/trained/report/output/model.tar.gz"
    assert unpack(s3, "trained/report/output/output.tar.gz") == {"notes.txt": b"notes"}
    report = json.loads(unpack(s3, "trained/report/output/model.tar.gz")["report.json"])
    assert report["arguments"] == {"depth": 3, "rate": 0.5, "label": "price", "flag": "True"}
    assert report["train"] == ["_SUCCESS", "part=1"]
    assert report["files"]["data/train/part=1/a.csv"] == "1"
    assert report["files"]["data/test/test.csv"] == "2"
    assert json.loads(report["files"]["config/hyperparameters.json"])["depth"] == "3"
    assert json.loads(report["files"]["config/resourceconfig.json"])["hosts"] == ["algo-1"]
    assert json.loads(report["files"]["config/inputdataconfig.json"])["train"]["TrainingInputMode"] == "File"
    environment = report["environment"]
    assert json.loads(environment["SM_HPS"]) == {"depth": 3, "rate": 0.5, "label": "price", "flag": True}
    assert json.loads(environment["SM_CHANNELS"]) == ["train", "test"]
    assert environment["SM_CURRENT_HOST"] == "algo-1"
    assert environment["SM_NUM_GPUS"] == "0"
    assert environment["SM_HP_DEPTH"] == "3"
    assert environment["TRAINING_JOB_NAME"] == "report"
    assert environment["OWN_VARIABLE"] == "own"
    events = runtime.client("logs", REGION).get_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamName="report/algo-1"
    )["events"]
    assert [event["message"] for event in events] == ["step=0 loss=1.5;", "step=1 loss=0.75;", "step=2 loss=0.5;"]
    assert (runtime.workdir / "logs" / "training" / "report.log").exists()
    assert not (runtime.workdir / "training" / "report").exists()


def test_a_model_trained_with_scikit_learn_predicts_what_it_learnt(runtime: Runtime, s3: Any, sagemaker: Any) -> None:
    s3.put_object(Bucket="models", Key="line/a.csv", Body=b"".join(b"%d,%d\n" % (x, 2 * x + 1) for x in range(10)))
    script = """
        import os, joblib, pandas
        from sklearn.linear_model import LinearRegression

        rows = pandas.read_csv(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "a.csv"), header=None)
        model = LinearRegression().fit(rows[[0]].to_numpy(), rows[1])
        joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
    """
    sagemaker.create_training_job(
        **request(runtime, "line", script, InputDataConfig=[channel("train", "s3://models/line/")])
    )
    assert wait(sagemaker, "line")["TrainingJobStatus"] == "Completed"
    model = joblib.load(io.BytesIO(unpack(s3, "trained/line/output/model.tar.gz")["model.joblib"]))
    assert model.predict([[100]])[0] == pytest.approx(201)


@pytest.mark.parametrize(
    ("name", "script", "reason"),
    [
        ("raises", "raise ValueError('no')", 'ExecuteUserScriptError: ExitCode 1 ErrorMessage "ValueError: no"'),
        (
            "tells",
            """
            import os, sys
            open(os.path.join(os.environ["SM_OUTPUT_DIR"], "failure"), "w").write("bad data")
            sys.exit(2)
            """,
            "AlgorithmError: bad data, exit code: 2",
        ),
    ],
)
def test_a_failed_script_tells_why(runtime: Runtime, sagemaker: Any, name: str, script: str, reason: str) -> None:
    sagemaker.create_training_job(**request(runtime, name, script))
    done = wait(sagemaker, name)
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Failed", "Failed")
    assert reason in done["FailureReason"]


def test_a_script_can_come_through_a_channel_as_it_must_in_network_isolation(runtime: Runtime, sagemaker: Any) -> None:
    inside = "/opt/ml/input/data/code/isolated.tar.gz"
    job = request(runtime, "isolated", "print('came by channel')", parameters={"sagemaker_submit_directory": inside})
    job["InputDataConfig"] = [channel("code", "s3://models/code/isolated.tar.gz")]
    sagemaker.create_training_job(**job)
    assert wait(sagemaker, "isolated")["TrainingJobStatus"] == "Completed"


def test_a_channel_without_objects_fails_the_job(runtime: Runtime, sagemaker: Any) -> None:
    sagemaker.create_training_job(
        **request(runtime, "empty", "", InputDataConfig=[channel("train", "s3://models/nothing/")])
    )
    reason = wait(sagemaker, "empty")["FailureReason"]
    assert reason == 'ClientError: Data download failed: No S3 objects found under S3 URL "s3://models/nothing/"'


def test_a_job_beyond_its_longest_runtime_is_stopped(runtime: Runtime, s3: Any, sagemaker: Any) -> None:
    script = """
        import os, time
        open(os.path.join(os.environ["SM_MODEL_DIR"], "half"), "w").write("half")
        time.sleep(600)
    """
    sagemaker.create_training_job(**request(runtime, "long", script, StoppingCondition={"MaxRuntimeInSeconds": 1}))
    done = wait(sagemaker, "long")
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert unpack(s3, "trained/long/output/model.tar.gz") == {"half": b"half"}


def test_a_job_can_be_stopped(runtime: Runtime, sagemaker: Any) -> None:
    sagemaker.create_training_job(**request(runtime, "endless", "while True: pass"))
    while sagemaker.describe_training_job(TrainingJobName="endless")["SecondaryStatus"] != "Training":
        time.sleep(0.05)
    sagemaker.stop_training_job(TrainingJobName="endless")
    assert wait(sagemaker, "endless")["SecondaryStatus"] == "Stopped"
    with pytest.raises(ClientError, match="Requested resource absent not found"):
        sagemaker.stop_training_job(TrainingJobName="absent")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"InputDataConfig": [channel("train", "s3://models/m", source={"S3DataType": "ManifestFile"})]},
            "channel train must have the S3DataType S3Prefix, got ManifestFile",
        ),
        ({"InputDataConfig": [channel("train", "s3://models/m", InputMode="Pipe")]}, "input mode File or FastFile"),
        (
            {"InputDataConfig": [channel("train", "s3://models/m", CompressionType="Gzip")]},
            "CompressionType None, got Gzip",
        ),
        ({"HyperParameters": {}}, "the hyperparameter sagemaker_program is missing"),
        ({"parameters": {"sagemaker_program": "train.sh"}}, "sagemaker_program must be a .py file, got train.sh"),
        ({"CheckpointConfig": {"S3Uri": "s3://models/c"}}, "CheckpointConfig is not supported"),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}},
            "InstanceCount must be 1",
        ),
    ],
)
def test_what_cannot_be_run_is_refused(runtime: Runtime, sagemaker: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        sagemaker.create_training_job(**request(runtime, "refused", "", **changes))


def test_a_name_can_be_used_once(runtime: Runtime, sagemaker: Any) -> None:
    sagemaker.create_training_job(**request(runtime, "once", ""))
    with pytest.raises(ClientError, match="ResourceInUse"):
        sagemaker.create_training_job(**request(runtime, "once", ""))
    assert wait(sagemaker, "once")["TrainingJobStatus"] == "Completed"


def test_trained_models_become_versions_of_a_package_group(sagemaker: Any) -> None:
    container = {"Image": "image", "ModelDataUrl": "s3://models/trained/line/output/model.tar.gz"}
    specification = {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    sagemaker.create_model_package_group(ModelPackageGroupName="lines")
    for _ in range(2):
        sagemaker.create_model_package(
            ModelPackageGroupName="lines",
            InferenceSpecification=specification,
            ModelApprovalStatus="PendingManualApproval",
        )
    found = sagemaker.list_model_packages(ModelPackageGroupName="lines")["ModelPackageSummaryList"]
    assert sorted(package["ModelPackageVersion"] for package in found) == [1, 2]
    assert {package["ModelApprovalStatus"] for package in found} == {"PendingManualApproval"}
