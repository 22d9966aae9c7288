"""Records on their way to an endpoint: a request that keeps its id over all attempts."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from local_cloud.engines.firehose.endpoints.exchange import AttemptError
from local_cloud.engines.firehose.records import Record
from local_cloud.errors import LocalCloudError

# Of one request: https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
_MOST_RECORDS = 10_000
_FIRST_WAIT, _LONGEST_WAIT, _JITTER = 1.0, 120.0, 0.15


@dataclass(kw_only=True)
class Shipment:
    """Records of one request, how often it was sent, and the seconds that were waited between attempts."""

    records: Sequence[Record]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    attempts: int = 0
    waited: float = 0.0


def shipments(records: Sequence[Record], size: int) -> Iterator[Shipment]:
    """Yield requests of at most so many bytes of records; a larger record is alone in one."""
    batch, filled = list[Record](), 0
    for record in records:
        if batch and (filled + len(record.data) > size or len(batch) == _MOST_RECORDS):
            yield Shipment(records=batch)
            batch, filled = [], 0
        batch.append(record)
        filled += len(record.data)
    if batch:
        yield Shipment(records=batch)


def ship(
    shipment: Shipment, attempt: Callable[[Shipment], None], *, seconds: float, pausing: threading.Event
) -> AttemptError | None:
    """Send a request until it is taken, or for so many seconds of waiting; return why it is given up, if it is.

    The time in which an answer is awaited does not count, as in AWS.

    Raises
    ------
    LocalCloudError
        If the cloud stops meanwhile; the request goes on after its next start.
    """
    while True:
        shipment.attempts += 1
        try:
            attempt(shipment)
        except AttemptError as error:
            if error.final or shipment.waited >= seconds:
                return error
        else:
            return None
        wait = min(_FIRST_WAIT * 2 ** (shipment.attempts - 1), _LONGEST_WAIT)
        wait = min(wait * random.uniform(1 - _JITTER, 1 + _JITTER), seconds - shipment.waited)
        if pausing.wait(wait):
            raise LocalCloudError("the local cloud stops; the delivery goes on after its next start")
        shipment.waited += wait
