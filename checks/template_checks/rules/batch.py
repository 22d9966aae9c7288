"""Batch: compute environments, job definitions and queues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, at_least, between, matching, one_of, required

ENVIRONMENT: Final = "AWS::Batch::ComputeEnvironment"
DEFINITION: Final = "AWS::Batch::JobDefinition"
JOB_QUEUE: Final = "AWS::Batch::JobQueue"
_API: Final = "https://docs.aws.amazon.com/batch/latest/APIReference"
_FARGATE: Final = ("FARGATE", "FARGATE_SPOT")
_OF_INSTANCES: Final = (
    *("AllocationStrategy", "BidPercentage", "DesiredvCpus", "Ec2Configuration", "Ec2KeyPair", "ImageId"),
    *("InstanceRole", "InstanceTypes", "LaunchTemplate", "MinvCpus", "PlacementGroup", "SpotIamFleetRole", "Tags"),
)
# Memory in MiB that a task of Fargate can have, by its vCPUs: least, most and step.
_MEMORY: Final = {1: (2048, 8192, 1024), 2: (4096, 16384, 1024), 4: (8192, 30720, 1024), 8: (16384, 61440, 4096)}
_LARGE: Final = {16: (32768, 122880, 8192)}
_SMALL: Final = {0.25: (512, 1024, 2048), 0.5: (1024, 2048, 3072, 4096)}


def _type(environment: Resource) -> str:
    return (environment.at("ComputeResources.Type").text or "").upper()


@rule(
    "LAKE-BATCH-001",
    ENVIRONMENT,
    title="Compute of Fargate has no instances, that of EC2 has",
    fix="remove what is about instances for Fargate; give the role of instances for EC2",
    source=f"{_API}/API_ComputeResource.html",
)
def compute(environment: Resource) -> Iterator[Violation]:
    """Batch refuses others."""
    compute, kind = environment.at("ComputeResources"), _type(environment)
    if kind in _FARGATE:
        for name in _OF_INSTANCES:
            if compute.at(name).value not in ({}, []):
                yield from absent(compute.at(name), f"for {kind}")
        yield from required(compute.at("SecurityGroupIds"), f"security groups for {kind}")
    elif kind in {"EC2", "SPOT"}:
        yield from required(compute.at("InstanceRole"), "an instance profile")
    if kind and compute.known:
        yield from required(compute.at("Subnets"), "the subnets that the jobs run in")
    if kind == "EC2":
        yield from absent(compute.at("BidPercentage"), "for EC2")
    yield from between(compute.at("BidPercentage"), 0, 100, "percent")
    least, wanted, most = (compute.at(f"{name}vCpus") for name in ("Min", "Desired", "Max"))
    yield from at_least(most, 1, "vCPUs")
    for node in (least, wanted):
        if node.number is not None and most.number is not None and node.number > most.number:
            yield Violation(at=node, allowed=f"{most.number:g} or fewer, the MaxvCpus")
    if least.number is not None and wanted.number is not None and wanted.number < least.number:
        yield Violation(at=wanted, allowed=f"{least.number:g} or more, the MinvCpus")
    if (environment.at("Type").text or "").upper() == "MANAGED":
        yield from required(compute, "compute resources for MANAGED")
        if environment.at("UnmanagedvCpus").present:
            yield from absent(environment.at("UnmanagedvCpus"), "for MANAGED")


@rule(
    "LAKE-BATCH-002",
    DEFINITION,
    title="A job is tried 1 to 10 times, for a minute or more",
    fix="set Attempts to 1 to 10, AttemptDurationSeconds to 60 or more, and actions of retries to RETRY or EXIT",
    source=f"{_API}/API_RetryStrategy.html",
)
def attempts(definition: Resource) -> Iterator[Violation]:
    """Batch refuses others."""
    retries = definition.at("RetryStrategy")
    yield from between(retries.at("Attempts"), 1, 10, "attempts")
    conditions = retries.at("EvaluateOnExit")
    if isinstance(conditions.value, list) and len(conditions.value) > 5:
        yield Violation(at=conditions, found=f"{len(conditions.value)} conditions", allowed="5 or fewer")
    for condition in conditions.items():
        action = condition.at("Action")
        if action.text is not None and action.text.upper() not in {"RETRY", "EXIT"}:
            yield from one_of(action, ("RETRY", "EXIT"))
        yield from matching(condition.at("OnExitCode"), r"[0-9]+\*?|\*", "a number, or the start of one and *")
    for timeout in definition.properties.every("AttemptDurationSeconds"):
        yield from at_least(timeout, 60, "seconds")
    yield from between(definition.at("SchedulingPriority"), 0, 9999)
    yield from matching(
        definition.at("JobDefinitionName"), r"[a-zA-Z0-9][\w-]{0,127}", "1 to 128 letters, digits, '-' and '_'"
    )


@rule(
    "LAKE-BATCH-003",
    DEFINITION,
    title="A container has processors and memory, on Fargate in pairs that it has",
    fix="give VCPU and MEMORY in ResourceRequirements, and an ExecutionRoleArn on Fargate",
    source=f"{_API}/API_ResourceRequirement.html",
)
def container(definition: Resource) -> Iterator[Violation]:
    """Batch refuses others."""
    container = definition.at("ContainerProperties")
    kinds = [item.text for item in definition.at("PlatformCapabilities").items()]
    requirements = container.at("ResourceRequirements")
    amounts = {(one.at("Type").text or "").upper(): one.at("Value") for one in requirements.items()}
    fargate = "FARGATE" in kinds
    known = isinstance(requirements.value, list) and all(one.at("Type").text for one in requirements.items())
    if container.known and (known or not requirements.present):
        for name, old in (("VCPU", "Vcpus"), ("MEMORY", "Memory")):
            if name not in amounts and not (container.at(old).present and not fargate):
                yield Violation(at=requirements, found=f"no {name}", allowed="VCPU and MEMORY")
    if not fargate:
        return
    yield from required(container.at("ExecutionRoleArn"), "a role that pulls the image, for FARGATE")
    for name in ("InstanceType", "Ulimits", "LinuxParameters.Devices", "LinuxParameters.SharedMemorySize"):
        yield from absent(container.at(name), "for FARGATE")
    if container.at("Privileged").flag:
        yield Violation(at=container.at("Privileged"), allowed="false for FARGATE")
    if "GPU" in amounts:
        yield Violation(at=requirements, found="a GPU", allowed="none for FARGATE")
    if "VCPU" in amounts and "MEMORY" in amounts:
        yield from _pair(amounts["VCPU"], amounts["MEMORY"])


def _pair(processors: Node, memory: Node) -> Iterator[Violation]:
    count, size = processors.number, memory.number
    if count is None:
        return
    ranges = _MEMORY | _LARGE
    if count not in ranges and count not in _SMALL:
        yield Violation(at=processors, allowed=", ".join(f"{one:g}" for one in sorted({*ranges, *_SMALL})))
    elif size is not None and count in _SMALL and size not in _SMALL[count]:
        yield Violation(at=memory, allowed=f"{', '.join(map(str, _SMALL[count]))} MiB for {count:g} vCPU")
    elif size is not None and count in ranges:
        least, most, step = ranges[int(count)]
        if not least <= size <= most or size % step:
            yield Violation(at=memory, allowed=f"{least} to {most} MiB in steps of {step} for {count:g} vCPU")


@rule(
    "LAKE-BATCH-004",
    JOB_QUEUE,
    title="A queue has one to three environments of one kind, in order",
    fix="list up to 3 environments, either of Fargate or of EC2, each with an order of its own",
    source=f"{_API}/API_CreateJobQueue.html",
)
def job_queue(queue: Resource) -> Iterator[Violation]:
    """Batch refuses others."""
    order = queue.at("ComputeEnvironmentOrder")
    if isinstance(order.value, list) and not 1 <= len(order.value) <= 3:
        yield Violation(at=order, found=f"{len(order.value)} environments", allowed="1 to 3")
    numbers = [one.at("Order").text for one in order.items()]
    if None not in numbers and len(numbers) != len(set(numbers)):
        yield Violation(at=order, found=f"order {', '.join(map(str, numbers))}", allowed="numbers that differ")
    targets = [one.at("ComputeEnvironment").target for one in order.items()]
    kinds = {_type(one) for one in targets if one is not None and one.kind == ENVIRONMENT and _type(one)}
    if len({kind in _FARGATE for kind in kinds}) > 1:
        yield Violation(
            at=order, found=", ".join(sorted(kinds)), allowed="environments of Fargate only, or of EC2 only"
        )
    yield from between(queue.at("Priority"), 0, 1000)
