"""Every operation is real, stored or refused, against botocore's models of all services that moto knows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import filter as matching
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.exceptions import ClientError
from botocore.model import Shape, StructureShape
from moto.cloudformation.parsing import get_model_map
from moto.core.utils import get_service_model

from local_cloud.cloud import LocalCloud
from local_cloud.cloudformation.registry import Registry
from local_cloud.engines.engine import Engine
from local_cloud.errors import LocalCloudError
from local_cloud.operations.calls import Call, call_of
from local_cloud.operations.classification import Answer, Operations, by_rule
from local_cloud.operations.table import CLAIMS, CONFIGURES, MADE_UP, PRETENDED_TYPES, SERVICES, SIGNED_AS
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service
from tests.local_cloud.operations.page import PAGE, answers, page, services

ROLE = "arn:aws:iam::123456789012:role/r"
MODEL = {"ModelName": "m", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": "i"}}
INSTANCES = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
SOURCE = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/i"}}}
TRANSFORM = {
    "TransformJobName": "t",
    "ModelName": "m",
    "TransformInput": SOURCE,
    "TransformOutput": {"S3OutputPath": "s3://b/o"},
    "TransformResources": INSTANCES,
}
PROCESSING = {
    "ProcessingJobName": "p",
    "RoleArn": ROLE,
    "AppSpecification": {"ImageUri": "i"},
    "ProcessingResources": {"ClusterConfig": {**INSTANCES, "VolumeSizeInGB": 1}},
}
SPARK = {"applicationId": "a", "executionRoleArn": ROLE, "jobDriver": {"sparkSubmit": {"entryPoint": "s3://b/nope.py"}}}
INVALIDATION = {"DistributionId": "d", "InvalidationBatch": {"Paths": {"Quantity": 0}, "CallerReference": "c"}}
MESSAGE = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}
MAIL = {"Source": "a@b.c", "Destination": {"ToAddresses": ["a@b.c"]}, "Message": MESSAGE}


@pytest.fixture(scope="module")
def operations(cloud: LocalCloud) -> Operations:
    return cloud._running.operations


# One of each protocol at least, and all that was once answered as if it had worked.
@pytest.mark.parametrize(
    ("service", "operation", "request_", "code"),
    [
        ("sagemaker", "create_transform_job", TRANSFORM, "UnknownOperationException"),
        ("sagemaker", "describe_transform_job", {"TransformJobName": "t"}, "UnknownOperationException"),
        ("sagemaker", "create_processing_job", PROCESSING, "UnknownOperationException"),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"1"}, "UnknownOperationException"),
        ("emr-serverless", "start_job_run", SPARK, "UnknownOperationException"),
        ("comprehend", "detect_sentiment", {"Text": "I hate it", "LanguageCode": "en"}, "UnknownOperationException"),
        ("glue", "start_workflow_run", {"Name": "w"}, "UnknownOperationException"),
        ("glue", "start_trigger", {"Name": "t"}, "UnknownOperationException"),
        ("bedrock-runtime", "invoke_model", {"modelId": "m", "body": b"{}"}, "UnknownOperationException"),
        ("events", "put_partner_events", {"Entries": [{"Source": "s"}]}, "UnknownOperationException"),
        ("ses", "send_email", MAIL, "InvalidAction"),
        ("ec2", "run_instances", {"MinCount": 1, "MaxCount": 1, "ImageId": "ami-1"}, "InvalidAction"),
        ("s3", "restore_object", {"Bucket": "b", "Key": "k/l"}, "NotImplemented"),
        ("s3", "list_bucket_analytics_configurations", {"Bucket": "b"}, "NotImplemented"),
        ("cloudfront", "create_invalidation", INVALIDATION, "UnknownOperationException"),
        (
            "cloudwatch",
            "set_alarm_state",
            {"AlarmName": "a", "StateValue": "OK", "StateReason": "r"},
            "UnknownOperationException",
        ),
        # moto has nothing.
        ("translate", "translate_text", {"Text": "a", "SourceLanguageCode": "de", "TargetLanguageCode": "en"}, None),
        ("accessanalyzer", "list_analyzers", {}, None),
        ("lambda", "list_capacity_providers", {}, "UnknownOperationException"),
    ],
)
def test_what_nothing_does_is_refused_by_name_in_the_words_of_its_service(
    cloud: LocalCloud, service: str, operation: str, request_: dict[str, Any], code: str | None
) -> None:
    client = cloud.client(service)
    with pytest.raises(ClientError) as failed:
        getattr(client, operation)(**request_)
    error = failed.value.response["Error"]
    assert error["Code"] == (code or "UnknownOperationException")
    assert error["Message"].endswith("is not supported by the local cloud")
    if code:
        assert error["Message"].startswith(f"{client.meta.method_to_api_mapping[operation]} of {service}")


def test_what_describes_configuration_is_kept(cloud: LocalCloud) -> None:
    sagemaker, serverless, glue = cloud.client("sagemaker"), cloud.client("emr-serverless"), cloud.client("glue")
    sagemaker.create_model(**MODEL)
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    assert serverless.create_application(releaseLabel="emr-7.9.0", type="SPARK", name="x")["applicationId"]
    glue.create_workflow(Name="w")
    assert glue.get_workflow(Name="w")["Workflow"]["Name"] == "w"


def test_a_new_alarm_has_seen_nothing(cloud: LocalCloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    alarm = {
        "AlarmName": "errors",
        "MetricName": "Errors",
        "Namespace": "AWS/Lambda",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    for _ in range(2):
        cloudwatch.put_metric_alarm(**alarm)
        (found,) = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
        assert (found["StateValue"], found["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")


@pytest.mark.parametrize("expression", ["ANOMALY_DETECTION_BAND(m, 2)", "m * 2", "SELECT SUM(Errors) FROM Lambda"])
def test_what_moto_would_not_evaluate_is_refused_by_name(cloud: LocalCloud, expression: str) -> None:
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
    queries: list[Any] = [
        {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
        {"Id": "e", "Expression": expression, "Period": 60},
    ]
    now = datetime.now(UTC)
    asked = {"StartTime": now - timedelta(hours=1), "EndTime": now}
    assert cloud.client("cloudwatch").get_metric_data(MetricDataQueries=queries[:1], **asked)
    with pytest.raises(ClientError, match="the local cloud does not evaluate") as refused:
        cloud.client("cloudwatch").get_metric_data(MetricDataQueries=queries, **asked)
    assert expression in str(refused.value)


@pytest.mark.parametrize("kind", sorted(PRETENDED_TYPES))
def test_a_resource_type_whose_creation_would_claim_work_is_refused(kind: str) -> None:
    assert kind in get_model_map()
    with pytest.raises(LocalCloudError, match=f"the local cloud has no {kind}"):
        Registry(()).find(kind, "Thing")


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("CreateRole", Answer.STORED),
        ("DescribeClusters", Answer.STORED),
        ("UntagResource", Answer.STORED),
        ("StartJobRun", Answer.REFUSED),
        ("RunTask", Answer.REFUSED),
        ("CreateTransformJob", Answer.REFUSED),
        ("CreateTransformJobDefinition", Answer.STORED),
        ("GetFindings", Answer.REFUSED),
        ("DetectSentiment", Answer.REFUSED),
        ("Getaway", Answer.REFUSED),
        ("SendEmail", Answer.REFUSED),
    ],
)
def test_the_rule_tells_configuration_from_work(operation: str, answer: Answer) -> None:
    assert by_rule(operation) is answer


def test_the_words_of_the_rule_are_words_of_operations() -> None:
    names = [name for service in services() for name in get_service_model(service).operation_names]
    for verb in CONFIGURES:
        assert any(name.startswith(verb) for name in names), verb
    for end in (*CLAIMS, *MADE_UP):
        assert any(name.endswith(end) for name in names), end


@pytest.mark.parametrize("service", SERVICES)
def test_each_pattern_of_the_table_is_that_of_an_operation(service: str) -> None:
    names = get_service_model(service).operation_names
    entry = SERVICES[service]
    for pattern in f"{entry.real} {entry.stored} {entry.refused}".split():
        assert matching(names, pattern), pattern


def test_services_are_known_by_the_names_for_which_requests_are_signed() -> None:
    signed = {service: get_service_model(service).signing_name for service in services()}
    assert {service: name for service, name in signed.items() if name != service} == SIGNED_AS


def test_no_operation_has_an_answer_that_is_not_in_the_table_or_follows_from_the_rule(operations: Operations) -> None:
    """Each operation that moto's handlers or an engine answer is found by its request, as one of three."""
    counts = dict.fromkeys(Answer, 0)
    unknown = []
    # Of its own: a call to S3 takes the bucket out of the paths of the models that a session has loaded.
    session = boto3.session.Session()
    for service in sorted(services() | set(SERVICES)):
        client = session.client(
            service,
            region_name="us-east-1",
            endpoint_url="http://localhost:1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
        )
        for answer, names in answers(operations, service).items():
            counts[answer] += len(names)
            # moto has one that boto3 does not: the form of a browser.
            for name in sorted(set(names).intersection(client.meta.service_model.operation_names)):
                found = call_of(request(client, name), client.meta.service_model.signing_name)
                # Two pairs of operations of S3 are the same request by an older name.
                if found is None or found.service != service or name not in _names_of(found):
                    unknown.append(f"{service}:{name} is {found}")
    assert not unknown, ", ".join(unknown)
    assert min(counts.values()) > 300


