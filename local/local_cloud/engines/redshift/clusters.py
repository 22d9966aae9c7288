"""Redshift clusters: moto's, with a managed password, pausing, parameters, scheduled actions and usage limits.

Above 200 lines: one class with the operations that moto lacks, most of them a few lines.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.redshift.exceptions import (
    ClusterParameterGroupNotFoundError,
    ClusterSubnetGroupNotFoundError,
    InvalidParameterCombinationError,
    RedshiftClientError,
)
from moto.redshift.models import RedshiftBackend
from moto.redshift.responses import RedshiftResponse
from moto.utilities.utils import get_partition

from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_MODELS, _RESPONSES = "moto.redshift.models", "moto.redshift.responses"
_AVAILABLE, _PAUSED = "available", "paused"
_ACTION, _LIMIT = "ScheduledActionName", "UsageLimitId"
_PASSWORD_BYTES = 24

_create, _describe_parameters = RedshiftResponse.create_cluster, RedshiftBackend.describe_cluster_parameters
_modify, _delete = RedshiftBackend.modify_cluster, RedshiftBackend.delete_cluster
_pause, _resume = RedshiftBackend.pause_cluster, RedshiftBackend.resume_cluster


@dataclass(kw_only=True)
class _Region:
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)


class RedshiftClustersEngine(Engine):
    """The parts that moto's clusters lack; their SQL is the Data API's."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._regions: dict[str, _Region] = {}

    def state(self) -> dict[str, _Region]:
        return self._regions

    def restore(self, state: dict[str, _Region] | None) -> None:
        self._regions.update(state or {})

    def patches(self) -> Patches:
        patches = Patches()
        self._patch_clusters(patches)
        _patch_states(patches, self.runtime)
        _patch_parameters(patches)
        self._patch_actions(patches)
        self._patch_limits(patches)
        return patches

    def _patch_clusters(self, patches: Patches) -> None:
        engine = self

        @patches.replace(_RESPONSES, "RedshiftResponse.create_cluster")
        def create_cluster(self: Any) -> ActionResult:
            asked, backend = self._get_params(), self.redshift_backend
            subnets, parameters = asked.get("ClusterSubnetGroupName"), asked.get("ClusterParameterGroupName")
            if subnets and subnets not in backend.subnet_groups:
                raise ClusterSubnetGroupNotFoundError(subnets)
            if parameters and parameters not in backend.parameter_groups:
                raise ClusterParameterGroupNotFoundError(parameters)
            managed = asked.get("ManageMasterPassword")
            if bool(managed) == bool(asked.get("MasterUserPassword")):
                raise InvalidParameterCombinationError("Either MasterUserPassword or ManageMasterPassword is needed.")
            answer: ActionResult = _create(self)
            cluster = backend.clusters[asked["ClusterIdentifier"]]
            # Serialized by these names.
            cluster.default_iam_role_arn = asked.get("DefaultIamRoleArn")
            cluster.multi_az = "Enabled" if asked.get("MultiAZ") else "Disabled"
            cluster.cluster_namespace_arn = engine._arn(self.region, "namespace", str(uuid.uuid4()))
            if managed:
                cluster.master_password_secret_kms_key_id = asked.get("MasterPasswordSecretKmsKeyId")
                cluster.master_password_secret_arn = engine._secret(self.region, cluster)
            return answer

    def _patch_actions(self, patches: Patches) -> None:
        engine = self

        @patches.add(_RESPONSES, "RedshiftResponse.create_scheduled_action")
        def create_scheduled_action(self: Any) -> ActionResult:
            asked = self._get_params()
            actions = engine._region(self.region).actions
            if asked[_ACTION] in actions:
                raise RedshiftClientError("ScheduledActionAlreadyExists", f"{asked[_ACTION]} already exists.")
            actions[asked[_ACTION]] = found = _scheduled(asked)
            return ActionResult(found)

        @patches.add(_RESPONSES, "RedshiftResponse.modify_scheduled_action")
        def modify_scheduled_action(self: Any) -> ActionResult:
            asked = self._get_params()
            found = engine._action(self.region, asked[_ACTION])
            found |= _scheduled({"Enable": found["State"] == "ACTIVE", **asked})
            return ActionResult(found)

        @patches.add(_RESPONSES, "RedshiftResponse.delete_scheduled_action")
        def delete_scheduled_action(self: Any) -> EmptyResult:
            name = self._get_params()[_ACTION]
            engine._action(self.region, name)
            del engine._region(self.region).actions[name]
            return EmptyResult()

        @patches.add(_RESPONSES, "RedshiftResponse.describe_scheduled_actions")
        def describe_scheduled_actions(self: Any) -> ActionResult:
            name = self._get_params().get(_ACTION)
            found = [engine._action(self.region, name)] if name else [*engine._region(self.region).actions.values()]
            return ActionResult({"ScheduledActions": found})

    def _patch_limits(self, patches: Patches) -> None:
        engine = self

        @patches.add(_RESPONSES, "RedshiftResponse.create_usage_limit")
        def create_usage_limit(self: Any) -> ActionResult:
            asked = {"Period": "monthly", "BreachAction": "log", **self._get_params()}
            self.redshift_backend.describe_clusters(asked["ClusterIdentifier"])
            limits = engine._region(self.region).limits
            same = ("ClusterIdentifier", "FeatureType", "LimitType", "Period")
            if any(all(one[name] == asked[name] for name in same) for one in limits.values()):
                raise RedshiftClientError("UsageLimitAlreadyExists", "A usage limit of this kind and period exists.")
            found = {**asked, _LIMIT: str(uuid.uuid4())}
            limits[found[_LIMIT]] = found
            return ActionResult(found)

        @patches.add(_RESPONSES, "RedshiftResponse.modify_usage_limit")
        def modify_usage_limit(self: Any) -> ActionResult:
            asked = self._get_params()
            found = engine._limit(self.region, asked[_LIMIT])
            found |= asked
            return ActionResult(found)

        @patches.add(_RESPONSES, "RedshiftResponse.delete_usage_limit")
        def delete_usage_limit(self: Any) -> EmptyResult:
            identity = self._get_params()[_LIMIT]
            engine._limit(self.region, identity)
            del engine._region(self.region).limits[identity]
            return EmptyResult()

        @patches.add(_RESPONSES, "RedshiftResponse.describe_usage_limits")
        def describe_usage_limits(self: Any) -> ActionResult:
            asked = {name: value for name, value in self._get_params().items() if name in (_LIMIT, "ClusterIdentifier")}
            found = [one for one in engine._region(self.region).limits.values() if asked.items() <= one.items()]
            return ActionResult({"UsageLimits": found})

    def _region(self, name: str) -> _Region:
        return self._regions.setdefault(name, _Region())

    def _action(self, region: str, name: str) -> dict[str, Any]:
        found = self._region(region).actions.get(name)
        if found is None:
            raise RedshiftClientError("ScheduledActionNotFound", f"Scheduled action {name} not found.")
        return found

    def _limit(self, region: str, identity: str) -> dict[str, Any]:
        found = self._region(region).limits.get(identity)
        if found is None:
            raise RedshiftClientError("UsageLimitNotFound", f"Usage limit {identity} not found.")
        return found

    def _secret(self, region: str, cluster: Any) -> str:
        key = cluster.master_password_secret_kms_key_id
        content = {"username": cluster.master_username, "password": secrets.token_urlsafe(_PASSWORD_BYTES)}
        made = self.runtime.client("secretsmanager", region).create_secret(
            Name=f"redshift!{cluster.cluster_identifier}-{cluster.master_username}",
            SecretString=json.dumps(content),
            **({"KmsKeyId": key} if key else {}),
        )
        return str(made["ARN"])

    def _arn(self, region: str, kind: str, name: str) -> str:
        return f"arn:{get_partition(region)}:redshift:{region}:{self.runtime.account}:{kind}:{name}"


