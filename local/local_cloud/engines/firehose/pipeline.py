"""One delivery stream at work: its buffer, and when it is delivered.

Above 200 lines: one class, with a few lines for each kind of destination.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.engines.engine import Buffered
from local_cloud.engines.firehose.conversion import Conversion
from local_cloud.engines.firehose.delivery import Delivery, OutputObject
from local_cloud.engines.firehose.endpoints.delivery import EndpointDelivery
from local_cloud.engines.firehose.endpoints.settings import HTTP, SPLUNK, EndpointDestination
from local_cloud.engines.firehose.endpoints.shipment import Shipment
from local_cloud.engines.firehose.iceberg.settings import IcebergDestination
from local_cloud.engines.firehose.indexes.delivery import IndexDelivery
from local_cloud.engines.firehose.indexes.settings import KINDS, IndexDestination
from local_cloud.engines.firehose.records import Record
from local_cloud.engines.firehose.remote import RemoteDelivery, RemoteDestination
from local_cloud.engines.firehose.settings import Destination
from local_cloud.engines.firehose.source import KinesisSource
from local_cloud.engines.firehose.topic_source import TopicSource
from local_cloud.engines.firehose.topics import is_topic
from local_cloud.server.private_files import file_name
from local_cloud.server.runtime import Runtime

if TYPE_CHECKING:
    from local_cloud.engines.firehose.iceberg.commit import TableCommit


class Pipeline:
    """The records of one stream between their arrival and their delivery.

    A record leaves the buffer only once the objects, commits and requests that hold it are made, and each of these is
    forgotten once it is written. So a delivery that fails is taken up where it stopped: nothing is lost or written
    twice.
    """

    def __init__(self, runtime: Runtime, stream: Any, *, region: str, account: str) -> None:
        self.stream = stream
        self.region = region
        self._runtime = runtime
        self.account = account
        self.listed = False
        self._source = self._open_source()
        self._buffer: list[Record] = []
        self._bytes = 0
        self._oldest = 0.0
        self._unwritten: list[OutputObject | Shipment | TableCommit] = []
        self._buffering = threading.Lock()
        self._delivering = threading.Lock()

    @property
    def destination(self) -> Destination:
        """Return the destination as it is deployed now; updates change it."""
        deployed = self.stream.destinations[0]
        if "Iceberg" in deployed:
            return IcebergDestination.of_iceberg(deployed["Iceberg"], account=self.account)
        for kind in (HTTP, SPLUNK):
            if kind in deployed:
                return EndpointDestination.of_endpoint(kind, deployed[kind])
        for kind in KINDS:
            if kind in deployed:
                return IndexDestination.of_index(kind, deployed[kind])
        return Destination.of(deployed.get("ExtendedS3") or deployed["S3"])

    @property
    def is_remote(self) -> bool:
        """Whether deliveries wait for an endpoint, and for as long as retries take."""
        return isinstance(self.destination, RemoteDestination)

    def log(self, text: str) -> None:
        """Write into the log of the stream."""
        path = self._runtime.workdir / "logs" / "firehose" / f"{file_name(self.stream.delivery_stream_name)}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as log:
            log.write(f"{text}\n")

    def check(self) -> None:
        """Raise LocalCloudError for what is deployed but cannot be run."""
        destination = self.destination
        if destination.conversion:
            self._conversion(destination.conversion)
        if isinstance(destination, IndexDestination):
            destination.address(self._runtime, self.region)
        if isinstance(destination, IcebergDestination):
            # pyiceberg takes a second to import, which streams to S3 need not wait for.
            from local_cloud.engines.firehose.iceberg.delivery import check_tables  # noqa: PLC0415
            from local_cloud.iceberg.catalog import IcebergCatalog  # noqa: PLC0415

            check_tables(destination, IcebergCatalog(self._runtime, destination.region, role=destination.role))

    def put(self, contents: Sequence[bytes]) -> None:
        now = int(time.time() * 1000)
        with self._buffering:
            self._add([Record(data=content, arrived=now) for content in contents])

    def pump(self) -> bool:
        """Take what the source has; return whether there was anything."""
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
                outputs = self._outputs(records)
                with self._buffering:
                    self._remove(records)
                    self._unwritten = outputs
                self._write()

    def _open_source(self) -> KinesisSource | TopicSource | None:
        if is_topic(self.stream.source):
            return TopicSource(self._runtime, self.stream.source, region=self.region)
        if not self.stream.source:
            return None
        recording = self._runtime.recording
        return KinesisSource(self.stream, region=self.region, account=self.account, recording=recording)

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
        objects = self._runtime.objects_of(self.destination.role_of_objects)
        while self._unwritten:
            output = self._unwritten[0]
            if isinstance(output, OutputObject):
                with self._runtime.faults.around("s3", "PutObject"):
                    objects.write(output.uri, output.content)
            elif isinstance(output, Shipment):
                # Its objects take its place, so that they are not made again if they cannot be written.
                self._unwritten[:1] = self._remote().ship(output, self.log)
                continue
            else:
                output.write()
            self._unwritten.pop(0)

    def _remote(self) -> RemoteDelivery:
        destination = self.destination
        common: dict[str, Any] = {"runtime": self._runtime, "conversion": None, **self._of_stream()}
        if isinstance(destination, IndexDestination):
            return IndexDelivery(destination=destination, **common)
        # Another kind needs another stream.
        assert isinstance(destination, EndpointDestination)
        return EndpointDelivery(destination=destination, **common)

    def _of_stream(self) -> dict[str, Any]:
        """Return what deliveries to every kind of destination need."""
        context = {"deliveryStreamArn": self.stream.delivery_stream_arn, "region": self.region}
        if isinstance(self._source, KinesisSource):
            context["sourceKinesisStreamArn"] = self.stream.source["KinesisStreamARN"]
        return {
            "name": f"{self.stream.delivery_stream_name}-{self.stream.version_id}",
            "client": self._runtime.client("lambda", self.region, role=self.destination.role),
            "context": context,
        }

    def _outputs(self, records: Sequence[Record]) -> list[OutputObject | Shipment | TableCommit]:
        destination = self.destination
        if isinstance(destination, RemoteDestination):
            return [*self._remote().outputs(records)]
        if isinstance(destination, IcebergDestination):
            from local_cloud.engines.firehose.iceberg.delivery import IcebergDelivery  # noqa: PLC0415
            from local_cloud.iceberg.catalog import IcebergCatalog  # noqa: PLC0415

            catalog = IcebergCatalog(self._runtime, destination.region, role=destination.role)
            to_tables = IcebergDelivery(destination=destination, conversion=None, catalog=catalog, **self._of_stream())
            commits, objects = to_tables.commits(records)
            return [*commits, *objects]
        conversion = self._conversion(destination.conversion) if destination.conversion else None
        to_s3 = Delivery(destination=destination, conversion=conversion, **self._of_stream())
        return [*to_s3.objects(records)]

    def _conversion(self, configuration: Mapping[str, Any]) -> Conversion:
        glue = self._runtime.client("glue", self.region, role=configuration["SchemaConfiguration"].get("RoleARN"))
        return Conversion(configuration, glue=glue, region=self.region, account=self.account)
