"""A Lambda function that follows a plan, for streams of little traffic.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_cdk import Acknowledgment, Duration, Names, RemovalPolicy, Token, Validations
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.generated_asset import generated_asset
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.processing.streaming import package, permissions
from lake_blueprints.processing.streaming.detectors import RandomCutForest
from lake_blueprints.processing.streaming.outputs import Anomalies
from lake_blueprints.processing.streaming.plan import StreamPlan
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import lambda_functions as limits

_TIMEOUT = Duration.minutes(5)


@checked
class StreamFunction(Construct):
    """Define a Lambda function that follows a plan over a stream of one shard; idle, it costs nothing.

    Parameters
    ----------
    plan: StreamPlan
        The plan; its stream has one shard, which takes 1,000 records a second.
    state: Zone
        Where open windows, known keys and scores are kept, as one object below `stream-state/`.
    packages: Path, optional
        Folder of further packages for Python 3.14 on x86-64, which a `RandomCutForest` needs: `pip install --target
        packages --platform manylinux_2_28_x86_64 --python-version 3.14 --only-binary=:all: krcf==0.4.0`. By default
        none.
    batch_size: int
        Most records of a call, 1 to 10,000. By default 1,000.
    batching_window: Duration
        Longest wait for a batch, 0 to 300 seconds. By default 5 seconds.
    retries: int
        How often a record that fails is tried again, 0 to 10,000, before its number goes to the queue of failures. By
        default 10.
    memory: int
        Memory in MB, 128 to 10,240; the state must fit in it several times. By default 512.
    encryption_key: kms.IKey, optional
        Key for the log, the environment and the queue. By default that of the stream.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms on errors, on records that are read late, and on failures. By default there are none.
    log_retention: logs.RetentionDays
        How long the log is kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to log and queue when they leave the stack, subject to the removal guard. By default they are
        retained.

    Defines
    -------
    The function, named `function_name`; its role, as `role`; its log group, as `log_group`; the queue of failures, as
    `failures`; the mapping to the stream; with a topic, the alarms of `alarm_specs`.

    Raises
    ------
    ValueError
        If the stream has not one shard, a number is out of range, or a forest has no packages.

    Notes
    -----
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html

    Example
    -------
        >>> clean, bad = Stream(self, "Clean", shards=1), Stream(self, "Bad", shards=1)
        >>> plan = StreamPlan(source=source, outputs={CleanRecords(): clean, RejectedRecords(): bad})
        >>> StreamFunction(self, "Check", plan=plan, state=raw)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: StreamPlan,
        state: Zone,
        packages: Path | None = None,
        batch_size: int = 1_000,
        batching_window: Duration | None = None,
        retries: int = 10,
        memory: int = 512,
        encryption_key: kms.IKey | None = None,
        alarm_topic: sns.ITopic | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        batching_window = batching_window or Duration.seconds(5)
        _check_one_shard(plan)
        _check_packages(plan, packages)
        limits.BATCH_SIZE.check("batch_size", batch_size)
        limits.BATCHING_WINDOW.check("batching_window", batching_window.to_seconds())
        limits.RETRIES.check("retries", retries)
        limits.MEMORY.check("memory", memory)
        source, stream = plan.source, plan.source.stream
        self._retention = stream.retention
        self.key: kms.IKey = encryption_key or stream.key
        self.log_group = logs.LogGroup(self, "Log", encryption_key=self.key, retention=log_retention)
        guard_removal(self.log_group, removal_policy, encryption_key=self.key)
        self.failures = self._queue(removal_policy)
        self.role = ServiceRole(
            self,
            "Role",
            services=["lambda.amazonaws.com"],
            description=f"Follows the plan for '{source.dataset.name}'",
        )
        state_key = f"stream-state/{Names.node_unique_id(self.node)}.json.zlib"
        # It has keys of records, and values.
        state.restrict(state_key, columns=[column.name for column in source.dataset.restricted_columns])
        allow(self.role, permissions.write_log(self.log_group))
        allow(self.role, *permissions.keep_state(state, state_key))
        allow(self.role, *permissions.report_failures(self.failures, self.key))
        stream.grant_read(self.role)
        for place in plan.outputs.values():
            place.grant_write(self.role)
        places = {name.upper().replace(".", "_"): place for name, place in plan.places.items()}
        content = package.function(plan.to_json(), packages)
        code = generated_asset(self, "Code", name="function.zip", content=content)
        self._function = lambda_.CfnFunction(
            self,
            "Function",
            runtime="python3.14",
            handler="lake_stream.handler.handle",
            code={"s3Bucket": code.s3_bucket_name, "s3Key": code.s3_object_key},
            role=self.role.role_arn,
            logging_config={"logGroup": self.log_group.log_group_name},
            memory_size=memory,
            timeout=_TIMEOUT.to_seconds(),
            environment={"variables": {**places, "STATE_BUCKET": state.bucket.bucket_name, "STATE_KEY": state_key}},
            kms_key_arn=self.key.key_arn,
            description=f"Follows the plan for '{source.dataset.name}'",
        )
        self.function_name = self._function.ref
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=self.function_name,
            event_source_arn=stream.stream.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=batch_size,
            maximum_batching_window_in_seconds=batching_window.to_seconds(),
            maximum_retry_attempts=retries,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            destination_config={"onFailure": {"destination": self.failures.queue_arn}},
        )
        if alarm_topic:
            self.add_alarms(alarm_topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on errors, on records that wait for half of the stream's retention, and on failures."""
        function = {"FunctionName": self.function_name}
        return (
            AlarmSpec(
                id="Errors",
                namespace="AWS/Lambda",
                metric="Errors",
                dimensions=function,
                description="The function fails, and its batch is tried again",
            ),
            AlarmSpec(
                id="Late",
                namespace="AWS/Lambda",
                metric="IteratorAge",
                dimensions=function,
                statistic="Maximum",
                threshold=self._retention.to_milliseconds() / 2,
                description="Half of the time before records are lost is used up",
            ),
            AlarmSpec(
                id="Failures",
                namespace="AWS/SQS",
                metric="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": self.failures.queue_name},
                statistic="Maximum",
                description="Records could not be taken; the queue has their numbers",
            ),
        )

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarms of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
        """
        add_alarms(self, self.alarm_specs, topic)

    def _queue(self, removal_policy: RemovalPolicy) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "FailedRecords",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        guard_removal(queue, removal_policy, encryption_key=self.key)
        Validations.of(queue).acknowledge(
            *(
                Acknowledgment(id=finding, reason="it is the queue of what could not be taken")
                for finding in ("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy", "CT.SQS.PR.1")
            )
        )
        return queue


def _check_one_shard(plan: StreamPlan) -> None:
    stream = plan.source.stream
    defined: Any = stream.stream.node.default_child
    shards = defined.shard_count if isinstance(defined, kinesis.CfnStream) else None
    if shards != 1 and not Token.is_unresolved(shards):
        found = f"{shards} shards" if shards else "as many shards as it needs"
        raise ValueError(
            f"'plan' must read a stream of one shard, in whose order a function counts; '{stream.node.path}' has "
            f"{found}: define it with shards=1, or use a StreamProcessor"
        )


def _check_packages(plan: StreamPlan, packages: Path | None) -> None:
    forests = [
        output.output_name
        for output in plan.outputs
        if isinstance(output, Anomalies) and isinstance(output.detector, RandomCutForest)
    ]
    if forests and not (packages and (packages / "krcf").is_dir()):
        raise ValueError(
            f"'packages' must be a folder with the package krcf, which the random cut forest of '{forests[0]}' needs, "
            f"got {packages}"
        )
