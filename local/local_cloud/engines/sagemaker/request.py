"""Validation of a CreateTrainingJob request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local_cloud.errors import LocalCloudError


def refuse_unsupported(request: Mapping[str, Any]) -> None:
    """Raise LocalCloudError for a job that cannot be run here."""
    parameters = request.get("HyperParameters") or {}
    for name in ("sagemaker_program", "sagemaker_submit_directory"):
        if name not in parameters:
            raise LocalCloudError(f"the local cloud runs scripts only: the hyperparameter {name} is missing")
    if not decode(parameters["sagemaker_program"]).endswith(".py"):
        raise LocalCloudError(f"sagemaker_program must be a .py file, got {parameters['sagemaker_program']}")
    if request["ResourceConfig"].get("InstanceCount", 1) != 1:
        raise LocalCloudError("the local cloud trains on one machine: InstanceCount must be 1")
    if request.get("CheckpointConfig"):
        raise LocalCloudError("CheckpointConfig is not supported by the local cloud")
    for channel in request.get("InputDataConfig") or []:
        _refuse_channel(channel, request["AlgorithmSpecification"].get("TrainingInputMode", "File"))


def _refuse_channel(channel: Mapping[str, Any], default_mode: str) -> None:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise LocalCloudError(f"channel {name} must have an S3DataSource")
    if source["S3DataType"] != "S3Prefix":
        raise LocalCloudError(f"channel {name} must have the S3DataType S3Prefix, got {source['S3DataType']}")
    # Fast file mode shows a script the same files, only sooner.
    if channel.get("InputMode", default_mode) not in ("File", "FastFile"):
        raise LocalCloudError(f"channel {name} must have the input mode File or FastFile")
    for option in ("CompressionType", "RecordWrapperType"):
        if channel.get(option, "None") != "None":
            raise LocalCloudError(f"channel {name} must have the {option} None, got {channel[option]}")


def decode(value: str) -> Any:
    """Read a hyperparameter: JSON as the SageMaker SDK writes it, or plain text."""
    try:
        return json.loads(value)
    except ValueError:
        return value
