"""VideoStream: its defaults, each option and each failure."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import Duration

from lake_blueprints.ingestion.kinesisvideo import VideoStream
from tests.support import properties, template_of

STREAM = "AWS::KinesisVideo::Stream"


def test_keeps_video_for_a_day_by_default(stack: cdk.Stack) -> None:
    VideoStream(stack, "Gate")
    found = properties(template_of(stack), STREAM)
    assert found["DataRetentionInHours"] == 24
    assert found["MediaType"] == "video/h264"
    assert "Fn::GetAtt" in found["KmsKeyId"]


def test_keeps_video_as_long_as_is_asked(stack: cdk.Stack) -> None:
    VideoStream(stack, "Gate", retention=Duration.days(7), media_type="video/h265")
    found = properties(template_of(stack), STREAM)
    assert (found["DataRetentionInHours"], found["MediaType"]) == (168, "video/h265")


def test_a_stream_that_keeps_nothing_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'retention' must be 1 to 87600 hours"):
        VideoStream(stack, "Gate", retention=Duration.hours(0))
