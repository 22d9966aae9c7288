"""The Glue job of a Spark script, as CloudFormation defines it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_glue as glue
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.processing.glue.worker import Worker


def define_spark_job(
    scope: Construct,
    *,
    role: ServiceRole,
    script: s3_assets.Asset,
    arguments: Mapping[str, str],
    description: str,
    worker: Worker,
    timeout: Duration,
    max_retries: int,
    security: GlueSecurityConfiguration,
    log_groups: list[logs.LogGroup],
    connections: Sequence[str] = (),
) -> glue.CfnJob:
    """Define a job that runs once at a time, with metrics and logs and without bookmarks, where its connections lead.

    It has no `--enable-glue-datacatalog`: a script asks the catalog itself, and a Spark session that may ask it begins
    by looking for the database `default`, which not every account has.
    https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html#data-quality-trouble-error-7
    """
    job = glue.CfnJob(
        scope,
        "Job",
        role=role.role_arn,
        command=glue.CfnJob.JobCommandProperty(
            name="glueetl", python_version="3", script_location=script.s3_object_url
        ),
        description=description,
        glue_version=worker.glue_version,
        worker_type=worker.type,
        number_of_workers=worker.count,
        execution_class=worker.execution_class,
        timeout=timeout.to_minutes(),
        max_retries=max_retries,
        execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=1),
        security_configuration=security.name,
        connections=glue.CfnJob.ConnectionsListProperty(connections=[*connections]) if connections else None,
        default_arguments={
            **arguments,
            "--enable-metrics": "true",
            "--enable-continuous-cloudwatch-log": "true",
            "--job-bookmark-option": "job-bookmark-disable",
        },
    )
    job.node.add_dependency(security, *log_groups)
    return job
