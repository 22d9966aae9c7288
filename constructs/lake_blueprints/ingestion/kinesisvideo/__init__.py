"""Amazon Kinesis Video Streams: video of cameras, kept under a key."""

from lake_blueprints.ingestion.kinesisvideo.video_stream import VideoStream

__all__ = ("VideoStream",)
