"""OpenSearch Serverless, MSK, EMR Serverless, DMS, Flink and FSx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import between, matching, required, within
from template_checks.limits import dms

# Memory in GB that a worker can have, by its vCPUs: least, most and step.
_EMR_WORKERS: Final = {1: (2, 8, 1), 2: (4, 16, 1), 4: (8, 30, 1), 8: (16, 60, 4), 16: (32, 120, 8)}


@rule(
    "LAKE-SERVICES-001",
    "AWS::OpenSearchServerless::*",
    title="Collections and policies have names that OpenSearch takes",
    fix="use lower case letters, digits and hyphens, 3 to 32 of them",
    source="https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-create.html",
)
def search_names(resource: Resource) -> Iterator[Violation]:
    """OpenSearch Serverless refuses other names."""
    collection = resource.kind == "AWS::OpenSearchServerless::Collection"
    pattern = r"[a-z][a-z0-9_-]{2,63}" if collection else r"[a-z][a-z0-9-]{2,31}"
    allowed = f"a letter, then 2 to {63 if collection else 31} of a-z, 0-9 and '-'"
    yield from matching(resource.at("Name"), pattern, allowed)


@rule(
    "LAKE-SERVICES-002",
    "AWS::MSK::Cluster",
    title="Brokers are spread evenly",
    fix="set NumberOfBrokerNodes to a multiple of the number of ClientSubnets",
    source="https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html",
)
def brokers(cluster: Resource) -> Iterator[Violation]:
    """MSK refuses other numbers, and volumes outside 1 to 16384 GB."""
    subnets, count = cluster.at("BrokerNodeGroupInfo.ClientSubnets").value, cluster.at("NumberOfBrokerNodes")
    if isinstance(subnets, list) and subnets and count.number is not None and count.number % len(subnets):
        yield Violation(at=count, allowed=f"a multiple of {len(subnets)}, the number of subnets")
    for size in cluster.properties.every("VolumeSize"):
        yield from between(size, 1, 16384, "GB")


@rule(
    "LAKE-SERVICES-003",
    "AWS::MSK::BatchScramSecret",
    title="Secrets of Kafka users are named for MSK and have a key of their own",
    fix="start the secret's Name with AmazonMSK_, and set its KmsKeyId",
    source="https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-tutorial.html",
)
def scram_secrets(batch: Resource) -> Iterator[Violation]:
    """MSK cannot read a secret of another name, or one with the key of Secrets Manager."""
    for item in batch.at("SecretArnList").items():
        secret = item.target
        if secret is not None and secret.kind == "AWS::SecretsManager::Secret":
            name = secret.at("Name")
            if not name.rendered.startswith(("AmazonMSK_", "${")):
                yield Violation(at=name, allowed="a name that starts with AmazonMSK_")
            yield from required(secret.at("KmsKeyId"), "a customer key")


@rule(
    "LAKE-SERVICES-004",
    "AWS::EMRServerless::Application",
    title="Workers have memory that goes with their processors",
    fix="give 2 to 8 GB for each vCPU, within the limits of the number of vCPUs",
    source="https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-behavior.html",
)
def workers(application: Resource) -> Iterator[Violation]:
    """EMR Serverless refuses other pairs, and waits outside of 1 to 10080 minutes."""
    yield from between(application.at("AutoStopConfiguration.IdleTimeoutMinutes"), 1, 10080, "minutes")
    for configuration in application.properties.every("WorkerConfiguration"):
        processors, memory = (_amount(configuration.at(name).text) for name in ("Cpu", "Memory"))
        if processors is None:
            continue
        if processors not in _EMR_WORKERS:
            yield Violation(at=configuration.at("Cpu"), allowed="1, 2, 4, 8 or 16 vCPU")
        elif memory is not None:
            least, most, step = _EMR_WORKERS[processors]
            if not least <= memory <= most or (memory - least) % step:
                allowed = f"{least} to {most} GB in steps of {step} for {processors} vCPU"
                yield Violation(at=configuration.at("Memory"), allowed=allowed)


@rule(
    "LAKE-SERVICES-005",
    "AWS::DMS::ReplicationConfig",
    title="Capacity of a serverless replication is a number of units that DMS has",
    fix="choose one of the allowed numbers, the least not above the most",
    source="https://docs.aws.amazon.com/dms/latest/APIReference/API_ComputeConfig.html",
)
def replication_units(replication: Resource) -> Iterator[Violation]:
    """DMS refuses others."""
    least, most = replication.at("ComputeConfig.MinCapacityUnits"), replication.at("ComputeConfig.MaxCapacityUnits")
    for node in (least, most):
        yield from within(node, dms.CAPACITY)
    if least.number is not None and most.number is not None and least.number > most.number:
        yield Violation(at=least, allowed=f"{most.number:g} or fewer, the MaxCapacityUnits")


@rule(
    "LAKE-SERVICES-006",
    "AWS::DMS::ReplicationSubnetGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::Redshift::ClusterSubnetGroup",
    "AWS::FSx::FileSystem",
    title="Groups of subnets have as many as their service needs",
    fix="give two subnets in two zones; one for Lustre",
    source="https://docs.aws.amazon.com/dms/latest/userguide/CHAP_ReplicationInstance.VPC.html",
)
def subnet_groups(group: Resource) -> Iterator[Violation]:
    """The service refuses other numbers."""
    node = group.at("SubnetIds")
    if not isinstance(node.value, list):
        return
    if group.kind == "AWS::FSx::FileSystem":
        if group.at("FileSystemType").text == "LUSTRE" and len(node.value) != 1:
            yield Violation(at=node, found=f"{len(node.value)} subnets", allowed="one subnet for Lustre")
    elif len(node.value) < 2 and group.kind != "AWS::Redshift::ClusterSubnetGroup":
        yield Violation(at=node, found=f"{len(node.value)} subnets", allowed="2 or more, in two zones")


@rule(
    "LAKE-SERVICES-007",
    "AWS::KinesisAnalyticsV2::Application",
    title="Parallelism of Flink is within its limits",
    fix="set Parallelism and ParallelismPerKPU to 1 or more with ConfigurationType CUSTOM",
    source="https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_ParallelismConfiguration.html",
)
def parallelism(application: Resource) -> Iterator[Violation]:
    """Flink refuses other numbers, and any of them while its own defaults are asked for."""
    for configuration in application.properties.every("ParallelismConfiguration"):
        yield from between(configuration.at("ParallelismPerKPU"), 1, 8)
        yield from between(configuration.at("Parallelism"), 1, 1000)
        if configuration.at("ConfigurationType").text == "DEFAULT" and configuration.at("Parallelism").present:
            yield Violation(at=configuration.at("ConfigurationType"), allowed="CUSTOM beside Parallelism")


def _amount(text: str | None) -> int | None:
    """Return the number of `4 vCPU`, `16GB` and the like."""
    found = re.fullmatch(r"(\d+)\s*(vCPU|GB)?", text or "", re.IGNORECASE)
    return int(found[1]) if found else None
