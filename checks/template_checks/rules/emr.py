"""EMR: clusters, and applications of EMR Serverless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, between, matching, only_one, required

CLUSTER: Final = "AWS::EMR::Cluster"
APPLICATION: Final = "AWS::EMRServerless::Application"
_API: Final = "https://docs.aws.amazon.com/emr/latest/APIReference"
_SERVERLESS: Final = "https://docs.aws.amazon.com/emr-serverless/latest/APIReference"
_WORKERS: Final = {"spark": ("driver", "executor"), "hive": ("hivedriver", "teztask")}
# Formats of tables, which are enabled by a classification and are no applications.
_FORMATS: Final = {"iceberg": "iceberg-defaults", "delta": "delta-defaults", "hudi": "hudi-defaults"}


@rule(
    "LAKE-EMR-001",
    CLUSTER,
    title="A cluster has groups of instances, or fleets",
    fix="give a master group of 1 or 3 instances, or a master fleet, and nothing of the other kind",
    source=f"{_API}/API_JobFlowInstancesConfig.html",
)
def instances(cluster: Resource) -> Iterator[Violation]:
    """EMR refuses both, neither, and other numbers of masters."""
    instances = cluster.at("Instances")
    groups = [instances.at(name) for name in ("MasterInstanceGroup", "CoreInstanceGroup", "TaskInstanceGroups")]
    fleets = [instances.at(name) for name in ("MasterInstanceFleet", "CoreInstanceFleet", "TaskInstanceFleets")]
    grouped, fleeted = (any(one.given for one in kind) for kind in (groups, fleets))
    if grouped and fleeted:
        node = next(one for one in fleets if one.present)
        yield Violation(at=node, found="a fleet", allowed="nothing beside groups of instances")
    elif instances.known and not groups[0].present and not fleets[0].present:
        yield Violation(at=groups[0], allowed="a MasterInstanceGroup, or a MasterInstanceFleet")
    count = groups[0].at("InstanceCount")
    if count.number is not None and count.number not in {1, 3}:
        yield Violation(at=count, allowed="1, or 3 for a cluster that survives the loss of one")
    yield from only_one(instances.at("Ec2SubnetId"), instances.at("Ec2SubnetIds"))
    managed = [instances.at(f"EmrManaged{name}SecurityGroup") for name in ("Master", "Slave")]
    if instances.known and managed[0].present != managed[1].present:
        lacking = next(one for one in managed if not one.present)
        yield Violation(at=lacking, allowed="a security group, beside the other one")
    for group in groups[:1] + fleets[:1]:
        yield from absent(group.at("AutoScalingPolicy"), "for masters")


@rule(
    "LAKE-EMR-002",
    CLUSTER,
    title="A cluster has a release and applications of EMR",
    fix="write emr-x.y.z, and enable table formats by their classification",
    source="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html",
)
def release(cluster: Resource) -> Iterator[Violation]:
    """EMR refuses others."""
    yield from matching(cluster.at("ReleaseLabel"), r"emr-\d+\.\d+(\.\d+)?([.-].+)?", "emr-x.y.z, such as emr-7.9.0")
    for application in cluster.at("Applications").items():
        name = application.at("Name")
        if name.text is not None and name.text.lower() in _FORMATS:
            allowed = f"an application; {name.text} is enabled by the classification {_FORMATS[name.text.lower()]}"
            yield Violation(at=name, allowed=allowed)
    profile = cluster.at("JobFlowRole")
    if profile.target is not None and profile.target.kind == "AWS::IAM::Role":
        named = any(
            one.at("InstanceProfileName").present
            for one in cluster.template.everywhere_of_type("AWS::IAM::InstanceProfile")
        )
        if not named:
            yield Violation(at=profile, found=f"the role {profile.target.logical_id}", allowed="an instance profile")


@rule(
    "LAKE-EMR-003",
    CLUSTER,
    title="Scaling and termination of a cluster are within its limits",
    fix="set the least below the most, in units of the cluster's kind, and an idle time of 60 to 604800 seconds",
    source=f"{_API}/API_ComputeLimits.html",
)
def scaling(cluster: Resource) -> Iterator[Violation]:
    """EMR refuses others."""
    limits, instances = cluster.at("ManagedScalingPolicy.ComputeLimits"), cluster.at("Instances")
    least, most = limits.at("MinimumCapacityUnits"), limits.at("MaximumCapacityUnits")
    for node in (least, limits.at("MaximumOnDemandCapacityUnits"), limits.at("MaximumCoreCapacityUnits")):
        if node.number is not None and most.number is not None and node.number > most.number:
            yield Violation(at=node, allowed=f"{most.number:g} or fewer, the MaximumCapacityUnits")
    unit, known = limits.at("UnitType"), instances.known
    if unit.text == "InstanceFleetUnits" and known and instances.at("MasterInstanceGroup").present:
        yield Violation(at=unit, allowed="Instances or VCPU for groups of instances")
    if unit.text in {"Instances", "VCPU"} and known and instances.at("MasterInstanceFleet").present:
        yield Violation(at=unit, allowed="InstanceFleetUnits for fleets")
    yield from between(cluster.at("AutoTerminationPolicy.IdleTimeout"), 60, 604800, "seconds")
    yield from between(cluster.at("StepConcurrencyLevel"), 1, 256, "steps")
    for group in ("CoreInstanceGroup", "TaskInstanceGroups"):
        for one in instances.at(group).items():
            if cluster.at("ManagedScalingPolicy").present:
                yield from absent(one.at("AutoScalingPolicy"), "with ManagedScalingPolicy")


@rule(
    "LAKE-EMR-004",
    APPLICATION,
    title="An application runs Spark or Hive, on workers of its type",
    fix="set Type to SPARK or HIVE, a release such as emr-7.9.0, and workers named for the type",
    source=f"{_SERVERLESS}/API_CreateApplication.html",
)
def application(application: Resource) -> Iterator[Violation]:
    """EMR Serverless refuses others."""
    kind = application.at("Type")
    if kind.text is not None and kind.text.lower() not in _WORKERS:
        yield Violation(at=kind, allowed="SPARK or HIVE")
    yield from matching(application.at("ReleaseLabel"), r"emr-.+", "emr-x.y.z, such as emr-7.9.0")
    workers = _WORKERS.get((kind.text or "").lower(), ())
    for name in ("InitialCapacity", "WorkerTypeSpecifications"):
        for worker in _workers(application.at(name)):
            text = re.sub(r"[-_]", "", worker.text or "").lower()
            if workers and worker.text is not None and text not in workers:
                yield Violation(at=worker, allowed=" or ".join(workers))
    network = application.at("NetworkConfiguration")
    if network.known and network.at("SubnetIds").present != network.at("SecurityGroupIds").present:
        yield Violation(at=network, found="only one of the two", allowed="SubnetIds and SecurityGroupIds")


def _workers(capacity: Node) -> Iterator[Node]:
    """Yield the names of worker types: keys of an object, or of a list of pairs."""
    if isinstance(capacity.value, list):
        yield from (item.at("Key") for item in capacity.items())
    for child in capacity.children() if isinstance(capacity.value, dict) else ():
        yield Node(capacity.resource, child.path, child.path.rpartition(".")[2])


@rule(
    "LAKE-EMR-005",
    APPLICATION,
    title="The first workers fit into the most that an application may have",
    fix="raise MaximumCapacity, or start with fewer workers",
    source=f"{_SERVERLESS}/API_MaximumAllowedResources.html",
)
def capacity(application: Resource) -> Iterator[Violation]:
    """EMR Serverless refuses an initial capacity above the maximum, and disks outside 20 to 2000 GB."""
    most, configurations = application.at("MaximumCapacity"), []
    for item in application.at("InitialCapacity").items():
        configurations.append(item.at("Value"))
        disk = _amount(item.at("Value.WorkerConfiguration.Disk"))
        if disk is not None and not 20 <= disk <= 2000:
            yield Violation(at=item.at("Value.WorkerConfiguration.Disk"), allowed="20 to 2000 GB")
    for name in ("Cpu", "Memory"):
        limit = _amount(most.at(name))
        amounts = [
            (_amount(one.at(f"WorkerConfiguration.{name}")), one.at("WorkerCount").number) for one in configurations
        ]
        total = sum(each * count for each, count in amounts if each is not None and count is not None)
        if limit is not None and total > limit:
            yield Violation(at=most.at(name), allowed=f"{total:g} or more, which the InitialCapacity has")
    if most.known:
        for name in ("Cpu", "Memory"):
            yield from required(most.at(name), "the most that the application may have")


def _amount(node: Node) -> float | None:
    found = re.match(r"\d+", node.text or "")
    return float(found[0]) if found else None
