"""A Lambda function that follows a plan, for streams of little traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Token
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.generated_asset import generated_asset
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.kinesis.stream_function import FunctionOnStream
from lake_blueprints.processing.streaming import package, permissions
from lake_blueprints.processing.streaming.detectors import RandomCutForest
from lake_blueprints.processing.streaming.outputs import Anomalies
from lake_blueprints.processing.streaming.plan import StreamPlan
from lake_blueprints.storage.s3 import Zone

_TIMEOUT = Duration.minutes(5)


@checked
class StreamFunction(FunctionOnStream):
    """Define a Lambda function that follows a plan over a stream of one shard; idle, it costs nothing.

    Parameters
    ----------
    plan: StreamPlan
        The plan; its stream has one shard, which takes 1,000 records a second.
    state: Zone
        Where open windows, known keys and scores are kept, as one object below `stream-state/`, and records that the
        function fails to take, below `aws/lambda/`.
    packages: Path, optional
        Folder of further packages for Python 3.14 on x86-64, which a `RandomCutForest` needs: `pip install --target
        packages --platform manylinux_2_28_x86_64 --python-version 3.14 --only-binary=:all: krcf==0.4.0`. By default
        none.
    batch_size: int
        Most records of a call, 1 to 10,000. By default 1,000.
    batching_window: Duration
        Longest wait for a batch, 0 to 300 seconds. By default 5 seconds.
    retries: int
        How often a record that fails is tried again, 0 to 10,000, before it is set aside. By default 10.
    memory: int
        Memory in MB, 128 to 10,240; the state must fit in it several times. By default 512.
    log_retention: logs.RetentionDays
        How long the log is kept. By default one year.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms of `alarm_specs`. By default there are none.
    removal_policy: RemovalPolicy
        What happens to the log when it leaves the stack, subject to the removal guard. By default it is retained. The
        state stays in the zone.

    Defines
    -------
    The function, as `function`, with its `role` and `log_group`; its mapping to the stream, as `mapping_id`; with a
    topic, the four alarms of `alarm_specs`.

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
        batching_window: KnownDurationInSeconds | None = None,
        retries: int = 10,
        memory: int = 512,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        _check_one_shard(plan)
        _check_packages(plan, packages)
        dataset = plan.source.dataset
        restricted = [column.name for column in dataset.restricted_columns]
        places = {name.upper().replace(".", "_"): place for name, place in plan.places.items()}
        # Of the whole path, by which two functions of a zone differ.
        state_key = f"stream-state/{scope.node.addr}/{construct_id}.json.zlib"

        def code(scope: Construct) -> s3_assets.Asset:
            content = package.function(plan.to_json(), packages)
            return generated_asset(scope, "Code", name="function.zip", content=content)

        super().__init__(
            scope,
            construct_id,
            stream=plan.source.stream,
            errors=state,
            code=code,
            handler="lake_stream.handler.handle",
            description=f"Follows the plan for '{dataset.name}'",
            restricted=restricted,
            environment={**places, "STATE_BUCKET": state.bucket.bucket_name, "STATE_KEY": state_key},
            batch_size=batch_size,
            batching_window=batching_window or Duration.seconds(5),
            retries=retries,
            memory=memory,
            timeout=_TIMEOUT,
            log_retention=log_retention,
            alarm_topic=alarm_topic,
            removal_policy=removal_policy,
        )
        defined: Any = self.function.node.default_child
        # Native packages are for one architecture.
        defined.architectures = ["x86_64" if packages else "arm64"]
        # It has keys of records, and values.
        state.restrict(state_key, columns=restricted)
        allow(self.role, *permissions.keep_state(state, state_key))
        for place in plan.outputs.values():
            place.grant_write(self.role)


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
