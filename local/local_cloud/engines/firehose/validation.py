"""Configurations that Firehose refuses, by the rules with which `lake check` reads them in templates.

The properties of AWS::KinesisFirehose::DeliveryStream are the members of CreateDeliveryStream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.firehose.exceptions import InvalidArgumentException

from template_checks.core.checking import check

_STREAM = "AWS::KinesisFirehose::DeliveryStream"
# The other rules of the family name what Firehose takes and then does otherwise than meant: the year of the week in a
# prefix (010), logging without a group (018), a role that lacks permissions (025), a port of an endpoint (034).
_REFUSED = frozenset(
    f"LAKE-FIREHOSE-{number:03}" for number in (*range(1, 10), *range(11, 18), *range(19, 25), 32, 33, 35, 36)
)


def refuse_invalid(configuration: Mapping[str, Any]) -> None:
    """Do nothing if Firehose takes the configuration of a stream.

    Raises
    ------
    InvalidArgumentException
        With the first member that it refuses, and what it allows there.
    """
    document = {"Resources": {"Stream": {"Type": _STREAM, "Properties": dict(configuration)}}}
    for finding in check(document):
        if finding.rule.id in _REFUSED:
            raise InvalidArgumentException(finding.message.removeprefix("Properties."))
