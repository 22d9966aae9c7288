"""The Lambda function that keeps the newest record of each key where applications read it."""

from __future__ import annotations

from typing import Unpack

from aws_cdk import Duration
from constructs import Construct

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.contracts.types import ScalarType
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks.columns import ORDERED, check_columns, taken_columns
from lake_blueprints.processing.stream_sinks.sink import SinkOptions, StreamSink
from lake_blueprints.processing.stream_sinks.targets import CacheTarget, TableTarget
from lake_blueprints.storage.s3 import Zone


@checked
class NewestRecords(StreamSink):
    """Define a Lambda function that keeps the newest record of each key of a stream in a table or a cache.

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
    target: ServingTable or CacheTarget
        The table, or the place in a cache; its keys are columns of the dataset.
    errors: Zone
        Zone of the records that the function failed to take, below `aws/lambda/`.
    expires_after: Duration, optional
        Time after which a record expires that was not written again; a table needs a `time_to_live` that is no column.
        By default records stay, or expire at the column that the table has for it.
    deleted: str, optional
        Boolean column that is true in records which delete their key: of these the keys, the event time and the column
        are kept alone, so that no older record comes back. By default no record deletes.
    **options
        Those that all sinks have, of `StreamSink`.

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
        target: ServingTable | CacheTarget,
        errors: Zone,
        expires_after: KnownDurationInSeconds | None = None,
        deleted: str | None = None,
        **options: Unpack[SinkOptions],
    ) -> None:
        columns = taken_columns(dataset, restricted=options.get("restricted", False))
        _check(dataset, columns, event_time, target, deleted)
        if isinstance(target, ServingTable):
            _check_expiry(dataset, target, expires_after)
        self.event_time, self.target = event_time, target
        place = TableTarget(table=target) if isinstance(target, ServingTable) else target
        optional = {
            "DELETED": deleted,
            "LIFETIME_SECONDS": str(int(expires_after.to_seconds())) if expires_after else None,
        }
        super().__init__(
            scope,
            construct_id,
            stream=stream,
            dataset=dataset,
            errors=errors,
            handler=place.handler,
            description=f"Keeps the newest records of the dataset {dataset.name}",
            environment={
                **place.environment,
                "KEYS": ",".join(place.keys),
                "EVENT_TIME": event_time,
                **{name: value for name, value in optional.items() if value},
            },
            required=[*place.keys, event_time],
            packages=place.packages,
            **options,
        )
        place.bind(self)


def _check(
    dataset: Dataset,
    columns: tuple[Column, ...],
    event_time: str,
    target: ServingTable | CacheTarget,
    deleted: str | None,
) -> None:
    check_columns("'target'", target.keys, dataset, columns)
    check_columns("'event_time'", [event_time], dataset, columns)
    kind = dataset.column(event_time).type
    if not isinstance(kind, ScalarType) or kind.name not in ORDERED:
        raise ValueError(
            f"'event_time' must be a timestamp, date or number, got '{event_time}', a {kind}; a text has no order of "
            "time"
        )
    if deleted is not None:
        check_columns("'deleted'", [deleted], dataset, columns)
        if dataset.column(deleted).type != ScalarType("boolean"):
            raise ValueError(f"'deleted' must be a boolean column, got '{deleted}', a {dataset.column(deleted).type}")


def _check_expiry(dataset: Dataset, target: ServingTable, expires_after: Duration | None) -> None:
    if expires_after and target.time_to_live is None:
        raise ValueError("'expires_after' needs a 'target' with a 'time_to_live', the attribute of the expiry")
    if expires_after and target.time_to_live in dataset.column_names:
        raise ValueError(
            f"'expires_after' contradicts the 'time_to_live' of 'target', the column '{target.time_to_live}', which "
            "says when an item expires; leave one of them out"
        )
