"""Gate in front of all requests, which is closed while the state of the cloud is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from local_cloud.server.requests import Environ

Application = Callable[[Environ, Any], Iterable[bytes]]

_PATIENCE_SECONDS = 60.0


class Gate:
    """A WSGI application around all others.

    Parameters
    ----------
    application: Application
        What answers the requests that pass.
    exempt: frozenset of str
        Paths that always pass: they close the gate.
    """

    def __init__(self, application: Application, *, exempt: frozenset[str]) -> None:
        self._application = application
        self._exempt = exempt
        self._changed = threading.Condition()
        self._closed = False
        self._inside = 0

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] in self._exempt:
            return self._application(environ, start_response)
        with self._changed:
            if self._closed:
                body = b"the local cloud is being stopped"
                start_response("503 Service Unavailable", [("Content-Length", str(len(body)))])
                return [body]
            self._inside += 1
        try:
            return self._application(environ, start_response)
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def close(self) -> bool:
        """Let no request in, and wait until those inside are answered; tell whether they are."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: self._inside == 0, _PATIENCE_SECONDS)

    def open(self) -> None:
        with self._changed:
            self._closed = False
