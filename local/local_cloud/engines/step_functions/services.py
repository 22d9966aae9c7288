"""Service names of Step Functions' SDK integrations and of boto3."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3


@cache
def boto_services() -> dict[str, str]:
    """Return boto3's service names by the names that aws-sdk integrations use, which have no hyphens."""
    services = {name.replace("-", ""): name for name in boto3.Session().get_available_services()}
    return {
        **services,
        "cloudwatchlogs": "logs",
        "databasemigration": "dms",
        "eventbridge": "events",
        "sfn": "stepfunctions",
        "states": "stepfunctions",
    }


@cache
def error_prefix(service: str) -> str:
    exceptions = {"dms": "DatabaseMigration", "dynamodb": "DynamoDb", "stepfunctions": "Sfn"}
    if service in exceptions:
        return exceptions[service]
    return str(service_model(service).service_id).replace(" ", "")


@cache
def service_model(service: str) -> Any:
    return boto3.Session()._session.get_service_model(service)
