"""ElastiCache: serverless caches and user groups, which moto lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import InvalidParameterValueException, UserNotFound
from moto.elasticache.models import elasticache_backends
from moto.utilities.utils import get_partition

from local_cloud.engines.engine import Engine
from local_cloud.engines.valkey.cache import PACKAGE, Cache, CacheUser
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_RESPONSES = ("moto.elasticache.responses", "ElastiCacheResponse")
_ENGINES = ("valkey", "redis")


@dataclass(kw_only=True)
class _Region:
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    caches: dict[str, dict[str, Any]] = field(default_factory=dict)


class ValkeyEngine(Engine):
    """Runs a Valkey for each serverless cache."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._regions: dict[str, _Region] = {}
        self._caches: dict[str, Cache] = {}

    def patches(self) -> Patches:
        patches = Patches()
        engine, (module, owner) = self, _RESPONSES

        @patches.add(module, f"{owner}.create_user_group")
        def create_user_group(self: Any) -> ActionResult:
            asked = self._get_params()
            name = asked["UserGroupId"].lower()
            groups = engine._region(self.region).groups
            if name in groups:
                raise InvalidParameterValueException(f"User Group {name} already exists.")
            known = elasticache_backends[self.current_account][self.region].users
            for user in asked.get("UserIds", ()):
                if user not in known:
                    raise UserNotFound(user)
            arn = engine._arn(self.region, "usergroup", name)
            groups[name] = {
                "UserGroupId": name,
                "Status": "active",
                "Engine": asked["Engine"],
                "UserIds": list(asked.get("UserIds", ())),
                "ARN": arn,
            }
            return ActionResult(groups[name])

        @patches.add(module, f"{owner}.describe_user_groups")
        def describe_user_groups(self: Any) -> ActionResult:
            wanted = self._get_params().get("UserGroupId")
            groups = engine._region(self.region).groups.values()
            return ActionResult({"UserGroups": [one for one in groups if wanted in (None, one["UserGroupId"])]})

        @patches.add(module, f"{owner}.delete_user_group")
        def delete_user_group(self: Any) -> ActionResult:
            name = self._get_params()["UserGroupId"]
            region = engine._region(self.region)
            if name not in region.groups:
                raise InvalidParameterValueException(f"User Group {name} not found.")
            return ActionResult({**region.groups.pop(name), "Status": "deleting"})

        @patches.add(module, f"{owner}.create_serverless_cache")
        def create_serverless_cache(self: Any) -> ActionResult:
            try:
                PACKAGE.require("a serverless cache of ElastiCache")
                cache = engine._create(self.region, self.current_account, self._get_params())
            except LocalCloudError as error:
                raise InvalidParameterValueException(str(error)) from None
            return ActionResult({"ServerlessCache": cache})

        @patches.add(module, f"{owner}.describe_serverless_caches")
        def describe_serverless_caches(self: Any) -> ActionResult:
            wanted = self._get_params().get("ServerlessCacheName")
            caches = engine._region(self.region).caches.values()
            return ActionResult(
                {"ServerlessCaches": [one for one in caches if wanted in (None, one["ServerlessCacheName"])]}
            )

        @patches.add(module, f"{owner}.delete_serverless_cache")
        def delete_serverless_cache(self: Any) -> ActionResult:
            name = self._get_params()["ServerlessCacheName"]
            caches = engine._region(self.region).caches
            if name not in caches:
                raise InvalidParameterValueException(f"ServerlessCache {name} not found.")
            engine._caches.pop(caches[name]["ARN"]).stop()
            return ActionResult({"ServerlessCache": {**caches.pop(name), "Status": "deleting"}})

        return patches

    def state(self) -> dict[str, _Region]:
        return self._regions

    def restore(self, state: dict[str, _Region] | None) -> None:
        self._regions.update(state or {})
        for name, region in self._regions.items():
            for cache in region.caches.values():
                self._open(name, self.runtime.account, cache, cache["Endpoint"]["Port"])

    def _region(self, name: str) -> _Region:
        return self._regions.setdefault(name, _Region())

    def _arn(self, region: str, kind: str, name: str) -> str:
        return f"arn:{get_partition(region)}:elasticache:{region}:{self.runtime.account}:{kind}:{name}"

    def _create(self, region: str, account: str, asked: dict[str, Any]) -> dict[str, Any]:
        name, engine = asked["ServerlessCacheName"].lower(), asked["Engine"].lower()
        known = self._region(region)
        if name in known.caches:
            raise InvalidParameterValueException(f"ServerlessCache {name} already exists.")
        if engine not in _ENGINES:
            raise LocalCloudError(f"a serverless cache of engine {engine} is not supported by the local cloud")
        group = asked.get("UserGroupId")
        if group and group not in known.groups:
            raise InvalidParameterValueException(f"User Group {group} not found.")
        cache = {**asked, "ServerlessCacheName": name, "Status": "available", "FullEngineVersion": "9.1"}
        cache["ARN"] = self._arn(region, "serverlesscache", name)
        cache.pop("Tags", None)
        port = self._open(region, account, cache)
        cache["Endpoint"] = cache["ReaderEndpoint"] = {"Address": "localhost", "Port": port}
        known.caches[name] = cache
        return cache

    def _open(self, region: str, account: str, cache: dict[str, Any], port: int | None = None) -> int:
        group = self._region(region).groups.get(cache.get("UserGroupId") or "")
        users = elasticache_backends[account][region].users
        self._caches[cache["ARN"]] = opened = Cache(
            self.runtime,
            name=cache["ServerlessCacheName"],
            arn=cache["ARN"],
            users=[_user(users[one]) for one in group["UserIds"]] if group else [],
            port=port,
        )
        return opened.port


def _user(found: Any) -> CacheUser:
    return CacheUser(
        id=found.id,
        name=found.name,
        access=found.access_string,
        by_iam=found.authentication_type == "iam",
        passwords=tuple(found.passwords),
    )
