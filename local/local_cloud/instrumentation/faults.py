"""Calls that fail on purpose, so that one can see what an app makes of it."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

import boto3
from moto.core.exceptions import ServiceException
from moto.core.utils import get_service_model

from local_cloud.errors import LocalCloudError
from local_cloud.server.error_answers import PROTOCOLS, error_answer
from local_cloud.server.requests import Environ, operation_of

# By the beginnings of error codes; other errors are the caller's.
_STATUSES = {"SlowDown": 503, "ServiceUnavailable": 503, "Internal": 500}


class Fault:
    """Calls of one operation that fail; as a context manager, no longer than its block.

    Parameters
    ----------
    service, operation: str
        What fails: boto3's name of the service, and the API's of the operation.
    error: str
        Code of the error.
    times: int
        How many calls fail.
    after: bool
        Whether they fail once they are carried out, so that only their answer is lost.
    """

    def __init__(self, *, service: str, operation: str, error: str, times: int, after: bool) -> None:
        self.service = service
        self.operation = operation
        self.after = after
        self.struck = 0
        """Number of calls that have failed."""
        self.signing_name = str(get_service_model(service).signing_name)
        self._left = times
        self._error = error
        self._lock = threading.Lock()

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Let further calls succeed."""
        with self._lock:
            self._left = 0

    def strike(self) -> bool:
        """Tell whether one more call fails."""
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            self.struck += 1
            return True

    @property
    def exception(self) -> ServiceException:
        return ServiceException(self._error, f"a fault was injected into {self.operation}")

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body with which the service would refuse a request."""
        status = next((code for name, code in _STATUSES.items() if self._error.startswith(name)), 400)
        protocol = "s3" if self.service == "s3" else str(get_service_model(self.service).protocol)
        return status, *error_answer(protocol, self._error, str(self.exception))


class Faults:
    """The faults of one cloud."""

    def __init__(self) -> None:
        self._all: list[Fault] = []

    def add(self, service: str, operation: str, error: str, *, times: int, after: bool) -> Fault:
        _check("service", service, boto3.Session().get_available_services())
        _check(f"operation of {service}", operation, get_service_model(service).operation_names)
        protocol = get_service_model(service).protocol
        if protocol not in PROTOCOLS:
            raise LocalCloudError(f"calls of '{service}' cannot be told apart: they speak {protocol}")
        if times < 1:
            raise LocalCloudError(f"'times' must be at least 1, got {times}")
        fault = Fault(service=service, operation=operation, error=error, times=times, after=after)
        self._all.append(fault)
        return fault

    def struck(self, signing_name: str, environ: Environ) -> Fault | None:
        """Return the fault that a request meets, if any."""
        for fault in self._all:
            called = operation_of(fault.service, environ) if fault.signing_name == signing_name else None
            if called == fault.operation and fault.strike():
                return fault
        return None

    @contextmanager
    def around(self, service: str, operation: str) -> Iterator[None]:
        """Fail, as a call would, what an engine does without HTTP."""
        named = (fault for fault in self._all if (fault.service, fault.operation) == (service, operation))
        fault = next((fault for fault in named if fault.strike()), None)
        if fault and not fault.after:
            raise fault.exception
        yield
        if fault:
            raise fault.exception


def _check(what: str, given: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if given not in names:
        near = difflib.get_close_matches(given, names)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise LocalCloudError(f"there is no {what} '{given}'{hint}")
