"""Calls of a curation job."""

from __future__ import annotations

from aws_cdk import Aws, Stack

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.calls import in_catalog
from lake_blueprints.foundation.access.declared import Call, Declared, calls_on_logs
from lake_blueprints.foundation.encryption.calls import read_salt
from lake_blueprints.processing.curation.curation_job import CurationJob
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import calls as objects

_JOB = "https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html"
_ENCRYPTION = "https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html"
_LOGS = "https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html"
_METRICS = "https://docs.aws.amazon.com/glue/latest/dg/monitor-profile-glue-job-cloudwatch-metrics.html"
_SPARK = "https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/assumed_roles.html"
_TABLE = "https://docs.aws.amazon.com/glue/latest/webapi/API_GetTable.html"
_PARTITIONS = "https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html"
KEEP_PARTITIONS = ("glue:GetTable", "glue:GetPartitions", "glue:BatchCreatePartition", "glue:UpdatePartition")


def curation_job_calls(job: CurationJob) -> Declared:
    """Return what a run does: the calls of its script, of Spark, and of Glue itself."""
    target, zone = job.target, job.target.zone
    return Declared(
        name="Curation job",
        principal=job.role,
        assumed_by=("glue.amazonaws.com",),
        required=(
            *objects.reading(job.source, job.source_prefix, "reads the records that arrived"),
            *objects.getting(zone, job.state_prefix, "reads the ledger"),
            *objects.putting(zone, job.state_prefix, "writes the ledger and the reports"),
            objects.missing(zone, f"{job.state_prefix}ledger.json", "learns that there is no ledger yet"),
            *_files(job.quarantine, job.quarantine_prefix, "sets bad records aside"),
            *_files(zone, target.prefix, "writes the table"),
            *_folder(zone, target.prefix),
            in_catalog(target, KEEP_PARTITIONS, "registers partitions, and renews their columns", _PARTITIONS),
            *(call for table in job.references for call in _reference(table)),
            *_masked(job),
            *_glue(job),
        ),
        refused=(
            *objects.beside(job.source, job.source_prefix),
            *objects.beside(zone, target.prefix),
            objects.unchanged(job.source, job.source_prefix),
            *objects.ruling(zone),
            *(objects.unchanged(table.zone, table.prefix) for table in job.references),
            in_catalog(target, ("glue:DeleteTable", "glue:UpdateTable"), "changing the table", _TABLE),
            Call(
                actions=("cloudwatch:PutMetricData",),
                contexts=({"cloudwatch:namespace": "Elsewhere"},),
                because="metrics of others",
                source=_METRICS,
            ),
        ),
    )


def _files(zone: Zone, prefix: str, because: str) -> tuple[Call, ...]:
    """What Spark does to a folder: its committer lists it, stages files in it, and tidies up after itself."""
    return (
        *objects.reading(zone, prefix, because),
        *objects.uploading(zone, prefix, because),
        objects.deleting(zone, prefix, because),
        objects.locating(zone, because, _JOB),
        objects.finding_uploads(zone, because, _SPARK),
    )


def _folder(zone: Zone, prefix: str) -> tuple[Call, ...]:
    """Before it lists a folder, Spark asks whether there is an object of the folder's name; 403 is an error to it."""
    name, because = prefix.removesuffix("/"), "asks whether a folder is a file"
    found = (zone.bucket.arn_for_objects(name),)
    return (
        Call(actions=("s3:GetObject",), resources=found, because=because, source=_SPARK),
        objects.missing(zone, name, because),
    )


def _masked(job: CurationJob) -> tuple[Call, ...]:
    if job.masked is None:
        return ()
    because = "writes the masked copy"
    files = (
        *_files(job.masked.zone, job.masked.prefix, because),
        *_folder(job.masked.zone, job.masked.prefix),
        in_catalog(job.masked, KEEP_PARTITIONS, because, _PARTITIONS),
    )
    return (*files, *read_salt(job.salt, "hashes what is restricted")) if job.salt else files


def _reference(table: Table) -> tuple[Call, ...]:
    because = "looks up reference data"
    return (
        *objects.reading(table.zone, table.prefix, because),
        *_folder(table.zone, table.prefix),
        in_catalog(table, ("glue:GetTable",), because, _TABLE),
    )


def _glue(job: CurationJob) -> tuple[Call, ...]:
    """What Glue does around every script."""
    stack = Stack.of(job)
    assets = tuple(asset.bucket.arn_for_objects(asset.s3_object_key) for asset in (job.script, job.package, job.plan))
    groups = tuple(
        stack.format_arn(service="logs", resource=f"log-group:{group.log_group_name}") for group in job.log_groups
    )
    bookmarks = {"kms:ViaService": f"glue.{Aws.REGION}.amazonaws.com"}
    return (
        Call(actions=("s3:GetObject",), resources=assets, because="loads script, package and plan", source=_JOB),
        *calls_on_logs(groups, ("logs:CreateLogGroup", "logs:AssociateKmsKey"), "writes encrypted logs", _LOGS),
        Call(
            actions=("cloudwatch:PutMetricData",),
            contexts=({"cloudwatch:namespace": "Glue"},),
            because="writes metrics",
            source=_METRICS,
        ),
        Call(actions=("glue:GetSecurityConfiguration",), because="learns how to encrypt", source=_ENCRYPTION),
        Call(
            actions=("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"),
            resources=(job.key.key_arn,),
            contexts=({}, bookmarks),
            because="encrypts what the security configuration says",
            source=_ENCRYPTION,
        ),
    )
