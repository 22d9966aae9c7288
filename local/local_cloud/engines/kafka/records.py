"""Records of a cluster's topics, read when the cloud is stopped and written again when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.errors import LocalCloudError

_SECONDS = 30.0
_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Content of a partition: the offset at which it begins, and records as arguments of `Producer.produce`."""

    begins: int
    records: tuple[Mapping[str, Any], ...]


def read(client: Mapping[str, Any]) -> dict[str, list[Kept]]:
    """Return the records of every topic, by partition."""
    from confluent_kafka import Consumer, TopicPartition  # noqa: PLC0415

    consumer = Consumer({**client, "group.id": "local-cloud", "enable.auto.commit": False})
    # It signs in only while it is asked for records.
    consumer.poll(0)
    try:
        described = consumer.list_topics(timeout=_SECONDS).topics
        places = [TopicPartition(topic, number) for topic, one in described.items() for number in one.partitions]
        # Of all before any is read: a broker answers nothing else while it waits for records.
        ends = {(one.topic, one.partition): consumer.get_watermark_offsets(one, _SECONDS) for one in places}
        records: dict[tuple[str, int], list[Mapping[str, Any]]] = {place: [] for place in ends}
        consumer.assign([TopicPartition(topic, number, low) for (topic, number), (low, _) in ends.items()])
        while any(len(records[place]) < high - low for place, (low, high) in ends.items()):
            messages = consumer.consume(_MOST, _SECONDS / 10)
            if not messages or any(message.error() for message in messages):
                raise LocalCloudError(f"records of topics cannot be read: {messages or 'the broker does not answer'}")
            for message in messages:
                records[message.topic(), message.partition()].append(_arguments(message))
    finally:
        consumer.close()
    return {
        topic: [
            Kept(begins=ends[topic, number][0], records=tuple(records[topic, number]))
            for number in sorted(described[topic].partitions)
        ]
        for topic in described
    }


def write(client: Mapping[str, Any], topic: str, partitions: list[Kept]) -> None:
    """Write the records of a topic to the offsets that they had, behind empty ones for those that are gone."""
    from confluent_kafka import Producer  # noqa: PLC0415

    producer = Producer({**client, "enable.idempotence": True, "queue.buffering.max.messages": 0})
    producer.poll(0)
    for partition, kept in enumerate(partitions):
        for record in (*({},) * kept.begins, *kept.records):
            producer.produce(topic, partition=partition, **record)
    if producer.flush(_SECONDS):
        raise LocalCloudError(f"the records of topic {topic} cannot be written")


def _arguments(message: Any) -> Mapping[str, Any]:
    _, moment = message.timestamp()
    return {
        "key": message.key(),
        "value": message.value(),
        "headers": message.headers() or [],
        "timestamp": moment,
    }
