"""Pollers of event sources: a thread for each mapping, until it is deleted."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import lambda_backends

from local_cloud.server.runtime import Runtime

_LOG = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.05

# The function by ARN, the event, the region; raises LocalCloudError if the function fails.
Invoke = Callable[[str, Any, str], Any]


class Poller(ABC):
    """The source of one mapping."""

    def __init__(self, mapping: Any) -> None:
        self.mapping = mapping
        self.busy = False

    @property
    def is_mapped(self) -> bool:
        """Whether the mapping and its source exist."""
        mapping = self.mapping
        mappings = lambda_backends[mapping.account_id][mapping.region]._event_source_mappings
        return mappings.get(mapping.uuid) is mapping and self.source_exists()

    @abstractmethod
    def source_exists(self) -> bool:
        """Tell whether the source is still there; another one of its name is not it."""

    @abstractmethod
    def waits(self) -> bool:
        """Tell whether there is something that could be handed on."""

    @abstractmethod
    def poll(self, *, at_once: bool) -> None:
        """Hand on what is due, or all that is there if it is to be `at_once`."""


class Pollers:
    """The pollers of all mappings."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._pollers: list[Poller] = []
        self._draining = threading.Event()

    def follow(self, poller: Poller) -> None:
        """Poll a source from now on."""
        self._pollers.append(poller)
        name = f"poll {poller.mapping.event_source_arn}"
        self._runtime.background(lambda: self._poll(poller), name, lasting=True)

    def drain(self) -> None:
        """Let batches be handed on as they are, and wait until nothing is there that could be."""
        self._draining.set()
        try:
            while any(one.busy or self._waits(one) for one in self._pollers) and not self._runtime.pausing.is_set():
                time.sleep(_PAUSE_SECONDS)
        finally:
            self._draining.clear()

    def _waits(self, poller: Poller) -> bool:
        return bool(poller.mapping.enabled and poller.is_mapped and poller.waits())

    def _poll(self, poller: Poller) -> None:
        while not self._runtime.pausing.wait(_PAUSE_SECONDS) and poller.is_mapped:
            poller.busy = True
            try:
                if poller.mapping.enabled:
                    poller.poll(at_once=self._draining.is_set())
            except Exception:
                # What is wrong with one batch must not end the mapping.
                _LOG.exception("%s", poller.mapping.event_source_arn)
            poller.busy = False
        self._pollers.remove(poller)
