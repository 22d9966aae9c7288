"""Limits of CloudWatch: metrics of one's own, and the alarms on them."""

from __future__ import annotations

from typing import Final

from template_checks.core.limit import Limit, Span

_ALARM: Final = "AWS::CloudWatch::Alarm"
_API: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"
_PUT: Final = f"{_API}/API_PutMetricAlarm.html"

# Shorter periods are 10, 20 and 30 seconds, of metrics of high resolution.
PERIOD = Limit(_ALARM, "Period", Span(60, 86_400, 60), unit="seconds", source=_PUT)
PERIODS = Limit(_ALARM, "EvaluationPeriods", Span(1, step=1), unit="periods", source=_PUT)
BAND = Limit(_ALARM, "Metrics", Span(0.1, 100), unit="standard deviations", source=_PUT)

# Seconds that an alarm looks at: of periods below an hour, and of longer ones.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
HOUR: Final = 3600
EVALUATED_MAX: Final = 86_400
EVALUATED_MAX_OF_HOURS: Final = 604_800

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
NAMESPACE: Final = r"(?!AWS/)[0-9A-Za-z._/#: -]{1,255}"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
DIMENSIONS_MAX: Final = 30
DIMENSION_VALUE: Final = r"(?=.*[!-~])[ -~]{1,1024}"
