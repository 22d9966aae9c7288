"""Replays of ranges of a stream, by a Lambda function that a pipeline calls until all of a range is written."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.catalog import Landing, Unpartitioned
from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.generated_asset import archived, generated_asset
from lake_blueprints.ingestion.kinesis.function import define_function
from lake_blueprints.ingestion.kinesis.function_permissions import call_function, replay_range
from lake_blueprints.ingestion.kinesis.producer import AGGREGATION
from lake_blueprints.ingestion.kinesis.stream import Stream
from lake_blueprints.storage.s3 import Zone

_SCRIPT = Path(__file__).parent / "scripts" / "replay" / "lake_replay.py"
_REPLAYED, _REPORTS = "replayed/", "replay-reports/"
# The longest that Lambda takes; eight shards at once hold an answer and an object each.
_TIMEOUT, _MEMORY = Duration.minutes(15), 1_024


@checked
class StreamReplay(Construct):
    """Define a replay: the records of a stream between two times, written to a zone again by the step `ReplayStream`.

    The records lie as lines of gzipped objects below `<prefix><since>-<until>/<shard>/`, beside whatever delivery has
    written. An object's name follows from its shard and its first record: the same range again writes the same objects.
    Records that the Kinesis Producer Library has aggregated are taken apart.

    Parameters
    ----------
    stream: Stream
        The stream.
    zone: Zone
        Zone of the records, and of a report of each range below `replay-reports/`.
    dataset: Dataset
        Contract of the records; if it has restricted columns, so is the prefix.
    prefix: str, optional
        Prefix of the records, `replayed/…/`, below which no delivery writes. By default that and the dataset's name.
    log_retention: logs.RetentionDays
        How long the log is kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the log when it leaves the stack, subject to the removal guard. By default it is retained.

    Defines
    -------
    The function, as `function`, with its `role` and `log_group`. Idle, nothing of it is billed.

    Raises
    ------
    ValueError
        If the prefix is none below `replayed/`.

    Notes
    -----
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html

    Example
    -------
        >>> stream, flights = Stream(self, "Stream", retention=Duration.days(7)), contract["flights"]
        >>> replay = StreamReplay(self, "Flights", stream=stream, zone=raw, dataset=flights)
        >>> Pipeline(self, "Again", steps=[ReplayStream(replay=replay)])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: Stream,
        zone: Zone,
        dataset: Dataset,
        prefix: str | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        prefix = _check_prefix(f"{_REPLAYED}{dataset.name}/" if prefix is None else prefix)
        reports = f"{_REPORTS}{prefix}"
        self.stream = stream
        self.landing = Landing(zone=zone, prefix=prefix, dataset=dataset, layout=Unpartitioned())
        zone.restrict(prefix, columns=[column.name for column in dataset.restricted_columns])
        files = {one.name: one.read_bytes() for one in (_SCRIPT, AGGREGATION)}
        self.function, self.role, self.log_group = define_function(
            self,
            code=generated_asset(self, "Code", name="code.zip", content=archived(files)),
            handler="lake_replay.handler",
            description=f"Writes records of the dataset {dataset.name} again",
            environment={
                "STREAM": stream.stream.stream_arn,
                "BUCKET": zone.bucket.bucket_name,
                "PREFIX": prefix,
                "REPORTS": reports,
            },
            memory=_MEMORY,
            timeout=_TIMEOUT,
            key=stream.key,
            log_retention=log_retention,
            removal_policy=removal_policy,
        )
        allow(self.role, *replay_range(stream, zone, [prefix, reports], self.log_group))

    def grant_run(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow replaying ranges."""
        return allow(grantee, call_function(self.function.function_arn))


def _check_prefix(prefix: str) -> str:
    if not Token.is_unresolved(prefix) and not prefix.startswith(_REPLAYED):
        raise ValueError(
            f"'prefix' must begin with '{_REPLAYED}', below which no delivery writes, got '{prefix}'; use "
            f"'{_REPLAYED}{prefix}'"
        )
    return check_prefix(prefix)
