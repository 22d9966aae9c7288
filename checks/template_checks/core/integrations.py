"""Service integrations of Step Functions tasks, and the permissions they take.

Above 200 lines: a table of integrations, and what each needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from template_checks.core import tables

_ARN: Final = re.compile(r"arn:(?:\$\{[^}]*\}|[^:]+):states:::(.+)")
_WAITS: Final = re.compile(r"\.(sync(:2)?|waitForTaskToken)$")
_RULE: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
# Optimised integrations: what can be called, and in which ways beside a plain request.
_OPTIMISED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "apigateway": {"invoke": ("waitForTaskToken",)},
    "athena": {
        "startQueryExecution": ("sync",),
        "stopQueryExecution": (),
        "getQueryExecution": (),
        "getQueryResults": (),
    },
    "aws-sdk": {},
    "batch": {"submitJob": ("sync", "waitForTaskToken")},
    "bedrock": {
        "invokeModel": ("waitForTaskToken",),
        "createModelCustomizationJob": ("sync",),
    },
    "codebuild": {
        "startBuild": ("sync",),
        "stopBuild": (),
        "batchDeleteBuilds": (),
        "batchGetReports": (),
        "startBuildBatch": ("sync",),
        "stopBuildBatch": (),
        "retryBuildBatch": ("sync",),
        "deleteBuildBatch": (),
    },
    "databrew": {"startJobRun": ("sync",)},
    "dynamodb": {"getItem": (), "putItem": (), "deleteItem": (), "updateItem": ()},
    "ecs": {"runTask": ("sync", "waitForTaskToken")},
    "eks": {
        "createCluster": ("sync",),
        "deleteCluster": ("sync",),
        "createFargateProfile": ("sync",),
        "deleteFargateProfile": ("sync",),
        "createNodegroup": ("sync",),
        "deleteNodegroup": ("sync",),
        "runJob": ("sync", "waitForTaskToken"),
        "call": (),
    },
    "elasticmapreduce": {
        "createCluster": ("sync",),
        "terminateCluster": ("sync",),
        "addStep": ("sync",),
        "cancelStep": (),
        "setClusterTerminationProtection": (),
        "modifyInstanceFleetByName": (),
        "modifyInstanceGroupByName": (),
    },
    "emr-containers": {
        "createVirtualCluster": (),
        "deleteVirtualCluster": ("sync",),
        "startJobRun": ("sync",),
    },
    "emr-serverless": {
        "createApplication": ("sync",),
        "startApplication": ("sync",),
        "stopApplication": ("sync",),
        "deleteApplication": ("sync",),
        "startJobRun": ("sync",),
        "cancelJobRun": ("sync",),
    },
    "events": {"putEvents": ("waitForTaskToken",)},
    "glue": {"startJobRun": ("sync", "waitForTaskToken")},
    "http": {"invoke": ()},
    "lambda": {"invoke": ("waitForTaskToken",)},
    "mediaconvert": {"createJob": ("sync",)},
    "sagemaker": {
        "createEndpoint": (),
        "createEndpointConfig": (),
        "createHyperParameterTuningJob": ("sync",),
        "createLabelingJob": ("sync",),
        "createModel": (),
        "createProcessingJob": ("sync",),
        "createTrainingJob": ("sync",),
        "createTransformJob": ("sync",),
        "updateEndpoint": (),
    },
    "sns": {"publish": ("waitForTaskToken",)},
    "sqs": {"sendMessage": ("waitForTaskToken",)},
    "states": {"startExecution": ("sync", "sync:2", "waitForTaskToken")},
}
# https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
_PERMISSIONS: Final[dict[str, tuple[str, ...]]] = {
    "athena:startQueryExecution": ("athena:StartQueryExecution",),
    "athena:startQueryExecution.sync": (
        "athena:StartQueryExecution",
        "athena:GetQueryExecution",
        "athena:StopQueryExecution",
    ),
    "athena:getQueryResults": ("athena:GetQueryResults",),
    "batch:submitJob": ("batch:SubmitJob",),
    "batch:submitJob.sync": ("batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob", *_RULE),
    "codebuild:startBuild.sync": ("codebuild:StartBuild", "codebuild:StopBuild", "codebuild:BatchGetBuilds", *_RULE),
    "databrew:startJobRun.sync": ("databrew:startJobRun", "databrew:listJobRuns", "databrew:stopJobRun"),
    "dynamodb:getItem": ("dynamodb:GetItem",),
    "dynamodb:putItem": ("dynamodb:PutItem",),
    "dynamodb:deleteItem": ("dynamodb:DeleteItem",),
    "dynamodb:updateItem": ("dynamodb:UpdateItem",),
    "ecs:runTask": ("ecs:RunTask",),
    "ecs:runTask.sync": ("ecs:RunTask", "ecs:StopTask", "ecs:DescribeTasks", *_RULE),
    "emr-serverless:startJobRun.sync": (
        "emr-serverless:StartJobRun",
        "emr-serverless:GetJobRun",
        "emr-serverless:CancelJobRun",
        *_RULE,
    ),
    "events:putEvents": ("events:PutEvents",),
    "glue:startJobRun": ("glue:StartJobRun",),
    "glue:startJobRun.sync": ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    "lambda:invoke": ("lambda:InvokeFunction",),
    "sagemaker:createTrainingJob.sync": (
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "sagemaker:AddTags",
        "iam:PassRole",
        *_RULE,
    ),
    "sagemaker:createTransformJob.sync": (
        "sagemaker:CreateTransformJob",
        "sagemaker:DescribeTransformJob",
        "sagemaker:StopTransformJob",
        *_RULE,
    ),
    "sns:publish": ("sns:Publish",),
    "sqs:sendMessage": ("sqs:SendMessage",),
    "states:startExecution": ("states:StartExecution",),
    "states:startExecution.sync": ("states:StartExecution", "states:DescribeExecution", "states:StopExecution", *_RULE),
}
# Services that the SDK calls otherwise than IAM.
_IAM_PREFIXES: Final = {
    "cloudwatchlogs": "logs",
    "databasemigration": "dms",
    "emr": "elasticmapreduce",
    "emrcontainers": "emr-containers",
    "emrserverless": "emr-serverless",
    "eventbridge": "events",
    "redshiftdata": "redshift-data",
    "redshiftserverless": "redshift-serverless",
    "sfn": "states",
}


@dataclass(frozen=True)
class Integration:
    """Service integration of a task.

    Parameters
    ----------
    service: str
        The service, by Step Functions' name.
    operation: str
        What is asked of it.
    way: str
        `sync`, `sync:2`, `waitForTaskToken`, or nothing for a plain request.
    sdk: bool
        Whether it is any operation of the SDK, not one of the optimised.
    """

    service: str
    operation: str
    way: str = ""
    sdk: bool = False

    @property
    def waits(self) -> bool:
        return bool(self.way)

    @property
    def problem(self) -> str | None:
        """Advice on what to call instead, if this cannot be called."""
        return self._problem_of_sdk() if self.sdk else self._problem_of_optimised()

    @property
    def permissions(self) -> tuple[str, ...]:
        """The actions that the role of the machine needs; empty where they are not known for sure."""
        if not self.sdk:
            plain = f"{self.service}:{self.operation}"
            return _PERMISSIONS.get(f"{plain}.sync" if self.way.startswith("sync") else plain, ())
        prefix = _IAM_PREFIXES.get(self.service, self.service)
        action = self.operation[0].upper() + self.operation[1:]
        return (f"{prefix}:{action}",) if action.lower() in tables.actions(prefix) else ()

    def _problem_of_sdk(self) -> str | None:
        if not tables.is_sdk_service(self.service):
            return "a service of the SDK, in lower case and without hyphens"
        if self.way.startswith("sync"):
            return "a plain request or .waitForTaskToken, as operations of the SDK are not waited for"
        known = tables.operations(self.service)
        if known is None or self.operation in known:
            return None
        near = [one for one in known if one.lower() == self.operation.lower() or one[:6] == self.operation[:6]][:5]
        return f"an operation of {self.service}{', such as ' + ', '.join(near) if near else ''}"

    def _problem_of_optimised(self) -> str | None:
        if self.service not in _OPTIMISED:
            return f"one of {', '.join(_OPTIMISED)}"
        operations = _OPTIMISED[self.service]
        if self.operation not in operations:
            return f"{' or '.join(operations)} of {self.service}, or aws-sdk:{self.service}:..."
        ways = operations[self.operation]
        if self.way and self.way not in ways:
            return f"{self.operation} {'with .' + ' or .'.join(ways) if ways else 'as a plain request'}"
        return None


def integration_of(resource: str) -> Integration | None:
    """Return what the `Resource` of a task calls; None for functions and activities, and for what is not known."""
    found = _ARN.fullmatch(resource)
    if not found or "${" in found[1]:
        return None
    way = _WAITS.search(found[1])
    parts = (found[1][: way.start()] if way else found[1]).split(":")
    how = way[1] if way else ""
    if parts[0] == "aws-sdk" and len(parts) == 3:
        return Integration(parts[1], parts[2], how, sdk=True)
    return Integration(parts[0], ":".join(parts[1:]), how)
