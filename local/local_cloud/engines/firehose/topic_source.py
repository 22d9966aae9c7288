"""A topic of Kafka as the source of a delivery stream, read as any client reads it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from local_cloud.engines.firehose.records import Record
from local_cloud.engines.kafka.client import configuration
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime

_MOST_RECORDS = 10_000
_SECONDS = 10.0


class TopicSource:
    """Reads what is in a topic from a time on, each record once, under the role that the source names.

    Its place in each partition is its own, and kept with the delivery stream: no group commits it.
    """

    def __init__(self, runtime: Runtime, source: dict[str, Any], *, region: str) -> None:
        self._runtime = runtime
        self._region = region
        self._arn = source["MSKClusterARN"]
        self._topic = source["TopicName"]
        self._role = source["AuthenticationConfiguration"]["RoleARN"]
        self._since = _milliseconds(source.get("ReadFromTimestamp"))
        self._places: dict[int, int] = {}
        self._begun: set[int] = set()
        self._consumer: Any = None
        # A broker answers the requests of a connection one after the other, and those for records wait for some.
        self._asking: Any = None
        self._assigned: set[int] = set()

    def __getstate__(self) -> dict[str, Any]:
        # Connections end with the cloud.
        return {**self.__dict__, "_consumer": None, "_asking": None, "_assigned": set()}

    def read(self) -> list[Record]:
        """Return records that were not returned before.

        Raises
        ------
        LocalCloudError
            If the broker does not answer, or has dropped records before they were read.
        """
        from confluent_kafka import TopicPartition  # noqa: PLC0415

        if self._consumer is None:
            self._consumer, self._asking = self._connect(), self._connect()
        consumer = self._consumer
        # They sign in, and sign in again, only while they are asked for records.
        self._asking.poll(0)
        found = self._taken(consumer.consume(_MOST_RECORDS, 0))
        described = self._asking.list_topics(timeout=_SECONDS).topics.get(self._topic)
        if described is None:
            return found
        ends = {}
        for partition in described.partitions:
            place = TopicPartition(self._topic, partition)
            begin, ends[partition] = self._asking.get_watermark_offsets(place, _SECONDS)
            self._go_to(consumer, partition, begin)
        deadline = time.monotonic() + _SECONDS
        while len(found) < _MOST_RECORDS and any(self._places[one] < end for one, end in ends.items()):
            found += self._taken(consumer.consume(_MOST_RECORDS - len(found), 0.1))
            if time.monotonic() > deadline:
                raise LocalCloudError(f"topic {self._topic} of {self._arn} does not answer within {_SECONDS:g} s")
        return found

    def _connect(self) -> Any:
        from confluent_kafka import Consumer  # noqa: PLC0415

        kafka = self._runtime.client("kafka", self._region, role=self._role)
        brokers = kafka.get_bootstrap_brokers(ClusterArn=self._arn)["BootstrapBrokerStringSaslIam"]
        client = configuration(self._runtime, brokers, region=self._region, role=self._role)
        return Consumer({**client, "group.id": "firehose", "enable.auto.commit": False})

    def _go_to(self, consumer: Any, partition: int, begin: int) -> None:
        """Read a partition from where it was left, or from its beginning."""
        from confluent_kafka import TopicPartition  # noqa: PLC0415

        place = self._places.setdefault(partition, begin)
        if place < begin:
            self._places[partition] = begin
            self._assigned.discard(partition)
        if partition not in self._assigned:
            consumer.incremental_assign([TopicPartition(self._topic, partition, self._places[partition])])
            self._assigned.add(partition)
        if place < begin:
            lost = f"{begin - place} records of partition {partition} of topic {self._topic}"
            raise LocalCloudError(f"{lost} were dropped before they were read: a partition keeps its newest 5 MB here")

    def _taken(self, messages: list[Any]) -> list[Record]:
        found = []
        for message in messages:
            if error := message.error():
                raise LocalCloudError(f"topic {self._topic} of {self._arn}: {error.str()}")
            partition, (_, moment) = message.partition(), message.timestamp()
            if message.offset() < self._places[partition]:
                continue
            self._places[partition] = message.offset() + 1
            # What comes after the first record of that time is read, whatever times producers give.
            if partition in self._begun or moment >= self._since:
                self._begun.add(partition)
                found.append(Record(data=message.value() or b"", arrived=int(time.time() * 1000)))
        if found:
            self._note()
        return found

    def _note(self) -> None:
        topic = f"{self._arn.replace(':cluster/', ':topic/', 1)}/{self._topic}"
        for action in ("DescribeTopic", "ReadData"):
            self._runtime.recording.note(self._role, f"kafka-cluster:{action}", topic)


def _milliseconds(moment: Any) -> int:
    if moment is None:
        return int(time.time() * 1000)
    if isinstance(moment, str):
        return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000)
    return int((moment.timestamp() if isinstance(moment, datetime) else float(moment)) * 1000)
