"""Compute of a replication: serverless capacity, or an instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked
from template_checks.limits import dms as limits


@checked
@dataclass(frozen=True, kw_only=True)
class Serverless:
    """Capacity that DMS provisions while the replication is started, and that costs nothing while it is stopped.

    Parameters
    ----------
    min_capacity: int
        Capacity units of 2 GB memory that are always there, 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384. By default 1.
    max_capacity: int
        Capacity units up to which DMS scales, from the same numbers. By default 4.
    multi_az: bool
        Whether a standby waits in a second Availability Zone, at twice the price. By default none does.

    Raises
    ------
    ValueError
        If a number is none that DMS takes, or the least is above the most.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/APIReference/API_ComputeConfig.html

    Example
    -------
        >>> Serverless(max_capacity=16)
    """

    min_capacity: int = 1
    max_capacity: int = 4
    multi_az: bool = False

    def __post_init__(self) -> None:
        limits.CAPACITY.check("min_capacity", self.min_capacity)
        limits.CAPACITY.check("max_capacity", self.max_capacity)
        if self.min_capacity > self.max_capacity:
            raise ValueError(
                f"'min_capacity' must be at most 'max_capacity', {self.max_capacity}, got {self.min_capacity}"
            )


@checked
@dataclass(frozen=True, kw_only=True)
class Instance:
    """Replication instance of a class, which is charged for by the hour whether the replication runs or not.

    Parameters
    ----------
    instance_class: str
        Class of the instance, such as dms.t3.medium.
    storage_gb: int
        Storage for logs and cached changes in GB, 5 to 6,144. By default 50.
    multi_az: bool
        Whether a standby waits in a second Availability Zone, at twice the price. By default none does.

    Raises
    ------
    ValueError
        If the class is none of DMS, or the storage is out of range.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_ReplicationInstance.Types.html

    Example
    -------
        >>> Instance(instance_class="dms.t3.medium")
    """

    instance_class: str
    storage_gb: int = 50
    multi_az: bool = False

    def __post_init__(self) -> None:
        if not self.instance_class.startswith("dms."):
            raise ValueError(
                f"'instance_class' must be a class of DMS, such as dms.t3.medium, got '{self.instance_class}'"
            )
        limits.INSTANCE_STORAGE.check("storage_gb", self.storage_gb)


@dataclass(frozen=True, kw_only=True)
class Calls:
    """Calls that start, stop and look at a replication, which have other names for serverless ones and for tasks.

    Parameters
    ----------
    start, stop, describe: str
        Actions of the API.
    arn_member, type_member: str
        Members of requests: the ARN, and how a start begins.
    filter: str
        Name of the filter by which `describe` finds it.
    found: str
        Member of its answer that lists what it found.
    stats: str
        Member of what it found that has the statistics.
    failure: str
        Member of what it found that says why it failed.
    """

    start: str
    stop: str
    describe: str
    arn_member: str
    type_member: str
    filter: str
    found: str
    stats: str
    failure: str

    def filters(self, arn: str) -> Mapping[str, object]:
        """Return the parameters with which `describe` finds one replication."""
        return {"Filters": [{"Name": self.filter, "Values": [arn]}]}


SERVERLESS_CALLS = Calls(
    start="StartReplication",
    stop="StopReplication",
    describe="DescribeReplications",
    arn_member="ReplicationConfigArn",
    type_member="StartReplicationType",
    filter="replication-config-arn",
    found="Replications",
    stats="ReplicationStats",
    failure="FailureMessages",
)
TASK_CALLS = Calls(
    start="StartReplicationTask",
    stop="StopReplicationTask",
    describe="DescribeReplicationTasks",
    arn_member="ReplicationTaskArn",
    type_member="StartReplicationTaskType",
    filter="replication-task-arn",
    found="ReplicationTasks",
    stats="ReplicationTaskStats",
    failure="LastFailureMessage",
)
