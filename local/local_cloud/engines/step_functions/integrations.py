"""Service integrations: what a Task state calls, and which of them run here.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html

Above 200 lines: tables of what each optimised integration takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local_cloud.engines.step_functions.errors import UnsupportedError
from local_cloud.engines.step_functions.jobs import JOBS
from local_cloud.engines.step_functions.services import boto_services, error_prefix, service_model

SYNC, SYNC_JSON, TOKEN = "sync", "sync:2", "waitForTaskToken"

_FUNCTION = re.compile(r"arn:[^:]+:lambda:(?P<region>[^:]*):(?P<account>[^:]*):function:.+")
_ACTIVITY = re.compile(r"arn:[^:]+:states:[^:]+:[^:]+:activity:.+")
_SERVICE = re.compile(
    r"arn:[^:]+:states:(?P<region>[^:]*):(?P<account>[^:]*):(?P<service>[a-z0-9-]+):(?P<action>[A-Za-z0-9:]+)"
    r"(?:\.(?P<pattern>.+))?"
)

# Optimised integrations that run here, and their actions.
_OPTIMISED = {
    "athena": {"startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"},
    "dynamodb": {"getItem", "putItem", "updateItem", "deleteItem"},
    "events": {"putEvents"},
    "glue": {"startJobRun"},
    "lambda": {"invoke"},
    "sagemaker": {
        "createEndpoint",
        "createEndpointConfig",
        "createHyperParameterTuningJob",
        "createLabelingJob",
        "createModel",
        "createProcessingJob",
        "createTrainingJob",
        "createTransformJob",
        "updateEndpoint",
    },
    "sns": {"publish"},
    "sqs": {"sendMessage"},
    "states": {"startExecution"},
}
_WITH_TOKEN = {"events", "lambda", "sns", "sqs", "states"}
# Optimised integrations of AWS that nothing here runs.
_ABSENT = {
    "apigateway",
    "batch",
    "bedrock",
    "codebuild",
    "databrew",
    "ecs",
    "eks",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "http",
    "mediaconvert",
}
# How the errors of an optimised integration begin, and the one of an error without a type.
_PREFIXES = {
    "athena": ("Athena", "AmazonAthenaException"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBException"),
    "events": ("EventBridge", "AmazonEventBridgeException"),
    "function": ("Lambda", "AWSLambdaException"),
    "glue": ("Glue", "AWSGlueException"),
    "lambda": ("Lambda", "AWSLambdaException"),
    "sagemaker": ("SageMaker", "AmazonSageMakerException"),
    "sns": ("SNS", "AmazonSNSException"),
    "sqs": ("SQS", "AmazonSQSException"),
    "states": ("StepFunctions", "AWSStepFunctionsException"),
}


@dataclass(frozen=True)
class Integration:
    """The call that the `Resource` of a Task state names.

    Parameters
    ----------
    arn: str
        The resource.
    region: str
        Its region; empty for that of the state machine.
    service: str
        The service's name in boto3.
    action: str
        The operation, spelt as in the resource.
    pattern: str
        How it is waited for: nothing, `sync`, `sync:2` or `waitForTaskToken`.
    resource, resource_type: str
        As the history names them.
    """

    arn: str
    region: str
    service: str
    action: str
    pattern: str
    resource: str
    resource_type: str

    @property
    def is_function(self) -> bool:
        """Whether it is the ARN of a Lambda function, whose input is the payload and whose output is the result."""
        return self.resource_type == "function"

    @property
    def is_sdk(self) -> bool:
        return self.resource_type.startswith("aws-sdk:")

    @property
    def operation(self) -> Any:
        """The operation in the model of the service."""
        model = service_model(self.service)
        return model.operation_model(_operation_name(model, self.action))

    @property
    def error_prefix(self) -> str:
        """The word with which Error Names of the service begin."""
        return error_prefix(self.service) if self.is_sdk else _PREFIXES[self.resource_type][0]

    @property
    def untyped_error(self) -> str:
        """The Error Name of an error for which the service has no type."""
        name = f"{self.error_prefix}Exception" if self.is_sdk else _PREFIXES[self.resource_type][1]
        return f"{self.error_prefix}.{name}"

    def error_name(self, error: Any) -> str:
        """Return the Error Name of a `ClientError`."""
        kind = type(error).__name__
        if kind == "ClientError":
            return self.untyped_error
        # As the SDK for Java names what a service calls a fault.
        plain = kind.removesuffix("Exception").removesuffix("Fault")
        return f"{self.error_prefix}.{plain}Exception"


@lru_cache(maxsize=1024)
def integration_of(arn: str) -> Integration:
    """Return what a resource names.

    Raises
    ------
    ValueError
        If AWS has no such resource.
    UnsupportedError
        If AWS has it, and nothing here runs it.
    """
    if function := _FUNCTION.fullmatch(arn):
        return Integration(arn, function["region"], "lambda", "invoke", "", arn, "function")
    if _ACTIVITY.fullmatch(arn):
        raise UnsupportedError(f"activities are not supported: {arn}")
    found = _SERVICE.fullmatch(arn)
    if not found:
        raise ValueError(_unknown(arn))
    pattern = found["pattern"] or ""
    if pattern not in {"", SYNC, SYNC_JSON, TOKEN}:
        raise ValueError(_unknown(arn))
    if found["service"] == "aws-sdk":
        return _sdk(arn, found, pattern)
    return _optimised(arn, found, pattern)


def _unknown(arn: str) -> str:
    return (
        f"The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not "
        "available in this region."
    )


def _sdk(arn: str, found: re.Match[str], pattern: str) -> Integration:
    api, _, action = found["action"].partition(":")
    service = boto_services().get(api.lower())
    if service is None or pattern in {SYNC, SYNC_JSON} or _operation_name(service_model(service), action) is None:
        raise ValueError(_unknown(arn))
    resource = f"{action}.{pattern}" if pattern else action
    return Integration(arn, found["region"], service, action, pattern, resource, f"aws-sdk:{api}")


def _optimised(arn: str, found: re.Match[str], pattern: str) -> Integration:
    name, action = found["service"], found["action"]
    if name in _ABSENT:
        raise UnsupportedError(f"the integration with {name} is not supported: {arn}")
    if action not in _OPTIMISED.get(name, ()):
        raise ValueError(_unknown(arn))
    if pattern == TOKEN and name not in _WITH_TOKEN:
        raise ValueError(_unknown(arn))
    if pattern == SYNC_JSON and name != "states":
        raise ValueError(_unknown(arn))
    if pattern == SYNC and (name, action) not in JOBS:
        if name != "sagemaker" or not action.endswith("Job"):
            raise ValueError(_unknown(arn))
        raise UnsupportedError(f"nothing can wait for {arn}")
    service = "stepfunctions" if name == "states" else name
    return Integration(
        arn, found["region"], service, action, pattern, f"{action}.{pattern}" if pattern else action, name
    )


def _operation_name(model: Any, action: str) -> str | None:
    if not action[:1].islower():
        return None
    wanted = action.lower()
    return next((name for name in model.operation_names if name.lower() == wanted), None)
