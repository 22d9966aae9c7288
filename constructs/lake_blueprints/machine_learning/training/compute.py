"""Instances, volume and run time of a training job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds

# Families with local NVMe storage that their name does not tell, as the `d` of m5d does:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
_LOCAL_STORAGE = ("g5", "g6", "g6e", "gr6", "g7", "g7e", "p5", "p5e", "p5en", "p6", "p6e", "trn1", "trn1n", "trn2")
_TYPE = re.compile(r"ml\.(?P<family>[a-z]+\d+[a-z0-9-]*)\.[a-z0-9-]+")


@checked
@dataclass(frozen=True, kw_only=True)
class Spot:
    """Spare capacity at a lower price, which AWS may take back.

    Parameters
    ----------
    max_wait: Duration
        Time for waiting and training together; at least the job's `max_runtime`.
    """

    max_wait: KnownDurationInSeconds


@checked
@dataclass(frozen=True, kw_only=True)
class Compute:
    """Instances of a training job, and how long they may run.

    Parameters
    ----------
    instance_type: str
        SageMaker instance type. By default `ml.m5.xlarge`.
    instance_count: int
        Number of instances, at least 1. By default 1; traffic between several is encrypted.
    volume_size_gb: int
        Size of each instance's volume in GiB, 1 to 16384. By default 30.
    encrypt_volume: bool
        Whether the volume is encrypted by the job's key. By default it is. Instances with local NVMe storage
        (m5d, g4dn, g5, ...) encrypt it in hardware and refuse a key: they need False.
    max_runtime: Duration
        Time after which the job is stopped, 1 second to 28 days. By default 1 hour.
    spot: Spot, optional
        Use spot capacity, with checkpoints beside the model. By default the capacity is on demand.

    Raises
    ------
    ValueError
        If a value is out of range, the volume cannot be encrypted, or spot waits for less than the job runs.

    Notes
    -----
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html,
    https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html

    Example
    -------
        >>> Compute(instance_type="ml.c5.2xlarge", spot=Spot(max_wait=Duration.hours(2)))
    """

    instance_type: str = "ml.m5.xlarge"
    instance_count: int = 1
    volume_size_gb: int = 30
    encrypt_volume: bool = True
    max_runtime: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(1))
    spot: Spot | None = None

    def __post_init__(self) -> None:
        matched = _TYPE.fullmatch(self.instance_type)
        if not matched:
            raise ValueError(f"'instance_type' must look like 'ml.m5.xlarge', got '{self.instance_type}'")
        if self.encrypt_volume and _has_local_storage(matched["family"]):
            raise ValueError(
                f"'{self.instance_type}' has local NVMe storage, which its hardware encrypts and for which SageMaker "
                "refuses a key; set 'encrypt_volume' to False, or choose another type"
            )
        if self.instance_count < 1:
            raise ValueError(f"'instance_count' must be at least 1, got {self.instance_count}")
        if not 1 <= self.volume_size_gb <= 16_384:
            raise ValueError(f"'volume_size_gb' must be 1 to 16384, got {self.volume_size_gb}")
        runtime = _seconds(self.max_runtime)
        if not 1 <= runtime <= _seconds(Duration.days(28)):
            raise ValueError(f"'max_runtime' must be 1 second to 28 days, got {runtime} seconds")
        if self.spot and _seconds(self.spot.max_wait) < runtime:
            raise ValueError(
                f"'max_wait' covers waiting and training: it must be at least 'max_runtime' ({runtime} seconds), "
                f"got {_seconds(self.spot.max_wait)} seconds"
            )

    @property
    def time_limit(self) -> Duration:
        """The longest that the job can take from its start to its end."""
        return self.spot.max_wait if self.spot else self.max_runtime

    def stopping_condition(self) -> dict[str, int]:
        """Return the limits as CreateTrainingJob takes them."""
        wait = {"MaxWaitTimeInSeconds": _seconds(self.spot.max_wait)} if self.spot else {}
        return {"MaxRuntimeInSeconds": _seconds(self.max_runtime), **wait}


@checked
@dataclass(frozen=True, kw_only=True)
class TrainingNetwork:
    """Subnets and security groups of a training job; S3 must be reachable, for instance by a gateway endpoint.

    Parameters
    ----------
    subnets: sequence of ec2.ISubnet
        1 to 16 subnets.
    security_groups: sequence of ec2.ISecurityGroup
        1 to 5 security groups; those of several instances must allow traffic among themselves.

    Raises
    ------
    ValueError
        If there are too few or too many.
    """

    subnets: Sequence[ec2.ISubnet]
    security_groups: Sequence[ec2.ISecurityGroup]

    def __post_init__(self) -> None:
        for name, found, most in (("subnets", self.subnets, 16), ("security_groups", self.security_groups, 5)):
            if not 1 <= len(found) <= most:
                raise ValueError(f"'{name}' must be 1 to {most}, got {len(found)}")

    def render(self) -> dict[str, list[str]]:
        """Return the network as CreateTrainingJob takes it."""
        return {
            "Subnets": [subnet.subnet_id for subnet in self.subnets],
            "SecurityGroupIds": [group.security_group_id for group in self.security_groups],
        }


def _has_local_storage(family: str) -> bool:
    base, _, _ = family.partition("-")
    return base in _LOCAL_STORAGE or bool(re.fullmatch(r"[a-z]+\d+[a-z]*d[a-z]*", base))


def _seconds(duration: Duration) -> int:
    return int(duration.to_seconds())
