"""A Redshift Serverless warehouse that loads datasets of the lake.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, Names, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_redshiftserverless as redshift
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.databases.redshift.audit_logs import AUDIT_LOGS, define_audit_logs
from lake_blueprints.databases.redshift.checks import (
    check_capacity,
    check_port,
    check_query_timeout,
    check_snapshot,
    check_zones,
)
from lake_blueprints.databases.redshift.namespace_policy import NamespacePolicy
from lake_blueprints.databases.redshift.permissions import (
    ADMIN,
    AdminSecret,
    admin_secret,
    admin_secret_arn,
    admin_secret_name,
    set_usage_limits,
)
from lake_blueprints.databases.redshift.sql_warehouse import SqlWarehouse, define_role
from lake_blueprints.databases.redshift.usage_limit import UsageLimit, check_periods
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network.lake_network import LakeNetwork
from lake_blueprints.foundation.network.vpc import choose_vpc
from lake_blueprints.foundation.network.working import work_in
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInDays, KnownDurationInSeconds, KnownInt
from template_checks.limits.zero_etl import CASE_SENSITIVE


@checked
class Warehouse(SqlWarehouse):
    """Define a private, encrypted Redshift Serverless namespace and workgroup, and the SQL that loads the lake.

    Parameters
    ----------
    network: LakeNetwork or ec2.IVpc, optional
        Where the warehouse listens, in isolated subnets. By default a new `LakeNetwork` is defined.
    encryption_key: kms.IKey, optional
        Key for data, admin secret and audit logs; CloudWatch Logs may use it, as with `LakeKey`. By default a new
        `LakeKey` is defined.
    database: str
        Name of the first database. By default dev.
    base_capacity: int
        Compute at the start of a query, in RPUs: 4, 8 to 512 in steps of 8, or up to 1,024 in steps of 32. By
        default 8, which holds up to 128 TB.
    max_capacity: int, optional
        Most compute at a time, in RPUs, a multiple of 8; it bounds the cost of an hour. By default twice the base.
    usage_limits: sequence of UsageLimit
        Most compute in a period, one limit for each. CloudFormation has no type for them: the step `SetUsageLimits`
        sets them. By default none.
    query_timeout: Duration
        Time after which a query is stopped, 1 second to 24 hours. By default 1 hour.
    enhanced_vpc_routing: bool
        Whether COPY and Spectrum reach S3 and Glue through the VPC, which then needs three zones and, by the hour,
        an endpoint for Glue as soon as there is a dataset. By default they use the network of AWS, so that an idle
        network costs nothing.
    case_sensitive_identifiers: bool
        Whether quoted names keep their case, which zero-ETL integrations need. By default all are lower case.
    port: int
        Port to listen on, 5431 to 5455 or 8191 to 8215. By default 5439.
    final_snapshot_kept_for: Duration, optional
        How long a last snapshot is kept if the namespace is deleted, 1 to 3,653 days. By default there is none.
    log_retention: logs.RetentionDays
        How long audit logs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the data when the namespace leaves the stack, subject to the removal guard. By default it
        is retained.

    Defines
    -------
    One namespace, named `namespace_name`, one workgroup, named `workgroup_name`, the role for COPY and Spectrum, as
    `role`, its security group, as `connections`, its address with the admin's credentials, as `endpoint`, and a log
    group for each audit log; a network and a key, as `key`, unless they are given.

    Raises
    ------
    ValueError
        If capacity, port, time limit or network are not what Redshift Serverless accepts, or two limits are of one
        period.

    Notes
    -----
    Redshift changes one setting of a workgroup at a time: deploy changes of capacity, routing and parameters one
    after the other (https://github.com/hashicorp/terraform-provider-aws/issues/28108).

    https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html,
    https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-considerations.html

    Example
    -------
        >>> warehouse = Warehouse(self, "Warehouse")
        >>> warehouse.add_dataset(flights)
        >>> warehouse.grant_run_statements(state_machine)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: LakeNetwork | ec2.IVpc | None = None,
        encryption_key: kms.IKey | None = None,
        database: str = "dev",
        base_capacity: KnownInt = 8,
        max_capacity: int | None = None,
        usage_limits: Sequence[UsageLimit] = (),
        query_timeout: KnownDurationInSeconds | None = None,
        enhanced_vpc_routing: bool = False,
        case_sensitive_identifiers: bool = False,
        port: int = 5439,
        final_snapshot_kept_for: DurationInDays | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        maximum = 2 * base_capacity if max_capacity is None else max_capacity
        check_capacity(base_capacity, maximum)
        check_port(port)
        timeout = query_timeout or Duration.hours(1)
        check_query_timeout(timeout)
        check_snapshot(final_snapshot_kept_for)
        self.database, self.case_sensitive_identifiers = database, case_sensitive_identifiers
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        vpc = choose_vpc(
            self,
            network,
            encryption_key=self.key,
            removal_policy=removal_policy,
        )
        subnets = vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        check_zones(subnets.availability_zones, enhanced_vpc_routing)

        self.role = define_role(self, "redshift.amazonaws.com", "redshift-serverless.amazonaws.com")
        if enhanced_vpc_routing:
            self._subnets = subnets.subnets
            work_in(self._subnets, self.role)
        check_periods(usage_limits)
        self._usage_limits = tuple(usage_limits)

        name = Names.unique_resource_name(self, max_length=64, separator="-").lower()
        self._namespace = redshift.CfnNamespace(
            self,
            "Namespace",
            namespace_name=name,
            db_name=database,
            admin_username=ADMIN,
            manage_admin_password=True,
            admin_password_secret_kms_key_id=self.key.key_arn,
            kms_key_id=self.key.key_arn,
            iam_roles=[self.role.role_arn],
            default_iam_role_arn=self.role.role_arn,
            log_exports=list(AUDIT_LOGS),
            final_snapshot_name=f"{name}-final" if final_snapshot_kept_for else None,
            final_snapshot_retention_period=final_snapshot_kept_for.to_days() if final_snapshot_kept_for else None,
        )
        guard_removal(self._namespace, removal_policy, encryption_key=self.key)
        self._namespace.node.add_dependency(
            *define_audit_logs(
                self, name, encryption_key=self.key, retention=log_retention, removal_policy=removal_policy
            )
        )
        self.namespace_name: str = self._namespace.ref
        self.namespace_arn: str = self._namespace.attr_namespace_namespace_arn
        self._policy = NamespacePolicy(self._namespace)

        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description=f"Warehouse {self.node.path}",
            allow_all_outbound=enhanced_vpc_routing,
        )
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.tcp(port))
        self._workgroup = redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=name,
            namespace_name=self.namespace_name,
            base_capacity=base_capacity,
            max_capacity=maximum,
            enhanced_vpc_routing=enhanced_vpc_routing,
            publicly_accessible=False,
            port=port,
            subnet_ids=subnets.subnet_ids,
            security_group_ids=[group.security_group_id],
            config_parameters=[
                redshift.CfnWorkgroup.ConfigParameterProperty(parameter_key=key, parameter_value=value)
                for key, value in (
                    *(((CASE_SENSITIVE, "true"),) if case_sensitive_identifiers else ()),
                    ("enable_user_activity_logging", "true"),
                    ("max_query_execution_time", str(timeout.to_seconds())),
                    ("require_ssl", "true"),
                )
            ],
        )
        self.workgroup_name: str = self._workgroup.ref
        self.workgroup_arn: str = self._workgroup.attr_workgroup_workgroup_arn
        self.endpoint = DatabaseEndpoint(
            engine=DatabaseEngine.REDSHIFT,
            host=self._workgroup.attr_workgroup_endpoint_address,
            port=port,
            database=database,
            secret=secretsmanager.Secret.from_secret_attributes(
                self,
                "AdminSecret",
                secret_partial_arn=admin_secret_arn(self, self.namespace_name),
                encryption_key=self.key,
            ),
            connections=self.connections,
        )

    @property
    def connection(self) -> dict[str, str]:
        """The parameters by which a call of the Redshift Data API reaches the database as its admin.

        CloudFormation does not tell the secret's ARN, but the Data API also takes its name, which follows from the
        namespace's (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2021,
        https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html).
        """
        return {
            "WorkgroupName": self.workgroup_name,
            "Database": self.database,
            "SecretArn": admin_secret_name(self.namespace_name),
        }

    def add_to_resource_policy(self, statement: iam.PolicyStatement) -> None:
        """Add a statement to the namespace's own policy, such as one that admits an integration."""
        self._policy.add(statement)

    def usage_limit_requests(self) -> list[dict[str, str | int]]:
        """Return the parameters of CreateUsageLimit for each limit, as Step Functions spells them.

        List the workgroup's limits first: one of the same period is updated, not created again.
        """
        return [limit.render(self.workgroup_arn) for limit in self._usage_limits]

    def grant_set_usage_limits(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow listing, creating and changing usage limits, of any workgroup: IAM has no resource for them."""
        return allow(grantee, set_usage_limits())

    def _associate(self, role: ServiceRole) -> None:
        self._namespace.iam_roles = [*(self._namespace.iam_roles or ()), role.role_arn]

    def _admin(self) -> tuple[str, AdminSecret]:
        return self.workgroup_arn, admin_secret(self, self.namespace_name)
