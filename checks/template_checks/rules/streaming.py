"""MSK clusters and Managed Flink applications.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, between, matching, only_one, required, within
from template_checks.limits import flink
from template_checks.limits import msk as limits
from template_checks.rules.alarms import ALARM, metrics_of

CLUSTER: Final = "AWS::MSK::Cluster"
TOPIC: Final = "AWS::MSK::Topic"
FLINK: Final = "AWS::KinesisAnalyticsV2::Application"
LOGGING: Final = "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption"
_MSK: Final = "https://docs.aws.amazon.com/msk/latest/developerguide"
_FLINK: Final = "https://docs.aws.amazon.com/managed-flink/latest"
# What ConfigurationType DEFAULT stands for, whatever else is set.
_DEFAULTS: Final = {
    "CheckpointConfiguration": {
        "CheckpointingEnabled": "true",
        "CheckpointInterval": "60000",
        "MinPauseBetweenCheckpoints": "5000",
    },
    "MonitoringConfiguration": {"LogLevel": "INFO", "MetricsLevel": "APPLICATION"},
    "ParallelismConfiguration": {"Parallelism": "1", "ParallelismPerKPU": "1"},
}
# What Flink 2 no longer counts, with what tells as much.
_REMOVED: Final = {
    "fullRestarts": "numRestarts",
    "downtime": "restartingTime, failingTime or cancellingTime",
    "bytesRequestedPerFetch": "millisBehindLatest",
}
_BROKERS: Final = re.compile(
    r"kafka\.t3\.small|kafka\.m5\.(large|(2|4|8|12|16|24)?xlarge)|(kafka|express)\.m7g\.(large|(2|4|8|12|16)?xlarge)"
)


@rule(
    "LAKE-KAFKA-001",
    CLUSTER,
    title="Brokers are of a type that MSK has",
    fix="write kafka. before the type, for instance kafka.m7g.large",
    source=f"{_MSK}/broker-instance-types.html",
)
def broker_type(cluster: Resource) -> Iterator[Violation]:
    """MSK refuses types of EC2 and others, and storage of its own for Express brokers."""
    node = cluster.at("BrokerNodeGroupInfo.InstanceType")
    family = re.fullmatch(r"(kafka|express)\.([a-z]\d+[a-z]*)\.\w+", node.text or "")
    # A family that came later is not judged by its sizes.
    newer = family is not None and family[2] not in {"t3", "m5", "m7g"} and int(re.sub(r"\D", "", family[2])) > 7
    if node.text is not None and not newer and not _BROKERS.fullmatch(node.text):
        yield Violation(at=node, allowed="kafka.t3.small, kafka.m5.<size>, kafka.m7g.<size> or express.m7g.<size>")
    if (node.text or "").startswith("express."):
        yield from absent(cluster.at("BrokerNodeGroupInfo.StorageInfo"), "for Express brokers")
    throughput = cluster.at("BrokerNodeGroupInfo.StorageInfo.EBSStorageInfo.ProvisionedThroughput")
    if throughput.at("Enabled").flag:
        yield from required(throughput.at("VolumeThroughput"), "250 MiB per second or more")
        yield from between(throughput.at("VolumeThroughput"), 250, 2375, "MiB per second")
    elif throughput.at("Enabled").flag is False:
        yield from absent(throughput.at("VolumeThroughput"), "without ProvisionedThroughput")
    if cluster.at("StorageMode").text == "TIERED" and node.text == "kafka.t3.small":
        yield Violation(at=cluster.at("StorageMode"), allowed="LOCAL for kafka.t3.small")


@rule(
    "LAKE-KAFKA-002",
    CLUSTER,
    "AWS::MSK::Configuration",
    "AWS::MSK::ServerlessCluster",
    title="A cluster has a version, a name and subnets that MSK takes",
    fix="write a version such as 3.8.x, a name of letters, digits and hyphens, and subnets in two or three zones",
    source=f"{_MSK}/supported-kafka-versions.html",
)
def cluster(cluster: Resource) -> Iterator[Violation]:
    """MSK refuses others."""
    pattern = r"\d+\.\d+(\.\d+|\.x)?(\.tiered|\.kraft)*"
    yield from matching(cluster.at("KafkaVersion"), pattern, "a version such as 3.8.x")
    for item in cluster.at("KafkaVersionsList").items():
        yield from matching(item, pattern, "a version such as 3.8.x")
    yield from matching(cluster.at("ClusterName"), r"[a-zA-Z0-9-]{1,64}", "1 to 64 letters, digits and hyphens")
    subnets = cluster.at("BrokerNodeGroupInfo.ClientSubnets")
    if isinstance(subnets.value, list) and len(subnets.value) not in {2, 3}:
        yield Violation(at=subnets, found=f"{len(subnets.value)} subnets", allowed="2 or 3, in different zones")
    names = [item.value for item in subnets.items()]
    if len(names) != len({str(name) for name in names}):
        yield Violation(at=subnets, found="a subnet twice", allowed="subnets that differ")


@rule(
    "LAKE-KAFKA-003",
    CLUSTER,
    title="Encryption and authentication of clients agree",
    fix="encrypt clients' traffic with SASL, and allow unauthenticated clients where nobody else is",
    source=f"{_MSK}/msk-authentication.html",
)
def clients(cluster: Resource) -> Iterator[Violation]:
    """MSK refuses authentication without TLS."""
    transit, authentication = (
        cluster.at("EncryptionInfo.EncryptionInTransit.ClientBroker"),
        cluster.at("ClientAuthentication"),
    )
    for path in ("Sasl.Iam", "Sasl.Scram"):
        if authentication.at(f"{path}.Enabled").flag and transit.text == "PLAINTEXT":
            yield Violation(at=transit, allowed=f"TLS or TLS_PLAINTEXT with {path}")
    if authentication.at("Tls.CertificateAuthorityArnList").value and transit.text == "PLAINTEXT":
        yield Violation(at=transit, allowed="TLS or TLS_PLAINTEXT with client certificates")
    logs = cluster.at("LoggingInfo.BrokerLogs")
    for kind, name in (("CloudWatchLogs", "LogGroup"), ("Firehose", "DeliveryStream"), ("S3", "Bucket")):
        if logs.at(f"{kind}.Enabled").flag:
            yield from required(logs.at(f"{kind}.{name}"), f"where the logs go with {kind}")


@rule(
    "LAKE-KAFKA-004",
    TOPIC,
    title="A topic has a name and numbers that Kafka takes, and is of a provisioned cluster",
    fix="write letters, digits, '.', '_' and '-', and let a client create topics of MSK Serverless",
    source=f"{_MSK}/msk-topic-operations-information.html",
)
def topic(topic: Resource) -> Iterator[Violation]:
    """MSK refuses others, and has no API for topics of MSK Serverless."""
    yield from matching(topic.at("TopicName"), r"(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}", "1 to 249 letters, digits, ._-")
    yield from within(topic.at("PartitionCount"), limits.PARTITIONS)
    yield from within(topic.at("ReplicationFactor"), limits.REPLICATION_FACTOR)
    cluster = topic.at("ClusterArn")
    if cluster.target is not None and cluster.target.kind == "AWS::MSK::ServerlessCluster":
        yield Violation(at=cluster, found="a cluster of MSK Serverless", allowed="a provisioned cluster")


@rule(
    "LAKE-FLINK-001",
    FLINK,
    LOGGING,
    title="Flink logs to a log stream",
    fix="give the ARN of a log stream, arn:<partition>:logs:<region>:<account>:log-group:<group>:log-stream:<stream>",
    source=f"{_FLINK}/apiv2/API_CloudWatchLoggingOption.html",
)
def log_stream(resource: Resource) -> Iterator[Violation]:
    """Managed Flink refuses the ARN of a log group, and names."""
    for node in resource.properties.every("LogStreamARN"):
        target = node.target
        group = target is not None and target.kind == "AWS::Logs::LogGroup"
        text = node.rendered
        if group and isinstance(node.value, dict) and ("Ref" in node.value or "Fn::GetAtt" in node.value):
            yield Violation(
                at=node, found=f"the log group {target.logical_id if target else ''}", allowed="a log stream"
            )
        elif text.startswith("arn:") and ":log-stream:" not in text:
            yield Violation(at=node, found=text, allowed="an ARN with :log-stream:<stream>")
        elif node.text is not None and not node.text.startswith(("arn:", "{{")):
            yield Violation(at=node, allowed="the ARN of a log stream")


@rule(
    "LAKE-FLINK-002",
    FLINK,
    title="An application has code of its runtime, and checkpoints that are set or left as they are",
    fix="give one place of the code, and values beside ConfigurationType CUSTOM only",
    source=f"{_FLINK}/apiv2/API_CreateApplication.html",
)
def application(application: Resource) -> Iterator[Violation]:
    """Managed Flink refuses others."""
    runtime = application.at("RuntimeEnvironment").text or ""
    configuration = application.at("ApplicationConfiguration")
    code = configuration.at("ApplicationCodeConfiguration")
    content = code.at("CodeContent")
    yield from only_one(content.at("S3ContentLocation"), content.at("ZipFileContent"), content.at("TextContent"))
    if runtime.startswith("FLINK-"):
        yield from absent(configuration.at("SqlApplicationConfiguration"), f"for {runtime}")
        if code.at("CodeContentType").text == "PLAINTEXT":
            yield Violation(at=code.at("CodeContentType"), allowed=f"ZIPFILE for {runtime}")
    flink = configuration.at("FlinkApplicationConfiguration")
    for name, defaults in _DEFAULTS.items():
        yield from _ignored(flink.at(name), defaults)
    groups = [
        one.at("PropertyGroupId").text for one in configuration.at("EnvironmentProperties.PropertyGroups").items()
    ]
    if None not in groups and len(groups) != len(set(groups)):
        node = configuration.at("EnvironmentProperties.PropertyGroups")
        yield Violation(at=node, found=", ".join(map(str, groups)), allowed="groups that are not given twice")
    mode = application.at("ApplicationMode").text
    if mode == "INTERACTIVE" and runtime.startswith("FLINK-"):
        yield Violation(
            at=application.at("RuntimeEnvironment"), allowed="ZEPPELIN-FLINK-3_0 and the like with INTERACTIVE"
        )
    if mode == "STREAMING" and runtime.startswith("ZEPPELIN-"):
        yield Violation(at=application.at("ApplicationMode"), allowed=f"INTERACTIVE for {runtime}")
    yield from matching(
        application.at("ApplicationName"), r"[a-zA-Z0-9_.-]{1,128}", "1 to 128 letters, digits, '_', '-' and '.'"
    )


def _ignored(configuration: Node, defaults: dict[str, str]) -> Iterator[Violation]:
    """Refuse values that Flink's own ones stand in place of."""
    kind = configuration.at("ConfigurationType")
    other = [name for name, default in defaults.items() if configuration.at(name).text not in {None, default}]
    if kind.text == "DEFAULT" and other:
        yield Violation(at=kind, allowed=f"CUSTOM beside {', '.join(other)}")


