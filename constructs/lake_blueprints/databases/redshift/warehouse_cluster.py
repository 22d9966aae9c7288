"""A Redshift cluster, which bills its nodes by the hour, and loads datasets of the lake.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import ArnFormat, Duration, Names, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_redshift as redshift
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.databases.rds.placement import acknowledge, choose_key, outlasting
from lake_blueprints.databases.redshift.audit_logs import AUDIT_LOGS, define_audit_logs
from lake_blueprints.databases.redshift.checks import check_nodes, check_port, check_query_timeout, check_snapshots
from lake_blueprints.databases.redshift.maintenance_window import MaintenanceWindow
from lake_blueprints.databases.redshift.pause_resume import PauseResume
from lake_blueprints.databases.redshift.permissions import ADMIN, AdminSecret, pause_and_resume
from lake_blueprints.databases.redshift.queue import Queue, wlm_json
from lake_blueprints.databases.redshift.sql_warehouse import SqlWarehouse, define_role
from lake_blueprints.databases.redshift.usage_limit import ClusterUsageLimit
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.foundation.network.lake_network import LakeNetwork
from lake_blueprints.foundation.network.vpc import choose_vpc
from lake_blueprints.foundation.network.working import work_in
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInDays, KnownDurationInSeconds

# Room for what names of scheduled actions end in, within the 63 characters of a cluster's.
_LONGEST_NAME = 55


@checked
class WarehouseCluster(SqlWarehouse):
    """Define a private, encrypted Redshift cluster, and the SQL that loads the lake.

    Its nodes bill by the hour until it is paused: about 400 USD a month for the smallest. Use a `Warehouse`, which is
    free while nobody asks, unless the nodes are busy for most of the day.

    Parameters
    ----------
    node_type: str
        Type of the nodes, RA3 or RG, with managed storage. By default ra3.large.
    nodes: int
        Number of nodes, 1 to 100, of the larger types at least 2. By default 1.
    network: LakeNetwork or ec2.IVpc, optional
        Where the cluster listens, in isolated subnets. By default a new `LakeNetwork` is defined.
    encryption_key: kms.IKey, optional
        Key for data, admin secret and audit logs; CloudWatch Logs may use it, as with `LakeKey`. By default a new
        `LakeKey` is defined.
    database: str
        Name of the first database. By default dev.
    schedule: PauseResume, optional
        Hours of the week in which it runs. By default it runs, and bills, all the time.
    queues: sequence of Queue
        Queues of automatic workload management, at most 7 beside the one for all other queries. By default there is
        that one.
    usage_limits: sequence of ClusterUsageLimit
        Most use of features that bill beside the nodes. By default there are none.
    query_timeout: Duration
        Time after which a statement is stopped, 1 second to 24 hours. By default 1 hour.
    enhanced_vpc_routing: bool
        Whether COPY and Spectrum reach S3 and Glue through the VPC, which then needs an endpoint for Glue, by the hour,
        as soon as there is a dataset. By default they do.
    port: int
        Port to listen on, 5431 to 5455 or 8191 to 8215. By default 5439.
    snapshots_kept_for: Duration
        How long automated snapshots are kept, 1 to 35 days. By default 7 days.
    maintenance_window: MaintenanceWindow, optional
        When Redshift may patch and restart it. By default Redshift chooses half an hour of the week.
    log_retention: logs.RetentionDays
        How long audit logs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the data when the cluster leaves the stack, subject to the removal guard: with `SNAPSHOT`, a
        last snapshot is taken. By default it is retained, and goes on billing.

    Defines
    -------
    One cluster, named `cluster_identifier`, its parameter group, subnet group and security group, as `connections`,
    which lets nobody in, the role for COPY and Spectrum, as `role`, its address with the admin's credentials, as
    `endpoint`, a log group for each audit log, and for a schedule two scheduled actions and their role; a network and a
    key, as `key`, unless they are given. Redshift makes and rotates the secret of the admin. Clients need TLS.

    Raises
    ------
    ValueError
        If nodes, port, times, queues or limits are not what Redshift accepts.

    Notes
    -----
    A cluster that is paused takes neither statements nor changes: deploy while it runs. CloudFormation cannot make a
    role the default one, so statements name it (https://github.com/aws/aws-cdk/pull/23554).

    https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-clusters.html,
    https://docs.aws.amazon.com/redshift/latest/mgmt/rs-mgmt-pause-resume-cluster.html

    Example
    -------
        >>> warehouse = WarehouseCluster(self, "Warehouse", nodes=2, schedule=PauseResume())
        >>> warehouse.add_dataset(flights)
        >>> warehouse.grant_run_statements(state_machine)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        node_type: str = "ra3.large",
        nodes: int = 1,
        network: LakeNetwork | ec2.IVpc | None = None,
        encryption_key: kms.IKey | None = None,
        database: str = "dev",
        schedule: PauseResume | None = None,
        queues: Sequence[Queue] = (),
        usage_limits: Sequence[ClusterUsageLimit] = (),
        query_timeout: KnownDurationInSeconds | None = None,
        enhanced_vpc_routing: bool = True,
        port: int = 5439,
        snapshots_kept_for: DurationInDays | None = None,
        maintenance_window: MaintenanceWindow | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id, names_role=True)
        check_nodes(node_type, nodes)
        check_port(port)
        timeout = query_timeout or Duration.hours(1)
        check_query_timeout(timeout)
        kept_for = snapshots_kept_for or Duration.days(7)
        check_snapshots(kept_for)
        workload_management = wlm_json(queues)
        self.database = database
        self.key = choose_key(self, encryption_key, removal_policy)
        vpc = choose_vpc(self, network, encryption_key=self.key, removal_policy=outlasting(removal_policy))
        subnets = vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        self.role = define_role(self, "redshift.amazonaws.com")
        if enhanced_vpc_routing:
            self._subnets = subnets.subnets
            work_in(self._subnets, self.role)

        # Audit logs are encrypted only in groups that are there first, and these are named after the cluster.
        name = Names.unique_resource_name(self, max_length=_LONGEST_NAME, separator="-").lower()
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description=f"Warehouse {self.node.path}",
            allow_all_outbound=enhanced_vpc_routing,
        )
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.tcp(port))
        parameters = {
            "enable_user_activity_logging": "true",
            "require_ssl": "true",
            "statement_timeout": str(timeout.to_milliseconds()),
            "wlm_json_configuration": workload_management,
        }
        self._cluster = redshift.CfnCluster(
            self,
            "Cluster",
            cluster_identifier=name,
            cluster_type="single-node" if nodes == 1 else "multi-node",
            node_type=node_type,
            number_of_nodes=None if nodes == 1 else nodes,
            db_name=database,
            master_username=ADMIN,
            manage_master_password=True,
            master_password_secret_kms_key_id=self.key.key_arn,
            encrypted=True,
            kms_key_id=self.key.key_arn,
            iam_roles=[self.role.role_arn],
            cluster_subnet_group_name=redshift.CfnClusterSubnetGroup(
                self, "Subnets", description=f"Subnets of {self.node.path}", subnet_ids=subnets.subnet_ids
            ).ref,
            vpc_security_group_ids=[group.security_group_id],
            cluster_parameter_group_name=redshift.CfnClusterParameterGroup(
                self,
                "Parameters",
                description=f"Parameters of {self.node.path}",
                parameter_group_family="redshift-1.0",
                parameters=[
                    redshift.CfnClusterParameterGroup.ParameterProperty(parameter_name=key, parameter_value=value)
                    for key, value in parameters.items()
                ],
            ).ref,
            enhanced_vpc_routing=enhanced_vpc_routing,
            publicly_accessible=False,
            port=port,
            allow_version_upgrade=True,
            automated_snapshot_retention_period=kept_for.to_days(),
            preferred_maintenance_window=maintenance_window.render() if maintenance_window else None,
            logging_properties=redshift.CfnCluster.LoggingPropertiesProperty(
                log_destination_type="cloudwatch", log_exports=list(AUDIT_LOGS)
            ),
        )
        acknowledge(self._cluster, RS4="nothing reaches the port but what 'connections' admits")
        kept = guard_removal(self._cluster, removal_policy, encryption_key=self.key)
        self._cluster.node.add_dependency(
            *define_audit_logs(
                self,
                f"cluster/{name}",
                encryption_key=self.key,
                retention=log_retention,
                removal_policy=outlasting(kept),
            )
        )
        self.cluster_identifier: str = self._cluster.ref
        self.cluster_arn: str = Stack.of(self).format_arn(
            service="redshift",
            resource="cluster",
            resource_name=self.cluster_identifier,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.endpoint = DatabaseEndpoint(
            engine=DatabaseEngine.REDSHIFT,
            host=self._cluster.attr_endpoint_address,
            port=port,
            database=database,
            secret=secretsmanager.Secret.from_secret_attributes(
                self,
                "AdminSecret",
                secret_complete_arn=self._cluster.attr_master_password_secret_arn,
                encryption_key=self.key,
            ),
            connections=self.connections,
        )
        self._define_limits(usage_limits)
        if schedule:
            self._define_schedule(schedule, name)

    @property
    def connection(self) -> dict[str, str]:
        """The parameters by which a call of the Redshift Data API reaches the database as its admin."""
        return {
            "ClusterIdentifier": self.cluster_identifier,
            "Database": self.database,
            "SecretArn": self._cluster.attr_master_password_secret_arn,
        }

    def grant_pause_and_resume(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow pausing and resuming it, beside what a schedule does."""
        return allow(grantee, pause_and_resume(self.cluster_arn))

    def _associate(self, role: ServiceRole) -> None:
        self._cluster.iam_roles = [*(self._cluster.iam_roles or ()), role.role_arn]

    def _admin(self) -> tuple[str, AdminSecret]:
        secret = self._cluster.attr_master_password_secret_arn
        return self.cluster_arn, AdminSecret(arn=secret, example=secret)

    def _define_limits(self, limits: Sequence[ClusterUsageLimit]) -> None:
        by_id = {
            f"Limit{limit.feature.name.title().replace('_', '')}{limit.period.name.title()}": limit for limit in limits
        }
        if len(by_id) < len(limits):
            raise ValueError("'usage_limits' must have one limit at most of a feature in a period")
        for construct_id, limit in by_id.items():
            redshift.CfnUsageLimit(self, construct_id, cluster_identifier=self.cluster_identifier, **limit.render())

    def _define_schedule(self, schedule: PauseResume, name: str) -> None:
        # AWS does not document that its scheduler sends `aws:SourceAccount` when it assumes a role.
        role = ServiceRole(
            self,
            "SchedulerRole",
            services=["scheduler.redshift.amazonaws.com"],
            description=f"Pauses and resumes {self.node.path}",
            source_account=False,
        )
        self.grant_pause_and_resume(role)
        actions = redshift.CfnScheduledAction
        targets = {
            "resume": actions.ScheduledActionTypeProperty(
                resume_cluster=actions.ResumeClusterMessageProperty(cluster_identifier=self.cluster_identifier)
            ),
            "pause": actions.ScheduledActionTypeProperty(
                pause_cluster=actions.PauseClusterMessageProperty(cluster_identifier=self.cluster_identifier)
            ),
        }
        for action, cron in schedule.crons().items():
            actions(
                self,
                action.title(),
                scheduled_action_name=f"{name}-{action}",
                schedule=cron,
                iam_role=role.role_arn,
                target_action=targets[action],
                enable=True,
            )
