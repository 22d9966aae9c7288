"""Base class of the Glue jobs of a Spark script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.processing.glue.job_logs import define_job_logs, log_group_pattern
from lake_blueprints.processing.glue.permissions import run_as_job
from lake_blueprints.processing.glue.worker import Worker
from template_checks.limits import glue as limits


class SparkJob(Construct):
    """A Glue job of a Spark script; its subclasses say which, and what it may do.

    Parameters
    ----------
    worker: Worker, optional
        Its workers. By default those of `Worker`.
    timeout: Duration
        Time after which a run is stopped.

    Raises
    ------
    ValueError
        If the timeout is out of range.
    """

    role: ServiceRole

    def __init__(self, scope: Construct, construct_id: str, *, worker: Worker | None, timeout: Duration) -> None:
        super().__init__(scope, construct_id)
        limits.JOB_TIMEOUT.check("timeout", timeout.to_minutes())
        self._worker, self._timeout = worker or Worker(), timeout

    def _choose_security(
        self, given: GlueSecurityConfiguration | None, *, key: kms.IKey | None = None, default: kms.IKey
    ) -> GlueSecurityConfiguration:
        """Return the encryption of logs and bookmarks: the one that is given, or a new one, by default with a key."""
        if given and key:
            raise ValueError("'encryption_key' is that of 'security_configuration'; give one of the two")
        self._security = given or GlueSecurityConfiguration(self, "Security", encryption_key=key or default)
        return self._security

    def _define_logs(
        self, *assets: s3_assets.Asset, retention: logs.RetentionDays, removal_policy: RemovalPolicy
    ) -> None:
        """Define the log groups, and let the role do what Glue does around a script that is made of assets."""
        security, version = self._security, self._worker.glue_version
        groups = log_group_pattern(security, version)
        allow(self.role, *run_as_job(self.role, key=security.key, assets=assets, log_groups=groups))
        self.log_groups = define_job_logs(
            self,
            role=self.role,
            security=security,
            glue_version=version,
            retention=retention,
            removal_policy=removal_policy,
        )

    def _define_job(
        self,
        script: s3_assets.Asset,
        arguments: Mapping[str, str],
        *,
        description: str,
        max_retries: int = 0,
        connections: Sequence[str] = (),
    ) -> None:
        """Define a job that runs once at a time, with metrics and logs and without bookmarks, where connections lead.

        It has no `--enable-glue-datacatalog`: a script asks the catalog itself, and a Spark session that may ask it
        begins by looking for the database `default`, which not every account has.
        https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html#data-quality-trouble-error-7
        """
        worker = self._worker
        job = glue.CfnJob(
            self,
            "Job",
            role=self.role.role_arn,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=script.s3_object_url
            ),
            description=description,
            glue_version=worker.glue_version,
            worker_type=worker.type,
            number_of_workers=worker.count,
            execution_class=worker.execution_class,
            timeout=self._timeout.to_minutes(),
            max_retries=max_retries,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=1),
            security_configuration=self._security.name,
            connections=glue.CfnJob.ConnectionsListProperty(connections=[*connections]) if connections else None,
            default_arguments={
                **arguments,
                "--enable-metrics": "true",
                "--enable-continuous-cloudwatch-log": "true",
                "--job-bookmark-option": "job-bookmark-disable",
            },
        )
        job.node.add_dependency(self._security, *self.log_groups)
        self.job_name: str = job.ref
        self.job_arn = Stack.of(self).format_arn(service="glue", resource="job", resource_name=job.ref)