@rule(
    "LAKE-FLINK-003",
    ALARM,
    title="An alarm watches what its version of Flink counts",
    fix="watch RATE(numRestarts) or restartingTime of an application of Flink 2",
    source=f"{_FLINK}/java/metrics-dimensions.html",
)
def counted(alarm: Resource) -> Iterator[Violation]:
    """Flink 2 has removed some metrics, and downtime is always 0: the alarm never fires."""
    for watched in metrics_of(alarm):
        name = watched.at("MetricName")
        if watched.at("Namespace").text != "AWS/KinesisAnalytics" or name.text is None:
            continue
        for application in _applications(watched):
            runtime = application.at("RuntimeEnvironment").text or ""
            if runtime.startswith("FLINK-2_") and name.text in _REMOVED:
                yield Violation(at=name, allowed=f"{_REMOVED[name.text]} for {runtime}")
            elif runtime.startswith("FLINK-1_") and name.text == "numRestarts":
                yield Violation(at=name, allowed=f"fullRestarts for {runtime}")


def _applications(watched: Node) -> Iterator[Resource]:
    """Yield the application of the template that a metric is of."""
    for dimension in watched.at("Dimensions").items():
        if dimension.at("Name").text == "Application":
            named = dimension.at("Value").target
            if named is not None and named.kind == FLINK:
                yield named


