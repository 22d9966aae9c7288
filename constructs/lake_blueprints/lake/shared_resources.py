"""Shared resources of a lake: key, zones, databases, workgroup, topic."""

from __future__ import annotations

from typing import Any

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.analytics.athena import Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import OptimizerRole
from lake_blueprints.foundation.encryption import HashSalt, LakeKey
from lake_blueprints.storage.s3 import AccessLogBucket, LifecycleRule, Zone

# Ids of what is defined when the first dataset or role needs it.
_RESTRICTED, _SALT = "RestrictedWorkgroup", "Salt"


class SharedResources:
    """Key, zones, databases, workgroup and topic of a lake, defined as its children.

    Parameters
    ----------
    lake: Construct
        The lake.
    raw_expire_after: Duration, optional
        Age at which raw records are deleted.
    curated_database_name: str, optional
        Name of the database of curated tables. By default derived from its path.
    removal_policy: RemovalPolicy
        What happens to all that holds data.
    """

    def __init__(
        self,
        lake: Construct,
        *,
        raw_expire_after: Duration | None,
        curated_database_name: str | None,
        removal_policy: RemovalPolicy,
    ) -> None:
        self._lake = lake
        self.key = LakeKey(lake, "Key", removal_policy=removal_policy).key
        logs = AccessLogBucket(lake, "AccessLogs", removal_policy=removal_policy)
        self._kept: dict[str, Any] = {"removal_policy": removal_policy}
        self._logged: dict[str, Any] = {"encryption_key": self.key, "access_logs": logs, **self._kept}
        expiry = [LifecycleRule(expire_after=raw_expire_after)] if raw_expire_after else []
        self.raw = Zone(lake, "Raw", lifecycle=expiry, **self._logged)
        self.curated = Zone(lake, "Curated", **self._logged)
        self.analytics = Zone(lake, "Analytics", **self._logged)
        self.raw_database = Database(lake, "RawDatabase", zone=self.raw, **self._kept)
        self.curated_database = Database(
            lake, "CuratedDatabase", zone=self.curated, database_name=curated_database_name, **self._kept
        )
        self.analytics_database = Database(lake, "AnalyticsDatabase", zone=self.analytics, **self._kept)
        self.workgroup = Workgroup(lake, "Workgroup", **self._logged)
        self.topic = sns.Topic(lake, "Topic", master_key=self.key, enforce_ssl=True)
        kept = "alarms and executions stay in CloudWatch; a queue of messages that failed would need a reader"
        Validations.of(self.topic).acknowledge(Acknowledgment(id="Serverless-SNSRedrivePolicy", reason=kept))

    def optimizer_role(self, database: Database) -> OptimizerRole:
        """Return the role that the optimizers of a database's tables share."""
        name = f"{database.node.id}Optimizers"
        found = self._lake.node.try_find_child(name)
        return found if isinstance(found, OptimizerRole) else OptimizerRole(self._lake, name, database=database)

    def salt(self) -> HashSalt:
        """Return the one salt of all datasets, so that their hashes can be joined."""
        found = self._lake.node.try_find_child(_SALT)
        return (
            found if isinstance(found, HashSalt) else HashSalt(self._lake, _SALT, encryption_key=self.key, **self._kept)
        )

    def restricted_workgroup(self) -> Workgroup:
        """Return the workgroup of those who may see restricted columns."""
        found = self._lake.node.try_find_child(_RESTRICTED)
        return found if isinstance(found, Workgroup) else Workgroup(self._lake, _RESTRICTED, **self._logged)