def _patch_states(patches: Patches, runtime: Runtime) -> None:
    """Have a paused cluster refuse what AWS's refuses."""

    @patches.replace(_MODELS, "RedshiftBackend.pause_cluster")
    def pause_cluster(self: Any, cluster_id: str) -> Any:
        _require(self, cluster_id, _AVAILABLE)
        return _pause(self, cluster_id)

    @patches.replace(_MODELS, "RedshiftBackend.resume_cluster")
    def resume_cluster(self: Any, cluster_id: str) -> Any:
        _require(self, cluster_id, _PAUSED)
        return _resume(self, cluster_id)

    @patches.replace(_MODELS, "RedshiftBackend.modify_cluster")
    def modify_cluster(self: Any, **cluster_kwargs: Any) -> Any:
        _require(self, cluster_kwargs["cluster_identifier"], _AVAILABLE)
        return _modify(self, **cluster_kwargs)

    @patches.replace(_MODELS, "RedshiftBackend.delete_cluster")
    def delete_cluster(self: Any, **cluster_kwargs: Any) -> Any:
        _require(self, cluster_kwargs["cluster_identifier"], _AVAILABLE)
        cluster = _delete(self, **cluster_kwargs)
        if secret := getattr(cluster, "master_password_secret_arn", None):
            runtime.client("secretsmanager", cluster.region).delete_secret(
                SecretId=secret, ForceDeleteWithoutRecovery=True
            )
        return cluster


def _patch_parameters(patches: Patches) -> None:
    @patches.add(_RESPONSES, "RedshiftResponse.modify_cluster_parameter_group")
    def modify_cluster_parameter_group(self: Any) -> ActionResult:
        asked = self._get_params()
        name = asked["ParameterGroupName"]
        (group,) = self.redshift_backend.describe_cluster_parameter_groups(name)
        known = self.redshift_backend.default_params
        for parameter in asked["Parameters"]:
            if parameter["ParameterName"] not in known:
                raise RedshiftClientError(
                    "InvalidParameterValue", f"Could not find parameter with name: {parameter['ParameterName']}"
                )
            vars(group).setdefault("values", {})[parameter["ParameterName"]] = parameter["ParameterValue"]
        return ActionResult(
            {"ParameterGroupName": name, "ParameterGroupStatus": "Your parameter group has been updated"}
        )

    @patches.replace(_MODELS, "RedshiftBackend.describe_cluster_parameters")
    def describe_cluster_parameters(self: Any, parameter_group_name: str) -> list[dict[str, Any]]:
        parameters = _describe_parameters(self, parameter_group_name)
        values = vars(self.parameter_groups[parameter_group_name]).get("values", {})
        return [
            {**one, "ParameterValue": values[one["ParameterName"]], "Source": "user"}
            if one["ParameterName"] in values
            else one
            for one in parameters
        ]


def _require(backend: Any, name: str, status: str) -> None:
    (cluster,) = backend.describe_clusters(name)
    if cluster.status != status:
        raise RedshiftClientError(
            "InvalidClusterState", f"Cluster {name} is {cluster.status}, and must be {status} for this operation."
        )


def _scheduled(asked: dict[str, Any]) -> dict[str, Any]:
    enabled = asked.get("Enable", True)
    kept = {name: value for name, value in asked.items() if name != "Enable"}
    return {**kept, "State": "ACTIVE" if enabled else "DISABLED"}