@rule(
    "LAKE-FLINK-004",
    FLINK,
    title="An application has parallelism, KPUs and checkpoints that Managed Flink takes",
    fix="set Parallelism to 1 to 256, and ParallelismPerKPU to 1 to 8, of up to 250 KPUs in all",
    source=f"{_FLINK}/java/how-scaling.html",
)
def capacity(application: Resource) -> Iterator[Violation]:
    """Managed Flink refuses others."""
    configuration = application.at("ApplicationConfiguration.FlinkApplicationConfiguration")
    parallelism = configuration.at("ParallelismConfiguration.Parallelism")
    per_kpu = configuration.at("ParallelismConfiguration.ParallelismPerKPU")
    yield from within(parallelism, flink.PARALLELISM)
    yield from within(per_kpu, flink.PARALLELISM_PER_KPU)
    yield from within(configuration.at("CheckpointConfiguration.CheckpointInterval"), flink.CHECKPOINT_INTERVAL)
    tasks, shared = parallelism.number, 1.0 if not per_kpu.present else per_kpu.number
    if tasks and shared and flink.KPUS_MAX < tasks / shared <= flink.PARALLELISM.ends[1]:
        found = f"{tasks / shared:g} KPUs"
        yield Violation(at=parallelism, found=found, allowed=f"up to {flink.KPUS_MAX} KPUs")
