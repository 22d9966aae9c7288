"""Base class of the Lambda functions that read a data stream.

Above 200 lines: one class, a third of it documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Token
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.units import DurationInSeconds, KnownDurationInSeconds
from lake_blueprints.ingestion.kinesis.alarms import half_of
from lake_blueprints.ingestion.kinesis.function import define_function
from lake_blueprints.ingestion.kinesis.function_permissions import DISCARDED, run_on_stream
from lake_blueprints.ingestion.kinesis.stream import Stream
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import lambda_functions as limits

_LATEST, _OLDEST = lambda_.StartingPosition.LATEST, lambda_.StartingPosition.TRIM_HORIZON
_LIMITS = {
    "batch_size": limits.BATCH_SIZE,
    "batching_window": limits.BATCHING_WINDOW,
    "parallel_batches": limits.PARALLEL_BATCHES,
    "retries": limits.RETRIES,
    "memory": limits.MEMORY,
    "timeout": limits.TIMEOUT,
}


class FunctionOnStream(Construct):
    """A Lambda function that is given the records of a stream in batches; its subclasses say what it does with them.

    A batch that fails is halved until the record that fails is alone, tried `retries` times more, and then kept in a
    zone, with its records; those behind it go on. The handler answers with `batchItemFailures`, the first of which is
    where the function begins again.

    Parameters
    ----------
    stream: Stream
        The stream.
    errors: Zone
        Zone of the batches that are discarded, below `aws/lambda/<mapping_id>/<shard>/`.
    code: Callable
        Returns the code of the function, for Python, as an asset below the construct that is given.
    handler: str
        The function in it, `package.module.function`.
    description: str
        What it does.
    restricted: sequence of str
        Restricted columns that records may have, and so what is discarded. By default none.
    environment: mapping of str to str
        Variables of the function; no secrets. By default none.
    starting_position, batch_size, batching_window, parallel_batches, retries, memory, timeout, log_retention,
    alarm_topic, removal_policy
        As of the subclasses.

    Defines
    -------
    The function, as `function`, with its `role` and `log_group`; its mapping to the stream, as `mapping_id`; with a
    topic, the four alarms of `alarm_specs`.

    Raises
    ------
    ValueError
        If an option is out of the range that Lambda takes.

    Notes
    -----
    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: Stream,
        errors: Zone,
        code: Callable[[Construct], s3_assets.Asset],
        handler: str,
        description: str,
        restricted: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        starting_position: lambda_.StartingPosition = _OLDEST,
        batch_size: int,
        batching_window: KnownDurationInSeconds,
        parallel_batches: int = 1,
        retries: int,
        memory: int,
        timeout: DurationInSeconds,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        _check_position(starting_position)
        _check_numbers(batch_size=batch_size, parallel_batches=parallel_batches, retries=retries, memory=memory)
        _check_times(batching_window=batching_window, timeout=timeout)
        self.stream, self.errors = stream, errors
        errors.restrict(DISCARDED, columns=restricted)
        self.function, self.role, self.log_group = define_function(
            self,
            code=code(self),
            handler=handler,
            description=description,
            environment=environment or {},
            memory=memory,
            timeout=timeout,
            key=stream.key,
            log_retention=log_retention,
            removal_policy=removal_policy,
        )
        allow(self.role, *run_on_stream(stream, errors, self.log_group))
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=self.function.function_name,
            event_source_arn=stream.stream.stream_arn,
            starting_position=starting_position.name,
            batch_size=batch_size,
            maximum_batching_window_in_seconds=int(batching_window.to_seconds()),
            parallelization_factor=parallel_batches,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=retries,
            function_response_types=["ReportBatchItemFailures"],
            destination_config={"onFailure": {"destination": errors.bucket.bucket_arn}},
            # Without it, nothing counts what is discarded.
            metrics_config={"metrics": ["EventCount"]},
        )
        self.mapping_id: str = mapping.ref
        if alarm_topic:
            self.add_alarms(alarm_topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on a function that falls behind or fails, and on batches that are discarded or lost.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        namespace, function = "AWS/Lambda", {"FunctionName": self.function.function_name}
        return (
            AlarmSpec(
                id="Late",
                namespace=namespace,
                metric="IteratorAge",
                dimensions=function,
                statistic="Maximum",
                threshold=half_of(self.stream.retention),
                description="The function has used up half of the time before records are lost",
            ),
            AlarmSpec(
                id="Failed",
                namespace=namespace,
                metric="Errors",
                dimensions=function,
                description="Calls of the function fail",
            ),
            AlarmSpec(
                id="Discarded",
                namespace=namespace,
                metric="OnFailureDestinationDeliveredEventCount",
                dimensions={"EventSourceMappingUUID": self.mapping_id},
                description="Records that the function failed to take were put into the zone of errors",
            ),
            AlarmSpec(
                id="Lost",
                namespace=namespace,
                metric="DestinationDeliveryFailures",
                dimensions=function,
                description="Records that the function failed to take could not be put into the zone of errors",
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


def _check_position(position: lambda_.StartingPosition) -> None:
    if position not in (_OLDEST, _LATEST):
        raise ValueError(
            f"'starting_position' must be TRIM_HORIZON or LATEST, got {position.name}; begin at the oldest record with "
            "TRIM_HORIZON"
        )


def _check_numbers(**options: int) -> None:
    for option, value in options.items():
        if not Token.is_unresolved(value):
            _LIMITS[option].check(option, value)


def _check_times(**options: Duration) -> None:
    for option, value in options.items():
        if not value.is_unresolved():
            _LIMITS[option].check(option, value.to_seconds(integral=False))
