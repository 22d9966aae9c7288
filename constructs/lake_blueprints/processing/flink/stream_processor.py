"""Flink application that processes the records of streams while they come.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.network.working import work_in
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownDurationInMilliseconds
from lake_blueprints.ingestion.firehose import DeliveryStream
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.flink import permissions
from lake_blueprints.processing.flink.alarms import application_alarms
from lake_blueprints.processing.flink.code import ApplicationCode
from lake_blueprints.processing.flink.runtime import FlinkRuntime
from template_checks.limits import flink as limits

_APPLICATION = flink.CfnApplication
RUN_OPTIONS = "kinesis.analytics.flink.run.options"
# What Flink rests between two checkpoints by default; it does not hurry after one that took long.
_PAUSE = Duration.seconds(5)
_LATE = Duration.hours(1)


@checked
class StreamProcessor(Construct):
    """Define a Flink application that reads data streams, and writes to streams and deliveries.

    A deployment does not start it: the step `StartStream` does, or you. Stopped it costs nothing, running at least two
    KPUs, 161 USD a month. Stop it before you destroy its stack.

    Parameters
    ----------
    code: ApplicationCode
        What it runs: a `PythonApplication`, a `JavaApplication` or a plan.
    reads: sequence of Stream
        Streams that the role may read. By default those that the code brings.
    writes: sequence of Stream or DeliveryStream
        Streams and deliveries that the role may put records into. By default those that the code brings.
    properties: mapping of str to mapping
        Property groups for the code, which finds them in `/etc/flink/application_properties.json`: up to 50, each of
        up to 50 texts of up to 2,048 characters. By default those that the code brings.
    runtime: FlinkRuntime
        Version of Flink. By default 2.2.
    parallelism: int
        Tasks of each operator, 1 to 256. By default 1.
    parallelism_per_kpu: int
        Tasks that share a KPU of 1 vCPU and 4 GB, 1 to 8. By default 1.
    auto_scaling: bool
        Whether the service changes the parallelism by the use of the CPU, up to the account's quota of KPUs. By default
        it does not, so that the price is known.
    checkpoint_interval: Duration
        Time between checkpoints, from which a failed job goes on. By default 1 minute.
    snapshots: bool
        Whether its state is kept when it is stopped, and restored when it is started. By default it is.
    network: LakeNetwork or ec2.IVpc, optional
        Network in whose private subnets it runs, for sources and sinks there. By default it runs in none.
    log_retention: logs.RetentionDays
        How long its log is kept. By default one year.
    encryption_key: kms.IKey, optional
        Key for its state and its log. By default that of the first stream that it reads, or a new `LakeKey`.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms on failed checkpoints, restarts and records that are read an hour late. By default there are
        no alarms.
    removal_policy: RemovalPolicy
        What happens to the log when the application leaves the stack, subject to the removal guard. By default it is
        retained. The application and its snapshots are not.

    Defines
    -------
    The application, named `application_name`, with its `application_arn`; its code, as an asset; its role, as `role`;
    its log group, as `log_group`; with a network, a security group, as `connections`; a key, as `key`, unless it is
    given; with a topic, the alarms of `alarm_specs`.

    Raises
    ------
    ValueError
        If a number or property is out of range, the capacity is above 250 KPUs, a property group is given twice, or the
        network has no private subnet.

    Notes
    -----
    A failed update of a running application is rolled back by the service.
    https://docs.aws.amazon.com/managed-flink/latest/java/how-creating-apps.html

    Example
    -------
        >>> clicks, sessions = Stream(self, "Clicks"), Stream(self, "Sessions")
        >>> code = PythonApplication(path=Path("sessions"))
        >>> processor = StreamProcessor(self, "Sessionize", code=code, reads=[clicks], writes=[sessions])
        >>> StartStream(processor=processor)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: ApplicationCode,
        reads: Sequence[Stream] = (),
        writes: Sequence[Stream | DeliveryStream] = (),
        properties: Mapping[str, Mapping[str, str]] | None = None,
        runtime: FlinkRuntime = FlinkRuntime.FLINK_2_2,
        parallelism: int = 1,
        parallelism_per_kpu: int = 1,
        auto_scaling: bool = False,
        checkpoint_interval: KnownDurationInMilliseconds | None = None,
        snapshots: bool = True,
        network: LakeNetwork | ec2.IVpc | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        encryption_key: kms.IKey | None = None,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        checkpoint_interval = checkpoint_interval or Duration.minutes(1)
        _check_capacity(parallelism, parallelism_per_kpu)
        limits.CHECKPOINT_INTERVAL.check("checkpoint_interval", checkpoint_interval.to_milliseconds())
        self.runtime, self.snapshots = runtime, snapshots
        bound = code.bind(self)
        self.reads = tuple(dict.fromkeys([*reads, *bound.reads]))
        self.writes = tuple(dict.fromkeys([*writes, *bound.writes]))
        groups = _groups(properties or {}, bound.properties, bound.options)
        self.key: kms.IKey = encryption_key or self._default_key(removal_policy)
        permissions.admit_applications(self.key)
        self.log_group = logs.LogGroup(self, "Log", encryption_key=self.key, retention=log_retention)
        guard_removal(self.log_group, removal_policy, encryption_key=self.key)
        self._log_stream = logs.LogStream(self, "LogStream", log_group=self.log_group)
        guard_removal(self._log_stream, removal_policy)

        self.role = ServiceRole(
            self, "Role", services=["kinesisanalytics.amazonaws.com"], description="Runs a Flink application"
        )
        log_stream = self._log_stream_arn
        allow(self.role, permissions.load_code(bound.asset))
        allow(self.role, *permissions.write_log(self.log_group.log_group_arn, log_stream))
        for stream in self.reads:
            stream.grant_read(self.role)
        for sink in self.writes:
            sink.grant_write(self.role)
        self._application = _APPLICATION(
            self,
            "Application",
            runtime_environment=runtime.value,
            service_execution_role=self.role.role_arn,
            application_configuration=_APPLICATION.ApplicationConfigurationProperty(
                application_code_configuration=_APPLICATION.ApplicationCodeConfigurationProperty(
                    code_content_type="ZIPFILE",
                    code_content=_APPLICATION.CodeContentProperty(
                        s3_content_location=_APPLICATION.S3ContentLocationProperty(
                            bucket_arn=bound.asset.bucket.bucket_arn, file_key=bound.asset.s3_object_key
                        )
                    ),
                ),
                application_encryption_configuration=_APPLICATION.ApplicationEncryptionConfigurationProperty(
                    key_type="CUSTOMER_MANAGED_KEY", key_id=self.key.key_arn
                ),
                application_snapshot_configuration=_APPLICATION.ApplicationSnapshotConfigurationProperty(
                    snapshots_enabled=snapshots
                ),
                application_system_rollback_configuration=_APPLICATION.ApplicationSystemRollbackConfigurationProperty(
                    rollback_enabled=True
                ),
                environment_properties=_properties(groups),
                flink_application_configuration=_APPLICATION.FlinkApplicationConfigurationProperty(
                    parallelism_configuration=_APPLICATION.ParallelismConfigurationProperty(
                        configuration_type="CUSTOM",
                        parallelism=parallelism,
                        parallelism_per_kpu=parallelism_per_kpu,
                        auto_scaling_enabled=auto_scaling,
                    ),
                    checkpoint_configuration=_APPLICATION.CheckpointConfigurationProperty(
                        configuration_type="CUSTOM",
                        checkpointing_enabled=True,
                        checkpoint_interval=checkpoint_interval.to_milliseconds(),
                        min_pause_between_checkpoints=_PAUSE.to_milliseconds(),
                    ),
                    monitoring_configuration=_APPLICATION.MonitoringConfigurationProperty(
                        configuration_type="CUSTOM", log_level="INFO", metrics_level="APPLICATION"
                    ),
                ),
                vpc_configurations=[self._join(network)] if network else None,
            ),
        )
        self.application_name = self._application.ref
        self.application_arn = Stack.of(self).format_arn(
            service="kinesisanalytics", resource="application", resource_name=self.application_name
        )
        flink.CfnApplicationCloudWatchLoggingOption(
            self,
            "Logging",
            application_name=self.application_name,
            cloud_watch_logging_option={"logStreamArn": log_stream},
        )
        if alarm_topic:
            self.add_alarms(alarm_topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on failed checkpoints, on restarts and, if it reads streams, on records that are an hour late."""
        late_after = _LATE if self.reads else None
        return tuple(application_alarms(self.application_name, self.runtime, late_after))

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarms of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
        """
        add_alarms(self, self.alarm_specs, topic)

    def grant_start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow starting the application, with the key of its state, and looking at it."""
        return allow(
            grantee,
            permissions.start(self.application_arn),
            *permissions.operate_with_key(self.key, self.application_arn),
        )

    def grant_stop(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow stopping the application, with the key of its state, and looking at it."""
        return allow(
            grantee,
            permissions.stop(self.application_arn),
            *permissions.operate_with_key(self.key, self.application_arn),
        )

    @property
    def _log_stream_arn(self) -> str:
        name = f"{self.log_group.log_group_name}:log-stream:{self._log_stream.log_stream_name}"
        return Stack.of(self).format_arn(
            service="logs", resource="log-group", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )

    def _default_key(self, removal_policy: RemovalPolicy) -> kms.IKey:
        if self.reads:
            return self.reads[0].key
        return LakeKey(self, "Key", removal_policy=removal_policy).key

    def _join(self, network: LakeNetwork | ec2.IVpc) -> Any:
        vpc = network.vpc if isinstance(network, LakeNetwork) else network
        subnets = [*vpc.isolated_subnets, *vpc.private_subnets]
        if not subnets:
            raise ValueError(f"'network' must have a private subnet for Managed Flink; '{vpc.node.path}' has none")
        group = ec2.SecurityGroup(
            self, "Group", vpc=vpc, description=f"Application {self.node.path}", allow_all_outbound=False
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "Kinesis, Firehose")
        self.connections = ec2.Connections(security_groups=[group])
        names = [subnet.subnet_id for subnet in subnets]
        allow(self.role, *permissions.attach(self, subnets=names, security_group=group.security_group_id))
        work_in(subnets, self.role)
        return _APPLICATION.VpcConfigurationProperty(subnet_ids=names, security_group_ids=[group.security_group_id])


def _groups(
    given: Mapping[str, Mapping[str, str]], bound: Mapping[str, Mapping[str, str]], options: Mapping[str, str]
) -> Mapping[str, Mapping[str, str]]:
    """Return the property groups of the application, of its code and of the service."""
    own = {**bound, **({RUN_OPTIONS: options} if options else {})}
    if taken := sorted(given.keys() & {*own, RUN_OPTIONS}):
        raise ValueError(f"'properties' must not have groups that the code brings, got {', '.join(taken)}")
    groups = {**given, **own}
    if len(groups) > limits.PROPERTY_GROUPS_MAX:
        raise ValueError(f"'properties' must have up to {limits.PROPERTY_GROUPS_MAX} groups, got {len(groups)}")
    for name, properties in groups.items():
        if not re.fullmatch(limits.PROPERTY_GROUP_ID, name):
            raise ValueError(
                f"'properties' must have groups named by 1 to 50 letters, digits, '_', '.' and '-', got '{name}'"
            )
        if not 1 <= len(properties) <= limits.PROPERTIES_MAX:
            raise ValueError(
                f"'properties' must have 1 to {limits.PROPERTIES_MAX} texts in a group, got {len(properties)} in "
                f"'{name}'"
            )
        for key, text in properties.items():
            _check_text(name, key, key)
            _check_text(name, key, text)
    return groups


def _check_text(group: str, key: str, text: str) -> None:
    if not Token.is_unresolved(text) and not 1 <= len(text) <= limits.PROPERTY_LENGTH_MAX:
        raise ValueError(
            f"'properties' must have texts of 1 to {limits.PROPERTY_LENGTH_MAX:,} characters, got {len(text):,} in "
            f"'{group}.{key[:50]}'; put what is longer into the code"
        )


def _properties(groups: Mapping[str, Mapping[str, str]]) -> Any:
    if not groups:
        return None
    return _APPLICATION.EnvironmentPropertiesProperty(
        property_groups=[
            _APPLICATION.PropertyGroupProperty(property_group_id=name, property_map=dict(properties))
            for name, properties in groups.items()
        ]
    )


def _check_capacity(parallelism: int, parallelism_per_kpu: int) -> None:
    limits.PARALLELISM.check("parallelism", parallelism)
    limits.PARALLELISM_PER_KPU.check("parallelism_per_kpu", parallelism_per_kpu)
    kpus = ceil(parallelism / parallelism_per_kpu)
    if kpus > limits.KPUS_MAX:
        raise ValueError(
            f"'parallelism' by 'parallelism_per_kpu' must be up to {limits.KPUS_MAX} KPUs, got {kpus}; raise "
            "'parallelism_per_kpu'"
        )
