"""Base class of the sinks, with the options that all of them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInSeconds, KnownDurationInSeconds
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.ingestion.kinesis.stream_function import FunctionOnStream
from lake_blueprints.processing.stream_sinks.columns import taken_columns
from lake_blueprints.processing.stream_sinks.function_code import function_code
from lake_blueprints.storage.s3 import Zone


class SinkOptions(TypedDict, total=False):
    """The options that all sinks have; `StreamSink` documents them."""

    restricted: bool
    starting_position: lambda_.StartingPosition
    batch_size: int
    batching_window: KnownDurationInSeconds | None
    parallel_batches: int
    retries: int
    memory: int
    timeout: DurationInSeconds | None
    log_retention: logs.RetentionDays
    alarm_topic: sns.ITopic | None
    removal_policy: RemovalPolicy


@checked
class StreamSink(FunctionOnStream):
    """A Lambda function that hands on the records of a dataset; its subclasses say where to.

    Parameters
    ----------
    stream: Stream
        The stream, of one JSON object a record, whose members are called as the columns are.
    dataset: Dataset
        Contract of the records.
    errors: Zone
        Zone of the records that the function failed to take, below `aws/lambda/`.
    handler: str
        The function in the code, `package.module.function`.
    description: str
        What it does.
    environment: mapping of str to str
        Variables of the function; no secrets.
    required: sequence of str
        Columns without which a record is no row, beside those that the contract requires. By default none.
    packages: sequence of str
        Names of distributions whose modules the function imports, as they are installed. By default none.
    restricted: bool
        Whether restricted columns are taken. By default they are left out.
    starting_position: lambda_.StartingPosition
        TRIM_HORIZON to begin with the oldest record of the stream, or LATEST. By default TRIM_HORIZON: LATEST may miss
        what comes while the function is deployed.
    batch_size: int
        Most records of a call, 1 to 10,000. By default 500.
    batching_window: Duration
        Longest wait for a batch, 0 to 300 seconds. By default 1 second.
    parallel_batches: int
        Batches of a shard at a time, 1 to 10, each of other partition keys. By default 1.
    retries: int
        Further calls with a record that fails, 0 to 10,000, before it is put into the zone of errors. By default 10,
        for some minutes in which what it is handed to may throttle.
    memory: int
        Memory of the function, 128 to 10,240 MB. By default 512.
    timeout: Duration
        Longest call, 1 to 900 seconds. By default 2 minutes.
    log_retention: logs.RetentionDays
        How long the logs are kept. By default one year.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms on a function that falls behind or fails, and on records that are discarded or lost. By
        default there are no alarms.
    removal_policy: RemovalPolicy
        What happens to the logs, and to what the function itself keeps, when it leaves the stack, subject to the
        removal guard. By default they are retained.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: Stream,
        dataset: Dataset,
        errors: Zone,
        handler: str,
        description: str,
        environment: Mapping[str, str],
        required: Sequence[str] = (),
        packages: Sequence[str] = (),
        restricted: bool = False,
        starting_position: lambda_.StartingPosition = lambda_.StartingPosition.TRIM_HORIZON,
        batch_size: int = 500,
        batching_window: KnownDurationInSeconds | None = None,
        parallel_batches: int = 1,
        retries: int = 10,
        memory: int = 512,
        timeout: DurationInSeconds | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        self.dataset = dataset
        columns = taken_columns(dataset, restricted=restricted)
        super().__init__(
            scope,
            construct_id,
            stream=stream,
            errors=errors,
            code=lambda scope: function_code(scope, dataset, columns, required=required, packages=packages),
            handler=handler,
            description=description,
            restricted=[column.name for column in dataset.restricted_columns],
            environment=environment,
            starting_position=starting_position,
            batch_size=batch_size,
            batching_window=batching_window or Duration.seconds(1),
            parallel_batches=parallel_batches,
            retries=retries,
            memory=memory,
            timeout=timeout or Duration.minutes(2),
            log_retention=log_retention,
            alarm_topic=alarm_topic,
            removal_policy=removal_policy,
        )
