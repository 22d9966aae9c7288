"""One delivery stream at work: its buffer, and when it is delivered."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from local_cloud.engines.engine import Buffered
from local_cloud.engines.firehose.conversion import Conversion
from local_cloud.engines.firehose.delivery import Delivery, OutputObject
from local_cloud.engines.firehose.records import Record
from local_cloud.engines.firehose.settings import Destination
from local_cloud.engines.firehose.source import KinesisSource
from local_cloud.server.runtime import Runtime


class Pipeline:
    """The records of one stream between their arrival and their delivery.

    A record leaves the buffer only once the objects that hold it are made, and an object is forgotten once it
    is written. So a delivery that fails is taken up where it stopped: nothing is lost or written twice.
    """

    def __init__(self, runtime: Runtime, stream: Any, *, region: str, account: str) -> None:
        self.stream = stream
        self.region = region
        self._runtime = runtime
        self.account = account
        self.listed = False
        self._source = (
            KinesisSource(stream, region=region, account=account, recording=runtime.recording)
            if stream.source
            else None
        )
        self._buffer: list[Record] = []
        self._bytes = 0
        self._oldest = 0.0
        self._unwritten: list[OutputObject] = []
        self._buffering = threading.Lock()
        self._delivering = threading.Lock()

    @property
    def destination(self) -> Destination:
        """Return the destination as it is deployed now; updates change it."""
        deployed = self.stream.destinations[0]
        return Destination.of(deployed.get("ExtendedS3") or deployed["S3"])

    def check(self) -> None:
        """Raise LocalCloudError for what is deployed but cannot be run."""
        conversion = self.destination.conversion
        if conversion:
            self._conversion(conversion)

    def put(self, contents: Sequence[bytes]) -> None:
        now = int(time.time() * 1000)
        with self._buffering:
            self._add([Record(data=content, arrived=now) for content in contents])

    def pump(self) -> bool:
        """Take what the Kinesis stream has; return whether there was anything."""
        if self._source is None:
            return False
        with self._buffering:
            records = self._source.read()
            self._add(records)
        return bool(records)

    def due(self) -> bool:
        """Tell whether the buffer has reached its size or its age."""
        if self._unwritten:
            return True
        destination = self.destination
        with self._buffering:
            aged = bool(self._buffer) and time.time() - self._oldest >= destination.buffer_seconds
            return aged or self._bytes >= destination.buffer_bytes

    @property
    def buffered(self) -> Buffered:
        """Records that have arrived and are not delivered."""
        destination = self.destination
        with self._buffering:
            return Buffered(
                arn=self.stream.delivery_stream_arn,
                records=len(self._buffer),
                size=self._bytes,
                seconds=time.time() - self._oldest if self._buffer else 0.0,
                limit_seconds=destination.buffer_seconds,
                limit_size=destination.buffer_bytes,
            )

    def deliver(self) -> None:
        """Deliver what is in the buffer now."""
        with self._delivering:
            self._write()
            with self._buffering:
                records = list(self._buffer)
            if records:
                objects = self._delivery().objects(records)
                with self._buffering:
                    self._remove(records)
                    self._unwritten = objects
                self._write()

    def _add(self, records: Sequence[Record]) -> None:
        if records and not self._buffer:
            self._oldest = time.time()
        self._buffer += records
        self._bytes += sum(len(record.data) for record in records)

    def _remove(self, records: Sequence[Record]) -> None:
        del self._buffer[: len(records)]
        self._bytes -= sum(len(record.data) for record in records)
        self._oldest = time.time()

    def _write(self) -> None:
        objects = self._runtime.objects_of(self.destination.role)
        while self._unwritten:
            with self._runtime.faults.around("s3", "PutObject"):
                objects.write(self._unwritten[0].uri, self._unwritten[0].content)
            self._unwritten.pop(0)

    def _delivery(self) -> Delivery:
        destination = self.destination
        context = {"deliveryStreamArn": self.stream.delivery_stream_arn, "region": self.region}
        if self._source:
            context["sourceKinesisStreamArn"] = self.stream.source["KinesisStreamARN"]
        return Delivery(
            name=f"{self.stream.delivery_stream_name}-{self.stream.version_id}",
            destination=destination,
            conversion=self._conversion(destination.conversion) if destination.conversion else None,
            client=self._runtime.client("lambda", self.region, role=destination.role),
            context=context,
        )

    def _conversion(self, configuration: Mapping[str, Any]) -> Conversion:
        glue = self._runtime.client("glue", self.region, role=configuration["SchemaConfiguration"].get("RoleARN"))
        return Conversion(configuration, glue=glue, region=self.region, account=self.account)
