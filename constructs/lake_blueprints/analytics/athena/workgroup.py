"""An Athena workgroup whose limits nobody can go around."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Names, RemovalPolicy, Size, Stack, Token
from aws_cdk import aws_athena as athena
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.analytics.athena.permissions import RESULTS_PREFIX, execute_query, run_queries
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInDays, SizeInBytes
from lake_blueprints.storage.s3 import AccessLogBucket, LakeBucket, LifecycleRule

# Athena refuses a smaller limit:
# https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
_SMALLEST_LIMIT_BYTES = 10_000_000
# https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateNamedQuery.html
_LONGEST_NAME = 128
_LONGEST_QUERY = 262_144


@checked
class Workgroup(Construct):
    """Define an Athena workgroup with encrypted results that expire, a scan limit, metrics and named queries.

    Its settings are enforced: a client cannot send results elsewhere, unencrypted, or scan more than the limit.

    Parameters
    ----------
    encryption_key: kms.IKey, optional
        Key for the query results. By default a new `LakeKey` is defined.
    access_logs: AccessLogBucket, optional
        Where S3 logs each request for results. By default a new one is defined.
    expire_results_after: Duration
        Age at which results are deleted, at least 1 day. By default 30 days.
    scan_limit: Size
        Data that one query may scan before Athena cancels it, at least 10 MB (10,000,000 bytes). By default
        100 GiB, about half a US dollar.
    description: str, optional
        What the workgroup is for. By default nothing is said.
    removal_policy: RemovalPolicy
        What happens to results and named queries when the workgroup leaves the stack, subject to the removal
        guard. By default they are retained.

    Defines
    -------
    One workgroup, named `workgroup_name`; a bucket, as `results`, and its key, as `key`, unless that is given.

    Raises
    ------
    ValueError
        If the scan limit is below what Athena accepts.

    Notes
    -----
    https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html

    Example
    -------
        >>> analysts = Workgroup(self, "Analysts", scan_limit=Size.gibibytes(10))
        >>> analysts.add_query("Delays", name="delays", sql="select ...", database=database.database_name)
        >>> analysts.grant_run_queries(role)
        >>> flights.grant_read(role)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        encryption_key: kms.IKey | None = None,
        access_logs: AccessLogBucket | None = None,
        expire_results_after: DurationInDays | None = None,
        scan_limit: SizeInBytes | None = None,
        description: str | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        limit = (scan_limit or Size.gibibytes(100)).to_bytes()
        if not Token.is_unresolved(limit) and limit < _SMALLEST_LIMIT_BYTES:
            raise ValueError(f"'scan_limit' must be at least 10 MB ({_SMALLEST_LIMIT_BYTES} bytes), got {limit} bytes")
        self.results = LakeBucket(
            self,
            "Results",
            encryption_key=encryption_key,
            access_logs=access_logs,
            lifecycle=[LifecycleRule(expire_after=expire_results_after or Duration.days(30))],
            noncurrent_expire_after=Duration.days(1),
            removal_policy=removal_policy,
        )
        self.key = self.results.key
        encryption = athena.CfnWorkGroup.EncryptionConfigurationProperty(
            encryption_option="SSE_KMS", kms_key=self.key.key_arn
        )
        self._workgroup = athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=Names.unique_resource_name(self, max_length=128, separator="-"),
            description=description,
            state="ENABLED",
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=limit,
                requester_pays_enabled=False,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=self.results.uri(RESULTS_PREFIX),
                    encryption_configuration=encryption,
                    # Results never go to a bucket that a stranger created under our bucket's former name.
                    expected_bucket_owner=Aws.ACCOUNT_ID,
                ),
            ),
        )
        effective = guard_removal(self._workgroup, removal_policy)
        # Athena does not delete a workgroup that has a query history unless told to delete that as well.
        self._workgroup.recursive_delete_option = effective == RemovalPolicy.DESTROY
        self.workgroup_name: str = self._workgroup.ref
        self.workgroup_arn = Stack.of(self).format_arn(
            service="athena", resource="workgroup", resource_name=self.workgroup_name
        )

    def add_query(
        self, query_id: str, *, name: str, sql: str, database: str, description: str | None = None
    ) -> athena.CfnNamedQuery:
        """Add a saved query, which people find in the console; Athena replaces it when any part of it changes.

        Parameters
        ----------
        query_id: str
            Id of the query among those of this workgroup.
        name: str
            Name that people see, 1 to 128 characters; it need not be unique.
        sql: str
            The statement, at most 262,144 characters.
        database: str
            Catalog database in which the statement's tables are looked up.
        description: str, optional
            What the query answers. By default nothing is said.

        Raises
        ------
        ValueError
            If name or statement are empty or too long.
        """
        for what, text, longest in (("name", name, _LONGEST_NAME), ("sql", sql, _LONGEST_QUERY)):
            if not Token.is_unresolved(text) and not 1 <= len(text) <= longest:
                raise ValueError(f"'{what}' of query '{query_id}' must have 1 to {longest} characters, got {len(text)}")
        # The reference to the workgroup makes the query wait for it.
        return athena.CfnNamedQuery(
            self,
            query_id,
            name=name,
            query_string=sql,
            database=database,
            description=description,
            work_group=self.workgroup_name,
        )

    def grant_execute(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow what a state machine does to run one query to its end; it does not look at the result.

        https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html
        """
        return allow(grantee, *execute_query(self.workgroup_arn, self.results))

    def grant_run_queries(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow running queries and saved queries here, and reading their results.

        What the queries read is granted where it lies: `Table.grant_read` or `Zone.grant_read` allow the data, its
        key and its catalog entries.

        Parameters
        ----------
        grantee: iam.IGrantable
            Who may query; Athena reads the data and writes the results on this identity's behalf.
        """
        return allow(grantee, *run_queries(self.workgroup_arn, self.results))
