"""Who may do what with a dataset, by the roles that its contract names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints.contracts import AccessRole, Dataset
from lake_blueprints.foundation.access import combine

if TYPE_CHECKING:
    from lake_blueprints.lake.data_lake import DataLake

_ACCESS = ("read", "write", "read_write")
_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+")


def grant_role(lake: DataLake, grantee: iam.IGrantable, dataset: str, role: str) -> iam.Grant:
    """Grant what a role of a contract may do.

    Raises
    ------
    ValueError
        If the lake has no such dataset, the contract no such role, or the role's access is none that is known.
    """
    if dataset not in lake.datasets:
        raise ValueError(f"the lake has no dataset '{dataset}'; it holds {', '.join(lake.datasets)}")
    found = _role(lake.datasets[dataset], role)
    grants = []
    if found.access in ("read", "read_write"):
        grants.append(_grant_read(lake, grantee, dataset, restricted=found.restricted))
    if found.access in ("write", "read_write"):
        grants.append(_grant_write(lake, grantee, dataset))
    return combine(*grants)


def subscribe_support(topic: sns.Topic, datasets: Iterable[Dataset]) -> None:
    """Send a topic's messages to the e-mail addresses that contracts name for notifications, once to each."""
    addresses = {
        address: None
        for dataset in datasets
        for channel in dataset.governance.support
        if (channel.scope or "").lower() == "notifications" and (channel.url or "").lower().startswith("mailto:")
        for address in _ADDRESS.findall((channel.url or "")[len("mailto:") :].partition("?")[0])
    }
    for address in addresses:
        topic.add_subscription(subscriptions.EmailSubscription(address))


def _role(dataset: Dataset, name: str) -> AccessRole:
    for role in dataset.roles:
        if role.name == name:
            if role.access not in _ACCESS:
                raise ValueError(
                    f"role '{name}' of dataset '{dataset.name}' has the access '{role.access}'; it must be one of "
                    f"{', '.join(_ACCESS)}"
                )
            return role
    known = ", ".join(role.name for role in dataset.roles) or "none"
    raise ValueError(f"the contract of dataset '{dataset.name}' has no role '{name}'; it has {known}")


def _grant_read(lake: DataLake, grantee: iam.IGrantable, dataset: str, *, restricted: bool) -> iam.Grant:
    masked = lake.masked.get(dataset)
    if masked is None:
        return combine(lake.tables[dataset].grant_read(grantee), lake.workgroup.grant_run_queries(grantee))
    if not restricted:
        return combine(masked.grant_read(grantee), lake.workgroup.grant_run_queries(grantee))
    # Everybody in a workgroup can read the results of all its queries.
    return combine(
        lake.tables[dataset].grant_read(grantee, restricted=True),
        lake.restricted_workgroup().grant_run_queries(grantee),
    )


def _grant_write(lake: DataLake, grantee: iam.IGrantable, dataset: str) -> iam.Grant:
    if dataset in lake.deliveries:
        return lake.deliveries[dataset].grant_write(grantee)
    return lake.raw.grant_write(grantee, prefix=lake.jobs[dataset].source_prefix)
