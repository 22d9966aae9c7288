"""MSK: clusters with a broker behind them, and the topics of provisioned ones.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kafka.models import FakeKafkaCluster, KafkaBackend
from moto.kafka.responses import KafkaResponse
from moto.utilities.utils import get_partition

from local_cloud.engines.engine import Engine
from local_cloud.engines.kafka import records
from local_cloud.engines.kafka.client import configuration
from local_cloud.engines.kafka.cluster import PACKAGE, KafkaCluster
from local_cloud.engines.kafka.records import Kept
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_RESPONSES = "moto.kafka.responses"

_create_v2 = KafkaBackend.create_cluster_v2
_create = KafkaResponse.create_cluster
_delete = KafkaBackend.delete_cluster


@dataclass(kw_only=True)
class _Cluster:
    """Kept part of a cluster: the port that clients know, and topics as they were created."""

    port: int
    topics: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: dict[str, list[Kept]] = field(default_factory=dict)


class KafkaEngine(Engine):
    """Runs a broker for each cluster."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._clusters: dict[str, _Cluster] = {}
        self._brokers: dict[str, KafkaCluster] = {}

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.kafka.models", "FakeKafkaCluster._generate_arn")
        def generate_arn(self: FakeKafkaCluster) -> str:
            kind = "s1" if self.cluster_type == "SERVERLESS" else "1"
            owner = f"{self.region_name}:{self.account_id}"
            place = f"{self.cluster_name}/{self.cluster_id}-{kind}"
            return f"arn:{get_partition(self.region_name)}:kafka:{owner}:cluster/{place}"

        @patches.replace("moto.kafka.models", "KafkaBackend.create_cluster_v2")
        def create_cluster_v2(self: Any, cluster_name: str, tags: Any, provisioned: Any, serverless: Any) -> Any:
            engine._check(self, cluster_name, provisioned or serverless)
            answer = _create_v2(self, cluster_name, tags, provisioned, serverless)
            created = self.clusters[answer[0]]
            created.client_authentication = (provisioned or {}).get("clientAuthentication")
            engine._open(created)
            return answer[0], cluster_name, created.state, answer[3]

        @patches.replace("moto.kafka.responses", "KafkaResponse.create_cluster")
        def create_cluster(self: Any) -> str:
            asked = json.loads(self.body)
            engine._check(self.kafka_backend, asked["clusterName"], asked)
            answer = json.loads(_create(self))
            engine._open(self.kafka_backend.clusters[answer["clusterArn"]])
            return json.dumps({**answer, "state": "ACTIVE"})

        @patches.replace("moto.kafka.models", "KafkaBackend.delete_cluster")
        def delete_cluster(self: Any, cluster_arn: str, current_version: str) -> tuple[str, str]:
            _known(self, cluster_arn)
            engine._clusters.pop(cluster_arn)
            engine._brokers.pop(cluster_arn).stop()
            _delete(self, cluster_arn, current_version)
            return cluster_arn, "DELETING"

        _answer_topics(patches, engine)
        return patches

    def state(self) -> dict[str, _Cluster]:
        for arn, cluster in self._clusters.items():
            cluster.kept = records.read(self._client(arn))
        return self._clusters

    def restore(self, state: dict[str, _Cluster] | None) -> None:
        self._clusters.update(state or {})
        for arn, cluster in self._clusters.items():
            self._brokers[arn] = broker = KafkaCluster(self.runtime, arn=arn, port=cluster.port)
            for topic, partitions in cluster.kept.items():
                broker.create_topic(topic, len(partitions))
                records.write(self._client(arn), topic, partitions)
                for number, kept in enumerate(partitions):
                    broker.forget(topic, number, before=kept.begins)
            cluster.kept = {}

    def brokers_of(self, arn: str) -> str:
        """Return the address of a cluster's broker, with its port."""
        return f"localhost:{self._brokers[arn].port}"

    def create_topic(self, arn: str, asked: dict[str, Any]) -> dict[str, Any]:
        topics, name = self._clusters[arn].topics, asked["topicName"]
        if name in topics:
            raise _error("TopicExistsException", f"Topic '{name}' already exists.", 409)
        self._brokers[arn].create_topic(name, asked["partitionCount"])
        topics[name] = {**asked, "topicArn": f"{arn.replace(':cluster/', ':topic/', 1)}/{name}", "status": "ACTIVE"}
        return topics[name]

    def update_topic(self, arn: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        topic = self.topic(arn, name)
        if asked.get("partitionCount", topic["partitionCount"]) != topic["partitionCount"]:
            raise _error("BadRequestException", "a topic of the local cloud has the partitions it was created with")
        topic.update(asked)
        return topic

    def delete_topic(self, arn: str, name: str) -> dict[str, Any]:
        self.topic(arn, name)
        self._brokers[arn].delete_topic(name)
        return {**self._clusters[arn].topics.pop(name), "status": "DELETING"}

    def topic(self, arn: str, name: str) -> dict[str, Any]:
        if name not in self._clusters[arn].topics:
            raise _error("NotFoundException", f"Topic '{name}' does not exist.", 404)
        return self._clusters[arn].topics[name]

    def topics(self, arn: str) -> list[dict[str, Any]]:
        return list(self._clusters[arn].topics.values())

    def _client(self, arn: str) -> dict[str, Any]:
        return configuration(self.runtime, self.brokers_of(arn), region=arn.split(":")[3])

    def _check(self, backend: Any, name: str, asked: dict[str, Any]) -> None:
        try:
            PACKAGE.require("a cluster of MSK")
        except LocalCloudError as error:
            raise _error("BadRequestException", str(error)) from None
        if any(one.cluster_name == name for one in backend.clusters.values()):
            raise _error("ConflictException", f"Cluster with name {name} already exists.", 409)
        authentication = asked.get("clientAuthentication") or {}
        if not ((authentication.get("sasl") or {}).get("iam") or {}).get("enabled"):
            raise _error(
                "BadRequestException", "the local cloud runs clusters of MSK that sign in by IAM, and no others"
            )

    def _open(self, created: FakeKafkaCluster) -> None:
        created.state = "ACTIVE"
        self._brokers[created.arn] = broker = KafkaCluster(self.runtime, arn=created.arn)
        self._clusters[created.arn] = _Cluster(port=broker.port)


def _answer_topics(patches: Patches, engine: KafkaEngine) -> None:
    """Answer what moto lacks, of clusters and topics that are named in the path."""

    @patches.add(_RESPONSES, "KafkaResponse.get_bootstrap_brokers")
    def get_bootstrap_brokers(self: Any) -> str:
        return json.dumps({"bootstrapBrokerStringSaslIam": engine.brokers_of(_place(self)[0])})

    @patches.add(_RESPONSES, "KafkaResponse.create_topic")
    def create_topic(self: Any) -> str:
        arn, _ = _place(self)
        if self.kafka_backend.clusters[arn].cluster_type == "SERVERLESS":
            # https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
            raise _error("BadRequestException", "This operation is not supported for serverless clusters.")
        topic = engine.create_topic(arn, json.loads(self.body))
        return json.dumps({name: topic[name] for name in ("topicArn", "topicName", "status")})

    @patches.add(_RESPONSES, "KafkaResponse.describe_topic")
    def describe_topic(self: Any) -> str:
        return json.dumps(engine.topic(*_place(self)))

    @patches.add(_RESPONSES, "KafkaResponse.update_topic")
    def update_topic(self: Any) -> str:
        topic = engine.update_topic(*_place(self), json.loads(self.body))
        return json.dumps({name: topic[name] for name in ("topicArn", "topicName", "status")})

    @patches.add(_RESPONSES, "KafkaResponse.delete_topic")
    def delete_topic(self: Any) -> str:
        topic = engine.delete_topic(*_place(self))
        return json.dumps({name: topic[name] for name in ("topicArn", "topicName", "status")})

    @patches.add(_RESPONSES, "KafkaResponse.list_topics")
    def list_topics(self: Any) -> str:
        start = self._get_param("topicNameFilter") or ""
        found = [one for one in engine.topics(_place(self)[0]) if one["topicName"].startswith(start)]
        names = ("topicArn", "topicName", "partitionCount", "replicationFactor")
        return json.dumps({"topics": [{name: one[name] for name in names} for one in found]})


def _place(response: Any) -> tuple[str, str]:
    """Return the cluster and the topic that a path names."""
    named = response.uri_match
    _known(response.kafka_backend, named["clusterArn"])
    return named["clusterArn"], named.get("topicName", "")


def _known(backend: Any, arn: str) -> None:
    if arn not in backend.clusters:
        raise _error("NotFoundException", f"The cluster {arn} does not exist.", 404)


def _error(kind: str, message: str, code: int = 400) -> JsonRESTError:
    error = JsonRESTError(kind, message)
    error.code = code
    return error
