"""The Lambda function that puts the figures of windows as metrics, and the alarms on them.

Above 200 lines: one class, a third of it documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Unpack

from aws_cdk import Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.alarms import ABOVE, AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks.columns import check_columns, taken_columns
from lake_blueprints.processing.stream_sinks.permissions import put_metrics
from lake_blueprints.processing.stream_sinks.sink import SinkOptions, StreamSink
from lake_blueprints.processing.streaming import Count, StreamPlan, WindowAggregates
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import cloudwatch as limits

_OUTSIDE = cloudwatch.ComparisonOperator.LESS_THAN_LOWER_OR_GREATER_THAN_UPPER_THRESHOLD
_OF_BANDS = (
    _OUTSIDE,
    cloudwatch.ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD,
    cloudwatch.ComparisonOperator.LESS_THAN_LOWER_THRESHOLD,
)


@checked
class StreamMetrics(StreamSink):
    """Define a Lambda function that puts the figures of windows as metrics of CloudWatch, for alarms and dashboards.

    Each measure of the aggregates is a metric of its name, and its keys are the dimensions: a metric for each value of
    them, at the time at which its window begins. A window that is put again does not change the average.

    Parameters
    ----------
    plan: StreamPlan
        The plan, which puts the aggregates on a stream.
    aggregates: WindowAggregates
        The output of the plan; its windows are of whole minutes, up to a day.
    errors: Zone
        Zone of the records that the function failed to take, below `aws/lambda/`: also those that CloudWatch refuses,
        whose windows began more than two weeks ago, or have keys of letters beyond ASCII.
    namespace: str, optional
        Namespace of the metrics: up to 255 letters, digits and `._-/#: `, not `AWS/…`. By default the name of the stack
        and the path of the construct in it, so that no two put into the same metric.
    units: mapping of str to cloudwatch.Unit
        Units of the measures. By default counts are `COUNT`, and others have none.
    **options
        Those that all sinks have, of `StreamSink`.

    Defines
    -------
    The function, as `function`, with its `role`, its `log_group` and its code as an asset; its mapping to the stream,
    as `mapping_id`; with a topic of alarms, the four of `alarm_specs` on the function. Idle, nothing of it is billed
    but the alarms; each metric is, in the months in which it has values.

    Raises
    ------
    ValueError
        If the aggregates are no output of the plan or go to no stream, the windows are no period of CloudWatch, a
        column is restricted, or a name is none that CloudWatch takes.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html

    Example
    -------
        >>> minutes = WindowAggregates(name="minutes", window=Duration.minutes(1), measures={"readings": Count()})
        >>> streams = {minutes: Stream(self, "Minutes"), LateRecords(): Stream(self, "Late")}
        >>> plan = StreamPlan(source=source, outputs={**streams, RejectedRecords(): Stream(self, "Bad")})
        >>> metrics = StreamMetrics(self, "Metrics", plan=plan, aggregates=minutes, errors=raw)
        >>> metrics.add_alarm("Unusual", measure="readings", topic=topic)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: StreamPlan,
        aggregates: WindowAggregates,
        errors: Zone,
        namespace: str | None = None,
        units: Mapping[str, cloudwatch.Unit] | None = None,
        **options: Unpack[SinkOptions],
    ) -> None:
        stream = plan.outputs.get(aggregates)
        if not isinstance(stream, Stream):
            raise ValueError(
                f"'aggregates' must be an output of 'plan' that goes to a stream, got '{aggregates.name}', which "
                f"{'goes to a delivery' if stream else 'is none of its outputs'}"
            )
        dataset = plan.dataset_of(aggregates)
        columns = taken_columns(dataset, restricted=options.get("restricted", False))
        check_columns("'aggregates'", [*aggregates.keys, *aggregates.measures], dataset, columns)
        if unknown := [name for name in units or {} if name not in aggregates.measures]:
            known = ", ".join(aggregates.measures)
            raise ValueError(f"'units' must be of the measures {known}, got one of '{unknown[0]}'")
        limits.PERIOD.check("aggregates.window", aggregates.window.to_seconds())
        if len(aggregates.keys) > limits.DIMENSIONS_MAX:
            raise ValueError(
                f"'aggregates' must have up to {limits.DIMENSIONS_MAX} keys, the dimensions of its metrics, got "
                f"{len(aggregates.keys)}"
            )
        self.aggregates = aggregates
        self.namespace = namespace or _namespace(scope, construct_id)
        if not Token.is_unresolved(self.namespace) and not re.fullmatch(limits.NAMESPACE, self.namespace):
            raise ValueError(
                "'namespace' must have 1 to 255 letters, digits, '.', '-', '_', '/', '#', ':' and blanks and not begin "
                f"with 'AWS/', got '{self.namespace}'"
            )
        counts = {name: cloudwatch.Unit.COUNT for name, one in aggregates.measures.items() if isinstance(one, Count)}
        self._units = {**dict.fromkeys(aggregates.measures, cloudwatch.Unit.NONE), **counts, **(units or {})}
        super().__init__(
            scope,
            construct_id,
            stream=stream,
            dataset=dataset,
            errors=errors,
            handler="lake_sinks.metrics.handler",
            description=f"Puts metrics of the dataset {dataset.name}",
            environment={
                "NAMESPACE": self.namespace,
                "KEYS": ",".join(aggregates.keys),
                "UNITS": json.dumps({name: _shown(unit) for name, unit in self._units.items()}),
            },
            required=aggregates.keys,
            **options,
        )
        allow(self.role, put_metrics(self.namespace))

    def add_alarm(
        self,
        construct_id: str,
        *,
        measure: str,
        topic: sns.ITopic,
        of: Mapping[str, str] | None = None,
        threshold: float | None = None,
        band: float = 2,
        comparison: cloudwatch.ComparisonOperator | None = None,
        periods: int = 3,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> AlarmSpec:
        """Define an alarm on a measure that is unlike what CloudWatch expects of it, or beyond a threshold.

        Parameters
        ----------
        construct_id: str
            Id of the alarm.
        measure: str
            The measure.
        topic: sns.ITopic
            Topic that receives the alarm; its policy and its key's then admit CloudWatch, unless they are imported.
        of: mapping of str to str
            Value of each key of the aggregates, as text. By default none, of aggregates without keys.
        threshold: float, optional
            Value that the measure is compared with. By default it is compared with a band that CloudWatch learns from
            two weeks of it, by the hour and the day of the week.
        band: float
            Width of the band to either side, 0.1 to 100 standard deviations. By default 2.
        comparison: cloudwatch.ComparisonOperator, optional
            When the alarm fires. By default outside of the band, or above the threshold.
        periods: int
            Windows in a row that must be so, at least 1: up to a day of them, or to 7 days of windows of an hour and
            more. By default 3.
        missing: cloudwatch.TreatMissingData
            What a window without figures is. By default all is well.

        Raises
        ------
        ValueError
            If the measure or a key is not known, a value is none of a dimension, or a number is out of range.

        Notes
        -----
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
        """
        of, comparison = of or {}, comparison or (_OUTSIDE if threshold is None else ABOVE)
        self._check_metric(measure, of)
        limits.BAND.check("band", band)
        limits.PERIODS.check("periods", periods)
        _check_evaluated(int(self.aggregates.window.to_seconds()), periods)
        if (comparison in _OF_BANDS) is not (threshold is None):
            known = ", ".join(one.name for one in (_OF_BANDS if threshold is None else _of_thresholds()))
            raise ValueError(
                f"'comparison' must be one of {known} {'without' if threshold is None else 'with'} a 'threshold', got "
                f"{comparison.name}"
            )
        beyond = "not as expected" if threshold is None else f"beyond {threshold:g}"
        spec = AlarmSpec(
            id=construct_id,
            namespace=self.namespace,
            metric=measure,
            dimensions=of,
            # Of a window that is put twice it is the same.
            statistic="Average",
            unit=self._units[measure],
            period=self.aggregates.window,
            comparison=comparison,
            periods=periods,
            missing=missing,
            description=f"{measure} of {self.dataset.name} is {beyond}",
            threshold=threshold or 0,
            band=band if threshold is None else None,
        )
        add_alarms(self, [spec], topic)
        return spec

    def _check_metric(self, measure: str, of: Mapping[str, str]) -> None:
        if measure not in self.aggregates.measures:
            known = ", ".join(self.aggregates.measures)
            raise ValueError(f"'measure' must be one of {known}, got '{measure}'")
        if set(of) != set(self.aggregates.keys):
            raise ValueError(
                f"'of' must have a value of each key, {', '.join(self.aggregates.keys) or 'of which there are none'}, "
                f"got {', '.join(of) or 'none'}; metrics of other dimensions have no values"
            )
        for key, value in of.items():
            if not Token.is_unresolved(value) and not re.fullmatch(limits.DIMENSION_VALUE, value):
                raise ValueError(f"'of' must have values of 1 to 1024 ASCII characters, got '{value}' of '{key}'")


def _namespace(scope: Construct, construct_id: str) -> str:
    stack = Stack.of(scope)
    inside = scope.node.path.removeprefix(stack.node.path).strip("/")
    return "/".join(part for part in (stack.stack_name, inside, construct_id) if part)


def _shown(unit: cloudwatch.Unit) -> str:
    """Return a unit as CloudWatch's API has it: BYTES_PER_SECOND is Bytes/Second."""
    return unit.name.title().replace("_Per_", "/")


def _of_thresholds() -> list[cloudwatch.ComparisonOperator]:
    return [one for one in cloudwatch.ComparisonOperator if one not in _OF_BANDS]


def _check_evaluated(period: int, periods: int) -> None:
    most = limits.EVALUATED_MAX if period < limits.HOUR else limits.EVALUATED_MAX_OF_HOURS
    if period * periods > most:
        raise ValueError(
            f"'periods' must be up to {most // period} with windows of {period} seconds, as CloudWatch looks at {most} "
            f"seconds at most, got {periods}"
        )
