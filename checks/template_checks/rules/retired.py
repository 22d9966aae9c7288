"""Services and features that are gone, or closed to new customers, with what took their place."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Node, Resource

_LIFECYCLE: Final = "https://docs.aws.amazon.com/general/latest/gr/service-availability-changes.html"
# Type, since when, and what to use instead.
_CLOSED: Final[dict[str, tuple[str, str]]] = {
    "AWS::KinesisAnalytics::*": ("shut down on 27 January 2026", "AWS::KinesisAnalyticsV2::Application with Flink"),
    "AWS::Timestream::Database": ("closed on 20 June 2025", "AWS::Timestream::InfluxDBInstance, or Iceberg tables"),
    "AWS::Timestream::Table": ("closed on 20 June 2025", "AWS::Timestream::InfluxDBInstance, or Iceberg tables"),
    "AWS::Timestream::ScheduledQuery": ("closed on 20 June 2025", "scheduled queries of Athena on Iceberg tables"),
    "AWS::DataPipeline::*": ("closed on 25 July 2024", "Step Functions, MWAA or Glue workflows"),
    "AWS::Glue::DevEndpoint": ("for versions of Glue that are gone", "AWS::Glue::Session, interactive sessions"),
    "AWS::S3ObjectLambda::*": ("closed on 7 November 2025", "a function behind CloudFront or API Gateway"),
    "AWS::Glacier::*": ("closed on 7 November 2025", "the S3 Glacier storage classes"),
    "AWS::Forecast::*": ("closed on 29 July 2024", "SageMaker, for instance with Chronos"),
    "AWS::LookoutMetrics::*": ("shut down", "anomaly detection of CloudWatch"),
    "AWS::LookoutVision::*": ("shut down", "SageMaker"),
    "AWS::LookoutEquipment::*": ("closed", "SageMaker"),
    "AWS::FraudDetector::*": ("closed on 7 November 2025", "SageMaker"),
    "AWS::FinSpace::*": ("shut down on 7 October 2026", "EMR Serverless or Glue on S3"),
    "AWS::QLDB::*": ("shut down on 31 July 2025", "Aurora PostgreSQL"),
    "AWS::IoTAnalytics::*": ("shut down on 15 December 2025", "Firehose with Managed Service for Apache Flink"),
    "AWS::IoTEvents::*": ("shut down on 20 May 2026", "Step Functions with EventBridge"),
    "AWS::CloudTrail::EventDataStore": ("closed on 31 May 2026", "AWS::CloudTrail::Trail to S3 and Athena"),
    "AWS::CloudTrail::Channel": ("closed on 31 May 2026", "AWS::CloudTrail::Trail to S3 and Athena"),
    "AWS::CloudTrail::Dashboard": ("closed on 31 May 2026", "AWS::CloudTrail::Trail to S3 and Athena"),
    "AWS::AppRunner::*": ("closed on 30 April 2026", "ECS Express Mode"),
    "AWS::AuditManager::*": ("closed on 30 April 2026", "AWS Config conformance packs"),
    "AWS::IoT::SecurityProfile": ("closed on 31 August 2026", "alarms on metrics of AWS IoT"),
    "AWS::Rekognition::StreamProcessor": ("closed on 30 April 2026", "DetectLabels on images of the stream"),
    "AWS::OpsWorks::*": ("shut down on 26 May 2024", "Systems Manager"),
    "AWS::OpsWorksCM::*": ("shut down on 5 May 2024", "Systems Manager"),
    "AWS::SDB::*": ("closed to new customers", "DynamoDB"),
}


@rule(
    "LAKE-RETIRED-001",
    *_CLOSED,
    title="Services are open to new customers",
    fix="use what took its place",
    source=_LIFECYCLE,
)
def closed(resource: Resource) -> Iterator[Violation]:
    """An account that has not used the service before cannot create it; the others must leave it."""
    since, instead = next(entry for kind, entry in _CLOSED.items() if fnmatchcase(resource.kind, kind))
    yield Violation(at=Node(resource, "Type", resource.kind), found=f"{resource.kind}, {since}", allowed=instead)


@rule(
    "LAKE-RETIRED-002",
    "AWS::Glue::Job",
    "AWS::Glue::Session",
    title="Jobs do not run on Ray",
    fix="use Spark, or run Ray on AWS Batch or EKS",
    source="https://docs.aws.amazon.com/glue/latest/dg/awsglue-ray-jobs-availability-change.html",
)
def ray(job: Resource) -> Iterator[Violation]:
    """Glue for Ray is closed to new customers since 30 April 2026."""
    if job.at("Command.Name").text == "glueray":
        yield Violation(at=job.at("Command.Name"), allowed="glueetl, gluestreaming or pythonshell")
    for name in ("WorkerType", "Command.Runtime"):
        if (job.at(name).text or "").startswith(("Z.", "Ray")):
            yield Violation(at=job.at(name), allowed="nothing of Ray")


@rule(
    "LAKE-RETIRED-003",
    "AWS::KinesisAnalyticsV2::Application",
    title="Applications run on a version of Flink that is supported",
    fix="set RuntimeEnvironment to FLINK-1_20 or later",
    source="https://docs.aws.amazon.com/managed-flink/latest/java/release-version-list.html",
)
def flink(application: Resource) -> Iterator[Violation]:
    """SQL applications are deleted since 27 January 2026; the oldest versions of Flink can no longer be created."""
    runtime = application.at("RuntimeEnvironment")
    if (runtime.text or "").startswith(("SQL-", "FLINK-1_6", "FLINK-1_8", "FLINK-1_11", "FLINK-1_13")):
        yield Violation(at=runtime, allowed="FLINK-1_15 to FLINK-2_3, or ZEPPELIN-FLINK-3_0")


@rule(
    "LAKE-RETIRED-004",
    "AWS::Glue::MLTransform",
    "AWS::Elasticsearch::Domain",
    title="Types that AWS no longer develops are not used in new designs",
    fix="use AWS Entity Resolution for FindMatches, AWS::OpenSearchService::Domain for Elasticsearch",
    source=_LIFECYCLE,
    severity=Severity.WARNING,
)
def legacy(resource: Resource) -> Iterator[Violation]:
    """They work, on versions that are years old."""
    yield Violation(at=Node(resource, "Type", resource.kind), allowed="the type that took its place")
