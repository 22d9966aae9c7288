"""Grants of the roles that contracts declare."""

from __future__ import annotations

from aws_cdk import aws_iam as iam

from lake_blueprints.contracts import AccessRole, Dataset
from lake_blueprints.foundation.access import combine
from lake_blueprints.lake.dataset_resources import DatasetResources
from lake_blueprints.lake.shared_resources import SharedResources

_ACCESS = ("read", "write", "read_write")


def grant_role(shared: SharedResources, resources: DatasetResources, grantee: iam.IGrantable, role: str) -> iam.Grant:
    """Grant the access that the contract of a dataset gives to a role.

    Raises
    ------
    ValueError
        If the contract has no such role, the role's access is none that is known, or it writes a dataset that a
        replication brings.
    """
    found = _role(resources.dataset, role)
    grants = []
    if found.access in ("read", "read_write"):
        grants.append(_grant_read(shared, resources, grantee, restricted=found.restricted))
    if found.access in ("write", "read_write"):
        grants.append(_grant_write(shared, resources, grantee))
    return combine(*grants)


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


def _grant_read(
    shared: SharedResources, resources: DatasetResources, grantee: iam.IGrantable, *, restricted: bool
) -> iam.Grant:
    if resources.masked and restricted:
        # Everyone in a workgroup can read the results of all its queries.
        return combine(
            resources.table.grant_read(grantee, restricted=True),
            shared.restricted_workgroup().grant_run_queries(grantee),
        )
    table = resources.masked or resources.table
    return combine(table.grant_read(grantee), shared.workgroup.grant_run_queries(grantee))


def _grant_write(shared: SharedResources, resources: DatasetResources, grantee: iam.IGrantable) -> iam.Grant:
    if resources.replication:
        raise ValueError(
            f"dataset '{resources.dataset.name}' comes from a database by '{resources.replication.node.path}': who "
            "writes it writes there; grant the role's reading alone"
        )
    if resources.delivery:
        return resources.delivery.grant_write(grantee)
    return shared.raw.grant_write(grantee, prefix=resources.job.source_prefix)