def test_the_server_acts_by_the_table(cloud: LocalCloud, operations: Operations) -> None:
    """Each refused operation of the services that were looked at fails by its name, whatever it is sent."""
    for service in SERVICES:
        client = cloud.client(service)
        methods = {name: method for method, name in client.meta.method_to_api_mapping.items()}
        for name in answers(operations, service)[Answer.REFUSED]:
            model = client.meta.service_model.operation_model(name)
            # boto3 puts a prefix before localhost for some, which has no such names.
            if name in methods and not model.endpoint:
                shape = model.input_shape
                with pytest.raises(ClientError, match=f"{name} of {service} is not supported by the local cloud"):
                    getattr(client, methods[name])(**value_of(shape) if shape else {})


class Translator(Engine):
    """An engine of another distribution."""

    def services(self) -> Iterator[Service]:
        names = frozenset({"Query"})
        yield Service(name="kendra", operations=names, handle=lambda call: {"QueryId": call.operation})


def test_what_another_distribution_brings_is_real(runtime: Runtime) -> None:
    operations = Operations([Translator(runtime)])
    assert operations.answer("kendra", "Query") is Answer.REAL
    assert operations.answer("kendra", "ListIndices") is Answer.REFUSED
    environ = {"HTTP_X_AMZ_TARGET": "AWSKendraFrontendService.Query"}
    assert call_of(environ, "kendra", operations.services) == Call(service="kendra", operation="Query")


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("GET", "/b?list-type=2", "ListObjectsV2"),
        ("GET", "/b/?list-type=2", "ListObjectsV2"),
        ("GET", "/b/folder/", "GetObject"),
        ("GET", "/", "ListBuckets"),
        ("PUT", "/b/a%20key?x-id=PutObject", "PutObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", "UploadPart"),
        ("GET", "http://b.localhost/?acl", "GetBucketAcl"),
        ("GET", "http://b.s3.localhost/k", "GetObject"),
        ("PUT", "http://b.localhost/", "CreateBucket"),
    ],
)
def test_finds_the_operation_of_s3_however_the_bucket_is_named(method: str, url: str, operation: str) -> None:
    parts, body = urlsplit(url), io.BytesIO(b"\xff")
    environ = {
        "REQUEST_METHOD": method,
        "HTTP_HOST": parts.netloc or "localhost:4599",
        "PATH_INFO": unquote(parts.path),
        "RAW_URI": parts._replace(scheme="", netloc="").geturl(),
        "QUERY_STRING": parts.query,
        # An object is not read as a form, whatever it says that it is.
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": "1",
        "wsgi.input": body,
    }
    assert call_of(environ, "s3") == Call(service="s3", operation=operation)
    assert body.read() == b"\xff"


