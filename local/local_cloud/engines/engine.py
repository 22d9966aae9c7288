"""Engines: real programs behind AWS APIs that moto only pretends to serve."""

from __future__ import annotations

from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime


class Engine:
    """One engine of the local cloud.

    A subclass returns the moto functions that it replaces from `patches`; the replacements may use
    `self.runtime`. `start` is called once the server listens, `drain` whenever a caller asks that buffered
    work be finished now rather than when its interval has passed.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def patches(self) -> Patches:
        return Patches()

    def start(self) -> None:
        """Begin background work."""

    def stop(self) -> None:
        """End work that runs in the background; the APIs still answer."""

    def drain(self) -> None:
        """Finish buffered work now."""
