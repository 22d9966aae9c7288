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
    """What a partition holds: the offset at which it begins, and records as arguments of `Producer.produce`."""

    begins: int
    records: tuple[Mapping[str, Any], ...]


def read(client: Mapping[str, Any]) -> dict[str, list[Kept]]:
    """Return the records of every topic, by partition."""
    from confluent_kafka import Consumer, TopicPartition  # noqa: PLC0415

    consumer = Consumer({**client, "group.id": "local-cloud", "enable.auto.commit": False})
    # Until it is asked for something, it does not sign in.
    consumer.poll(0)
    try:
        found: dict[str, list[Kept]] = {}
        for topic, described in consumer.list_topics(timeout=_SECONDS).topics.items():
            found[topic] = []
            for partition in sorted(described.partitions):
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_SECONDS)
                consumer.assign([TopicPartition(topic, partition, low)])
                records: list[Mapping[str, Any]] = []
                while low + len(records) < high:
                    messages = consumer.consume(min(_MOST, high - low - len(records)), _SECONDS)
                    if not messages or any(message.error() for message in messages):
                        raise LocalCloudError(f"the records of topic {topic} cannot be read: {messages}")
                    records += map(_arguments, messages)
                found[topic].append(Kept(begins=low, records=tuple(records)))
        return found
    finally:
        consumer.close()


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