def test_the_page_is_up_to_date(operations: Operations) -> None:
    assert PAGE.read_text() == page(operations, PRETENDED_TYPES), "run python -m tests.local_cloud.operations.page"


def _names_of(call: Call) -> set[str]:
    return {call.operation, *({f"{call.operation}Configuration"} if call.service == "s3" else ())}


def request(client: Any, operation: str) -> dict[str, Any]:
    """Return the request that boto3 sends for an operation, as a server gets it."""
    model = client.meta.service_model.operation_model(operation)
    given = value_of(model.input_shape) if model.input_shape else {}
    serialized = client._serializer.serialize_to_request(given, model)
    prepare_request_dict(serialized, endpoint_url="http://localhost:1")
    parts = urlsplit(serialized["url"])
    body = serialized["body"]
    content = body if isinstance(body, bytes) else "&".join(f"{k}={v}" for k, v in body.items()).encode()
    headers = {f"HTTP_{name.upper().replace('-', '_')}": str(value) for name, value in serialized["headers"].items()}
    return {
        "REQUEST_METHOD": serialized["method"],
        "HTTP_HOST": parts.netloc,
        "PATH_INFO": unquote(parts.path) or "/",
        "RAW_URI": f"{parts.path or '/'}?{parts.query}",
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": str(serialized["headers"].get("Content-Type", "")).partition(";")[0],
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
        **headers,
    }


_SCALARS: dict[str, Callable[[Shape], Any]] = {
    "boolean": lambda _: True,
    "blob": lambda _: b"x",
    "timestamp": lambda _: 0,
    "list": lambda _: [],
    "map": lambda _: {},
    "string": lambda shape: (shape.enum or ["x" * max(1, shape.metadata.get("min", 1))])[0],
}


def value_of(shape: Shape) -> Any:
    """Return the least that a shape takes."""
    if isinstance(shape, StructureShape):
        names = list(shape.members)[:1] if shape.is_tagged_union else shape.required_members
        return {name: value_of(shape.members[name]) for name in names}
    number = max(1, int(shape.metadata.get("min", 1)))
    if shape.type_name == "list":
        return [value_of(shape.member)] * max(1, int(shape.metadata.get("min", 1)))
    if shape.type_name in _SCALARS:
        return _SCALARS[shape.type_name](shape)
    return float(number) if shape.type_name in ("float", "double") else number
