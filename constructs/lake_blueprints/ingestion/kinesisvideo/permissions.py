"""Permissions of cameras and viewers of a video stream, with the key that it is encrypted with."""

from __future__ import annotations

from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access import Permission, arn_of

_STREAM = "https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/how-iam.html"
_KEY = "https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/how-kms.html"
_FIND = ("kinesisvideo:DescribeStream", "kinesisvideo:GetDataEndpoint")
_WATCH = (
    "kinesisvideo:GetClip",
    "kinesisvideo:GetDASHStreamingSessionURL",
    "kinesisvideo:GetHLSStreamingSessionURL",
    "kinesisvideo:GetImages",
    "kinesisvideo:GetMedia",
    "kinesisvideo:GetMediaForFragmentList",
    "kinesisvideo:ListFragments",
)


def send_video(stream_arn: str, key: kms.IKey) -> tuple[Permission, ...]:
    """Send video, and encrypt it."""
    return _with_key(stream_arn, key, (*_FIND, "kinesisvideo:PutMedia"), "kms:GenerateDataKey", "sends video")


def watch_video(stream_arn: str, key: kms.IKey) -> tuple[Permission, ...]:
    """Watch video, as it comes or later, and decrypt it."""
    return _with_key(stream_arn, key, (*_FIND, *_WATCH), "kms:Decrypt", "watches video")


def _with_key(
    stream_arn: str, key: kms.IKey, actions: tuple[str, ...], of_key: str, because: str
) -> tuple[Permission, ...]:
    context = {"kms:ViaService": "kinesisvideo.${AWS::Region}.amazonaws.com"}
    return (
        Permission(actions=actions, on=(stream_arn,), because=because, sources=(_STREAM,)),
        Permission(
            actions=(of_key,), on=(arn_of(key),), because=because, sources=(_KEY,), policy_of=key, contexts=(context,)
        ),
    )
