"""Engines: real programs behind AWS APIs that moto only pretends to serve."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service


@dataclass(frozen=True, kw_only=True)
class Buffered:
    """Records that an engine has taken and not yet delivered.

    Parameters
    ----------
    arn: str
        Resource in which they are.
    records, size: int
        Their number, and their bytes.
    seconds: float
        How long the oldest has been there.
    limit_seconds, limit_size: int
        The age and the bytes at which they are delivered.
    """

    arn: str
    records: int
    size: int
    seconds: float
    limit_seconds: int
    limit_size: int


class Engine:
    """One engine of the local cloud, found by `discovery.find_engines`.

    A subclass returns the moto functions that it replaces from `patches`, and the APIs that moto lacks from
    `services`; both may use `self.runtime`. A module of an engine imports an optional package within the function that
    needs it (`packages.OptionalPackage`). `start` is called once the server listens, `drain` whenever a caller asks
    that buffered work be finished now rather than when its interval has passed. What an engine holds in memory it gives
    by `state` and takes back by `restore`; what it holds in moto's own models is kept with these.
    """

    drain_order = 3
    """Place in the order of draining: an engine that delivers to another has the lower number."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def patches(self) -> Patches:
        return Patches()

    def services(self) -> Iterable[Service]:
        return ()

    def applications(self) -> Mapping[tuple[str, str], Callable[..., Iterable[bytes]]]:
        """Return WSGI applications for paths that no AWS SDK knows, by a service and the beginnings of these.

        They get only requests that are signed for the service, and answer them whatever the operations are.
        """
        return {}

    def state(self) -> Any:
        """Return what the engine holds, when the cloud is stopped and nothing runs; None: nothing.

        It is pickled in one piece with moto's models, so that objects which both refer to stay the same. Locks,
        functions and the runtime may be in it; open files and connections may not.
        """
        return None

    def restore(self, state: Any) -> None:
        """Take back what `state` has returned, or None; moto's models are there, the server does not answer yet."""

    def start(self) -> None:
        """Begin background work: when the server answers, and when a stop was refused."""

    def stop(self) -> None:
        """End work that runs in the background; the APIs still answer."""

    def drain(self) -> None:
        """Finish buffered work now."""

    def buffered(self) -> Iterable[Buffered]:
        """Return what `drain` would deliver, for each resource that buffers."""
        return ()
