"""Classification of operations by the table, the engines and moto's handlers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from typing import Any

from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from local_cloud.engines.engine import Engine
from local_cloud.operations.table import CLAIMS, CONFIGURES, MADE_UP, SERVICES, Entry

_CONFIGURES = re.compile(rf"(?:{'|'.join(CONFIGURES)})(?![a-z])")
_CLAIMS = re.compile(rf"(?:Create|Put)\w*(?:{'|'.join(CLAIMS)})")
_MADE_UP = re.compile(rf"(?:Get|Describe|List)\w*(?:{'|'.join(MADE_UP)})")
# moto's name of a service's module, where it is not the service's without hyphens.
_MODULES = {"lambda": "awslambda"}
_OWN = frozenset(name for name, _ in inspect.getmembers(BaseResponse))


class Answer(StrEnum):
    """Kind of answer that an operation gets."""

    REAL = "real"
    """A real engine, or moto's own store of what it is given, stands behind it."""
    STORED = "stored"
    """Configuration that is kept and returned, and acted on by nothing."""
    REFUSED = "refused"
    """It fails, and its name is said."""


class Operations:
    """The operations of every service, of one cloud with its engines.

    Parameters
    ----------
    engines: Iterable[Engine]
        Those that run, with their patches applied.
    """

    def __init__(self, engines: Iterable[Engine]) -> None:
        self._by_engines: dict[str, set[str]] = {}
        for engine in engines:
            for service in engine.services():
                names = service.operations or get_service_model(service.name).operation_names
                if service.name not in SERVICES or service.operations:
                    self._by_engines.setdefault(service.name, set()).update(map(_plain, names))
            for patch in engine.patches().all:
                owner, _, method = patch.attribute.partition(".")
                handler = getattr(import_module(patch.module), owner, None)
                if inspect.isclass(handler) and issubclass(handler, BaseResponse):
                    response: Any = handler()
                    self._by_engines.setdefault(response.boto3_service_name, set()).add(_plain(method))
        self.services = frozenset(self._by_engines) | frozenset(SERVICES)
        """Services of which more is known than moto's handlers."""
        self._handlers: dict[str, frozenset[str]] = {}

    def answer(self, service: str, operation: str) -> Answer:
        """Return what the local cloud does with an operation."""
        entry = SERVICES.get(service, Entry())
        by_engine = _plain(operation) in self._by_engines.get(service, ())
        if by_engine and not _matches(operation, entry.stored):
            return Answer.REAL
        if _matches(operation, entry.refused) or not (entry.only or self._handled(service, operation)):
            return Answer.REFUSED
        if _matches(operation, entry.stored):
            return Answer.STORED
        if _matches(operation, entry.real):
            return Answer.REAL
        return Answer.REFUSED if entry.only else by_rule(operation)

    def has_answer(self, service: str, operation: str) -> bool:
        """Tell whether moto or an engine has an answer to an operation, whether it is given or not."""
        return self.answer(service, operation) is not Answer.REFUSED or self._handled(service, operation)

    def _handled(self, service: str, operation: str) -> bool:
        if service not in self._handlers:
            self._handlers[service] = _handlers(service)
        return _plain(operation) in self._handlers[service]


def by_rule(operation: str) -> Answer:
    """Return what is done with an operation that moto has and nothing lists."""
    stored = _CONFIGURES.match(operation) and not _CLAIMS.fullmatch(operation) and not _MADE_UP.fullmatch(operation)
    return Answer.STORED if stored else Answer.REFUSED


def _handlers(service: str) -> frozenset[str]:
    """Return the methods of moto's response classes for a service, of which some are handlers."""
    module = _MODULES.get(service, service.replace("-", ""))
    try:
        found = vars(import_module(f"moto.{module}.responses"))
    except ModuleNotFoundError:
        return frozenset()
    classes = [one for one in found.values() if inspect.isclass(one) and issubclass(one, BaseResponse)]
    own = [one for one in classes if one.__module__ == f"moto.{module}.responses"]
    return frozenset(_plain(name) for one in own for name in dir(one) if name not in _OWN)


def _plain(name: str) -> str:
    """Return a name as operations and the methods of moto have it in common."""
    return name.replace("_", "").lower()


def _matches(operation: str, patterns: str) -> bool:
    return any(fnmatchcase(operation, pattern) for pattern in _split(patterns))


@cache
def _split(patterns: str) -> tuple[str, ...]:
    return tuple(patterns.split())
