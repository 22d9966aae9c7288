"""The Lambda function that keeps the newest record of each key where applications read it."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.contracts.types import ScalarType
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.dynamodb.permissions import put_items
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.ingestion.kinesis.stream_function import FunctionOnStream
from lake_blueprints.processing.stream_sinks.columns import ORDERED, check_columns, taken_columns
from lake_blueprints.processing.stream_sinks.function_code import function_code
from lake_blueprints.storage.s3 import Zone


@checked
class NewestRecords(FunctionOnStream):
    """Define a Lambda function that keeps the newest record of each key of a stream in a `ServingTable`.

    A record is newer than another by its event time. One that comes late, again or out of order never replaces a newer
    one; of two with the same time, the later one in the stream stays. What the contract does not name is left out. A
    record that is no row of the dataset is tried again, alone, and then kept in the zone of errors.

    Parameters
    ----------
    stream: Stream
        The stream, of one JSON object a record, whose members are called as the columns are.
    dataset: Dataset
        Contract of the records.
    event_time: str
        Column by which a record is newer than another: a timestamp, date or number.
    target: ServingTable
        The table, whose keys are columns of the dataset.
    errors: Zone
        Zone of the records that the function failed to take, below `aws/lambda/`.
    expires_after: Duration, optional
        Time after which an item expires that was not written again; the table needs a `time_to_live` that is no column.
        By default items stay, or expire at the column that the table has for it.
    restricted: bool
        Whether restricted columns are kept. By default they are left out.
    starting_position: lambda_.StartingPosition
        TRIM_HORIZON to begin with the oldest record of the stream, or LATEST. By default TRIM_HORIZON, which misses
        none and does no harm.
    batch_size: int
        Most records of a call, 1 to 10,000. By default 500; of each key in a batch one item is written.
    batching_window: Duration
        Longest wait for a batch, 0 to 300 seconds. By default 1 second.
    parallel_batches: int
        Batches of a shard at a time, 1 to 10, each of other partition keys. By default 1.
    retries: int
        Further calls with a record that fails, 0 to 10,000, before it is put into the zone of errors. By default 10,
        for some minutes in which DynamoDB may throttle.
    memory: int
        Memory of the function, 128 to 10,240 MB. By default 512, with which it writes 16 items at a time.
    timeout: Duration
        Longest call, 1 to 900 seconds. By default 60 seconds, a hundred times what a batch takes.
    log_retention: logs.RetentionDays
        How long the logs are kept. By default one year.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms on a function that falls behind or fails, and on records that are discarded or lost. By
        default there are no alarms.
    removal_policy: RemovalPolicy
        What happens to the logs when the function leaves the stack, subject to the removal guard. By default they are
        retained.

    Defines
    -------
    The function, as `function`, with its `role`, its `log_group` and its code as an asset; its mapping to the stream,
    as `mapping_id`; with a topic, the four alarms of `alarm_specs`. Idle, nothing of it is billed but the alarms.

    Raises
    ------
    ValueError
        If a key or the event time is no column, is restricted or has no order, an expiry has no attribute, or an
        option is out of the range that Lambda takes.

    Notes
    -----
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html

    Example
    -------
        >>> serving = ServingTable(self, "Serving", dataset=contract["flights"])
        >>> stream = Stream(self, "Stream")
        >>> flights, at = contract["flights"], "time_hour"
        >>> NewestRecords(self, "Newest", stream=stream, dataset=flights, event_time=at, target=serving, errors=raw)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: Stream,
        dataset: Dataset,
        event_time: str,
        target: ServingTable,
        errors: Zone,
        expires_after: Duration | None = None,
        restricted: bool = False,
        starting_position: lambda_.StartingPosition = lambda_.StartingPosition.TRIM_HORIZON,
        batch_size: int = 500,
        batching_window: Duration | None = None,
        parallel_batches: int = 1,
        retries: int = 10,
        memory: int = 512,
        timeout: Duration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        columns = taken_columns(dataset, restricted=restricted)
        _check(dataset, columns, event_time, target, expires_after)
        self.dataset, self.event_time, self.target = dataset, event_time, target
        expiry = {"TIME_TO_LIVE": target.time_to_live} if target.time_to_live else {}
        if expires_after:
            expiry["LIFETIME_SECONDS"] = str(int(expires_after.to_seconds()))
        super().__init__(
            scope,
            construct_id,
            stream=stream,
            errors=errors,
            code=lambda scope: function_code(scope, dataset, columns, required=[*target.keys, event_time]),
            handler="lake_sinks.newest_items.handler",
            description=f"Keeps the newest records of the dataset {dataset.name}",
            restricted=[column.name for column in dataset.restricted_columns],
            environment={
                "TABLE": target.table_name,
                "KEYS": ",".join(target.keys),
                "EVENT_TIME": event_time,
                **expiry,
            },
            starting_position=starting_position,
            batch_size=batch_size,
            batching_window=batching_window or Duration.seconds(1),
            parallel_batches=parallel_batches,
            retries=retries,
            memory=memory,
            timeout=timeout or Duration.seconds(60),
            log_retention=log_retention,
            alarm_topic=alarm_topic,
            removal_policy=removal_policy,
        )
        allow(self.role, *put_items(target.table, target.key))


def _check(
    dataset: Dataset,
    columns: tuple[Column, ...],
    event_time: str,
    target: ServingTable,
    expires_after: Duration | None,
) -> None:
    check_columns("'target'", target.keys, dataset, columns)
    check_columns("'event_time'", [event_time], dataset, columns)
    kind = dataset.column(event_time).type
    if not isinstance(kind, ScalarType) or kind.name not in ORDERED:
        raise ValueError(
            f"'event_time' must be a timestamp, date or number, got '{event_time}', a {kind}; a text has no order of "
            "time"
        )
    if expires_after and target.time_to_live is None:
        raise ValueError("'expires_after' needs a 'target' with a 'time_to_live', the attribute of the expiry")
    if expires_after and target.time_to_live in dataset.column_names:
        raise ValueError(
            f"'expires_after' contradicts the 'time_to_live' of 'target', the column '{target.time_to_live}', which "
            "says when an item expires; leave one of them out"
        )
