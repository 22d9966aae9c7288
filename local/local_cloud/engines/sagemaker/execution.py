"""One training job: the folders, variables and arguments that SageMaker's training toolkit gives a script.

Above 200 lines: the life of one training job, from its folders to its model.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import tarfile
import threading
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from moto.core.utils import utcnow

from local_cloud.engines.sagemaker.request import decode
from local_cloud.server.log_groups import publish_log
from local_cloud.server.objects import file_of, split_uri
from local_cloud.server.private_files import file_name
from local_cloud.server.processes import ProcessGroup, Stopped, TimedOut
from local_cloud.server.runtime import Runtime

_HOST = "algo-1"
# Where a container finds everything; here it is a folder of the job's own.
_BASE = PurePosixPath("/opt/ml")
_DEFAULT_SECONDS = 86_400
_LONGEST_REASON = 1024
_LOG_GROUP = "/aws/sagemaker/TrainingJobs"


class TrainingFailed(Exception):
    """The job has failed; the message is its FailureReason."""


class TrainingExecution:
    """A training job from Starting to its last status."""

    def __init__(self, runtime: Runtime, job: Any, request: Mapping[str, Any], region: str) -> None:
        self._runtime = runtime
        self._job = job
        self._request = request
        self._region = region
        self._objects = runtime.objects_of(job.role_arn)
        self._stop = threading.Event()
        self._channels = request.get("InputDataConfig") or []
        self._parameters = {name: decode(value) for name, value in request["HyperParameters"].items()}
        self._folder = runtime.workdir / "training" / file_name(job.training_job_name)
        self._base = self._folder / "opt" / "ml"
        self._log = runtime.workdir / "logs" / "training" / f"{file_name(job.training_job_name)}.log"
        job.training_job_status = "InProgress"
        job.training_end_time = None
        job.final_metric_data_list = None
        job.secondary_status_transitions = []
        job.algorithm_specification["MetricDefinitions"] = self._metrics
        job.environment = request.get("Environment")
        self._enter("Starting", "Preparing the instances for training")

    @property
    def _metrics(self) -> list[dict[str, str]]:
        return self._request["AlgorithmSpecification"].get("MetricDefinitions") or []

    def stop(self) -> None:
        if self._job.training_job_status == "InProgress":
            self._job.training_job_status = "Stopping"
            self._stop.set()

    def perform(self) -> None:
        """Run the script, and leave the job in its last status whatever happens."""
        try:
            self._prepare()
            self._enter("Training", "Training image download completed. Training in progress.")
            status, secondary = self._run()
            self._enter("Uploading", "Uploading generated training model")
            self._upload("model", "model.tar.gz")
            self._end(status, secondary)
        except TrainingFailed as failure:
            self._fail(str(failure))
        except Exception as problem:
            # A job that stayed InProgress because of our own mistake would make its callers wait forever.
            self._fail(f"InternalServerError: {type(problem).__name__}: {problem}")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _prepare(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        for name in ("input/config", "input/data", "model", "output/data", "output/intermediate", "code"):
            (self._base / name).mkdir(parents=True)
        self._enter("Downloading", "Downloading input data")
        self._configure("hyperparameters", self._request["HyperParameters"])
        self._configure("inputdataconfig", self._input_configuration())
        self._configure("resourceconfig", _resource_configuration())
        for channel in self._channels:
            self._download(channel["ChannelName"], channel["DataSource"]["S3DataSource"]["S3Uri"])
        self._unpack(self._parameters["sagemaker_submit_directory"])

    def _unpack(self, archive: str) -> None:
        """Lay the script where it runs; in network isolation it came through a channel, else it lies in S3."""
        inside = PurePosixPath(archive)
        try:
            if inside.is_relative_to(_BASE):
                content = (self._base / inside.relative_to(_BASE)).read_bytes()
            else:
                content = self._objects.read(archive)
            with tarfile.open(fileobj=io.BytesIO(content)) as files:
                files.extractall(self._base / "code", filter="data")
        except (KeyError, OSError, tarfile.TarError):
            raise TrainingFailed(f"ClientError: {archive} is no archive of a training script") from None

    def _configure(self, name: str, content: Any) -> None:
        (self._base / "input" / "config" / f"{name}.json").write_text(json.dumps(content))

    def _input_configuration(self) -> dict[str, dict[str, str]]:
        return {
            channel["ChannelName"]: {
                "TrainingInputMode": "File",
                "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": "None",
                **({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {}),
            }
            for channel in self._channels
        }

    def _download(self, channel: str, uri: str) -> None:
        _, prefix = split_uri(uri)
        count = 0
        for item in self._objects.list(uri, hidden=True):
            inside = item.key.startswith(prefix if prefix.endswith("/") else f"{prefix}/")
            name = item.key.removeprefix(prefix).lstrip("/") if inside else item.key.rsplit("/", 1)[-1]
            path = file_of(item, self._base / "input" / "data" / channel, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._objects.read(item.uri))
            count += 1
        if not count:
            raise TrainingFailed(f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}"')

    def _run(self) -> tuple[str, str]:
        program = self._parameters["sagemaker_program"]
        limit = (self._request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", _DEFAULT_SECONDS)
        group = ProcessGroup(
            [sys.executable, "-u", program, *self._arguments()],
            folder=self._base / "code",
            environment=self._environment(),
            output=self._log,
            errors=self._log,
        )
        status, code = ("Completed", "Completed"), 0
        try:
            code = group.wait(timeout=limit, stopping=[self._stop, self._runtime.stopping])
        except TimedOut:
            status = ("Stopped", "MaxRuntimeExceeded")
        except Stopped:
            status = ("Stopped", "Stopped")
        group.kill()
        self._collect()
        if code:
            raise TrainingFailed(self._failure(code))
        return status

    def _user_parameters(self) -> dict[str, Any]:
        return {name: value for name, value in self._parameters.items() if not name.startswith("sagemaker_")}

    def _arguments(self) -> list[str]:
        """Return the hyperparameters as the toolkit writes them on a command line."""
        arguments = []
        for name, value in sorted(self._user_parameters().items()):
            joined = ",".join(f"{key}={value[key]}" for key in sorted(value)) if isinstance(value, dict) else str(value)
            arguments += [f"--{name}" if len(name) > 1 else f"-{name}", joined]
        return arguments

    def _environment(self) -> dict[str, str]:
        base = self._base
        channels = [channel["ChannelName"] for channel in self._channels]
        values: dict[str, Any] = {
            "CHANNELS": channels,
            "CURRENT_HOST": _HOST,
            "HOSTS": [_HOST],
            "HPS": self._user_parameters(),
            "INPUT_CONFIG_DIR": base / "input" / "config",
            "INPUT_DATA_CONFIG": self._input_configuration(),
            "INPUT_DIR": base / "input",
            "LOG_LEVEL": 20,
            "MODEL_DIR": base / "model",
            "MODULE_DIR": self._parameters["sagemaker_submit_directory"],
            "MODULE_NAME": self._parameters["sagemaker_program"].removesuffix(".py"),
            "NETWORK_INTERFACE_NAME": "lo",
            "NUM_CPUS": os.cpu_count(),
            "NUM_GPUS": 0,
            "OUTPUT_DATA_DIR": base / "output" / "data",
            "OUTPUT_DIR": base / "output",
            "OUTPUT_INTERMEDIATE_DIR": base / "output" / "intermediate",
            "RESOURCE_CONFIG": _resource_configuration(),
            "USER_ARGS": self._arguments(),
            "USER_ENTRY_POINT": self._parameters["sagemaker_program"],
            **{f"CHANNEL_{name.upper()}": base / "input" / "data" / name for name in channels},
            **{f"HP_{name.upper()}": value for name, value in self._user_parameters().items()},
        }
        return {
            **self._runtime.environment(self._region),
            "PYTHONPATH": str(base / "code"),
            "SAGEMAKER_BASE_DIR": str(base),
            "TRAINING_JOB_NAME": self._job.training_job_name,
            "TRAINING_JOB_ARN": self._job.arn,
            **(self._request.get("Environment") or {}),
            **{f"SM_{name}": _encode(value) for name, value in values.items()},
        }

    def _collect(self) -> None:
        """Keep what a script leaves behind even if it fails: its log, its metrics and its other output."""
        stream = f"{self._job.training_job_name}/{_HOST}"
        publish_log(
            self._runtime, region=self._region, role=self._job.role_arn, group=_LOG_GROUP, stream=stream, path=self._log
        )
        log = self._log.read_text(errors="replace")
        found = {metric["Name"]: re.findall(metric["Regex"], log) for metric in self._metrics}
        self._job.final_metric_data_list = [
            {"MetricName": name, "Value": float(values[-1]), "Timestamp": utcnow()}
            for name, values in found.items()
            if values
        ]
        if any((self._base / "output" / "data").iterdir()):
            self._upload("output/data", "output.tar.gz")

    def _upload(self, folder: str, name: str) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for path in sorted((self._base / folder).iterdir()):
                archive.add(path, arcname=path.name)
        target = self._request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        self._objects.write(f"{target}/{self._job.training_job_name}/output/{name}", buffer.getvalue())

    def _failure(self, code: int) -> str:
        written = self._base / "output" / "failure"
        if written.exists():
            return f"AlgorithmError: {written.read_text(errors='replace')}, exit code: {code}"
        _, _, report = self._log.read_text(errors="replace").rpartition("Traceback (most recent call last):\n")
        error = next((line for line in report.splitlines() if line and not line.startswith(" ")), "")
        return f'AlgorithmError: ExecuteUserScriptError: ExitCode {code} ErrorMessage "{error}", exit code: {code}'

    def _enter(self, status: str, message: str) -> None:
        now = utcnow()
        transitions = self._job.secondary_status_transitions
        if transitions:
            transitions[-1]["EndTime"] = now
        transitions.append({"Status": status, "StartTime": now, "StatusMessage": message})
        self._job.secondary_status = status
        self._job.last_modified_time = now

    def _fail(self, reason: str) -> None:
        self._job.failure_reason = reason[:_LONGEST_REASON]
        self._end("Failed", "Failed")

    def _end(self, status: str, secondary: str) -> None:
        self._enter(secondary, f"Training job {secondary.lower()}")
        now = utcnow()
        seconds = int((now - self._job.training_start_time).total_seconds())
        self._job.secondary_status_transitions[-1]["EndTime"] = now
        self._job.training_end_time = now
        self._job.training_time_in_seconds = seconds
        self._job.billable_time_in_seconds = seconds
        self._job.training_job_status = status


def _resource_configuration() -> dict[str, Any]:
    return {"current_host": _HOST, "hosts": [_HOST], "network_interface_name": "lo"}


def _encode(value: Any) -> str:
    return str(value) if isinstance(value, str | Path | int | float) else json.dumps(value)
