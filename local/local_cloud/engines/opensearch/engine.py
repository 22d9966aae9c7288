"""OpenSearch: domains and collections at which a server answers, in place of moto's addresses without one."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.opensearch.models import OpenSearchDomain, OpenSearchServiceBackend, opensearch_backends
from moto.opensearch.responses import OpenSearchServiceResponse
from moto.utilities.utils import get_partition

from local_cloud.engines.engine import Engine
from local_cloud.engines.opensearch import collections, domains
from local_cloud.engines.opensearch.gate import Asked, Gate
from local_cloud.engines.opensearch.server import PACKAGE, SearchServer
from local_cloud.engines.opensearch.serverless import Serverless
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service, ServiceError

_create_domain = OpenSearchServiceResponse.create_domain
_delete_domain = OpenSearchServiceBackend.delete_domain


class OpenSearchEngine(Engine):
    """Opens a server for each domain and each collection."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._domains: dict[str, SearchServer] = {}
        self._serverless = Serverless(runtime.account, partition=get_partition, open_server=self._open)

    def services(self) -> tuple[Service, ...]:
        return (self._serverless.service,)

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.opensearch.responses", "OpenSearchServiceResponse.create_domain")
        def create_domain(self: Any) -> str:
            name, known = self._get_param("DomainName"), self.opensearch_backend.domains
            if name in known:
                raise JsonRESTError("ResourceAlreadyExistsException", f"Domain already exists: {name}")
            try:
                PACKAGE.require("a domain of OpenSearch")
            except LocalCloudError as error:
                raise JsonRESTError("ValidationException", str(error)) from None
            answer: str = _create_domain(self)
            if known[name].is_es:
                return answer
            engine._attach(known[name])
            return json.dumps({"DomainStatus": known[name].to_dict()})

        @patches.replace("moto.opensearch.models", "OpenSearchServiceBackend.delete_domain")
        def delete_domain(self: Any, domain_name: str) -> OpenSearchDomain:
            domain: OpenSearchDomain = _delete_domain(self, domain_name)
            if server := engine._domains.pop(domain.arn, None):
                server.stop()
            return domain

        return patches

    def state(self) -> dict[str, Any]:
        return {
            "regions": self._serverless.regions,
            "domains": {arn: server.state() for arn, server in self._domains.items()},
            "collections": {name: server.state() for name, server in self._serverless.servers.items()},
        }

    def restore(self, state: dict[str, Any] | None) -> None:
        if state is None:
            return
        self._serverless.regions.update(state["regions"])
        for regional in opensearch_backends.values():
            for backend in regional.values():
                for domain in backend.domains.values():
                    if domain.arn in state["domains"]:
                        self._attach(domain, state["domains"][domain.arn])
        for region, content in self._serverless.regions.items():
            for identifier, collection in content.collections.items():
                self._serverless.servers[identifier] = self._open(region, collection, state["collections"][identifier])

    def _attach(self, domain: Any, kept: dict[str, Any] | None = None) -> None:
        """Open the server of a domain, and make its address that of the domain."""

        def note(role: str, asked: Asked) -> None:
            action = f"es:ESHttp{asked.method.capitalize()}"
            self.runtime.recording.note(role, action, f"domain/{domain.domain_name}{asked.path}")

        server = SearchServer(
            self.runtime,
            name=f"domain-{domain.arn.split(':')[3]}-{domain.domain_name}",
            gate=lambda forward: Gate(
                self.runtime,
                service="es",
                forward=forward,
                refuse=domains.refuse,
                note=note,
                user=lambda: domains.master_user(domain),
            ),
            kept=kept,
        )
        if domain.endpoints is None:
            domain.endpoint = server.endpoint
        else:
            domain.endpoints = {"vpc": server.endpoint}
        self._domains[domain.arn] = server

    def _open(self, region: str, collection: dict[str, Any], kept: dict[str, Any] | None = None) -> SearchServer:
        try:
            PACKAGE.require("a collection of OpenSearch Serverless")
        except LocalCloudError as error:
            raise ServiceError("ValidationException", str(error)) from None

        def note(role: str, asked: Asked) -> None:
            self.runtime.recording.note(role, "aoss:APIAccessAll", f"collection/{collection['id']}")

        return SearchServer(
            self.runtime,
            name=f"collection-{region}-{collection['name']}",
            gate=lambda forward: Gate(
                self.runtime,
                service="aoss",
                forward=forward,
                refuse=lambda asked: collections.refuse(
                    asked,
                    name=collection["name"],
                    kind=collection["type"],
                    policies=self._serverless.region(region).data_policies(),
                ),
                note=note,
            ),
            kept=kept,
        )
