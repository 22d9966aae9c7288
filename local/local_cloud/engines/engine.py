"""Engines: real programs behind AWS APIs that moto only pretends to serve."""

from __future__ import annotations

from collections.abc import Iterable

from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service


class Engine:
    """One engine of the local cloud, found by `discovery.find_engines`.

    A subclass returns the moto functions that it replaces from `patches`, and the APIs that moto lacks from
    `services`; both may use `self.runtime`. A module of an engine imports an optional package within the function that
    needs it (`packages.OptionalPackage`). `start` is called once the server listens, `drain` whenever a caller asks
    that buffered work be finished now rather than when its interval has passed.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def patches(self) -> Patches:
        return Patches()

    def services(self) -> Iterable[Service]:
        return ()

    def start(self) -> None:
        """Begin background work."""

    def stop(self) -> None:
        """End work that runs in the background; the APIs still answer."""

    def drain(self) -> None:
        """Finish buffered work now."""
