"""One request for a page of the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.engines.engine import Engine
from local_cloud.server.runtime import Runtime


class Moved(Exception):
    """An action is done; the arguments are the view that shows it, and its parameters."""

    def __init__(self, view: str, **parameters: str) -> None:
        super().__init__(view)
        self.view, self.parameters = view, parameters


@dataclass(frozen=True, kw_only=True)
class Request:
    """The parameters of a page, and the cloud that it is about.

    Parameters
    ----------
    runtime: Runtime
        The running cloud.
    engines: Sequence[Engine]
        Its engines, which know what is buffered.
    drain: Callable
        Delivers what is buffered.
    client_of: Callable
        Returns a boto3 client of this cloud for a service and a region.
    region: str
        Region whose resources are shown.
    parameters: Mapping[str, str]
        The query of a GET, the form of a POST.
    """

    runtime: Runtime
    engines: Sequence[Engine]
    drain: Callable[[], None]
    client_of: Callable[[str, str], Any]
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.parameters.get(name, "")

    def client(self, service: str) -> Any:
        """Return a boto3 client of this cloud; it has this cloud's key, so no call is recorded under a role."""
        return self.client_of(service, self.region)

    def all(self, service: str, operation: str, member: str, *, most: int = 1000, **arguments: Any) -> list[Any]:
        """Return what an operation lists under `member`, from all of its pages, up to `most` of it."""
        client = self.client(service)
        if not client.can_paginate(operation):
            return list(getattr(client, operation)(**arguments)[member])[:most]
        found: list[Any] = []
        for page in client.get_paginator(operation).paginate(**arguments):
            found += page[member]
            if len(found) >= most:
                break
        return found[:most]
