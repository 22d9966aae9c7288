"""The console as a WSGI application: refuses who has no access, shows views, takes actions."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.console.access import PATH, Access, headers, is_console
from local_cloud.console.pages import render
from local_cloud.console.request import Moved, Request
from local_cloud.console.views import account, machines, quarantine, runs, stacks, streams, tables
from local_cloud.engines.engine import Engine
from local_cloud.errors import LocalCloudError
from local_cloud.server.error_answers import send
from local_cloud.server.requests import Environ, body_of
from local_cloud.server.runtime import Runtime

_DEFAULT_REGION = "us-east-1"
_LONGEST_FORM = 1_000_000
_MISTAKES = (ClientError, BotoCoreError, LocalCloudError)
_REFUSED = "403: open the console with the address that `local-cloud console` prints\n"

Show = Callable[[Request], dict[str, Any]]
VIEWS: dict[str, tuple[str, Show]] = {
    "stacks": ("Stacks", stacks.show),
    "machines": ("State machines", machines.show),
    "runs": ("Runs", runs.show),
    "tables": ("Tables", tables.show),
    "quarantine": ("Quarantine", quarantine.show),
    "streams": ("Streams", streams.show),
    "account": ("Account", account.show),
}
# By the name that is posted: the view that shows the mistake, if it is one, and what is done; it raises Moved.
ACTIONS: dict[str, tuple[str, Callable[[Request], None]]] = {
    "query": ("tables", tables.query),
    "run": ("machines", machines.run),
    "drain": ("streams", streams.drain),
}


class Console:
    """Pages about a running cloud.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    engines: Sequence[Engine]
        Its engines.
    drain: Callable
        Delivers what is buffered.
    """

    def __init__(self, runtime: Runtime, *, engines: Sequence[Engine], drain: Callable[[], None]) -> None:
        self._runtime, self._engines, self._drain = runtime, engines, drain
        self._access = Access()
        # Clients may be shared by threads, and making one takes longer than most calls.
        self._client = cache(runtime.client)

    @property
    def address(self) -> str:
        """The URL that opens it, with its token."""
        return self._access.address(self._runtime.endpoint)

    def serves(self, environ: Environ) -> bool:
        return is_console(environ)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        method, nonce = environ["REQUEST_METHOD"], secrets.token_urlsafe(16)

        def answer(status: int, text: str = "", *, kind: str = "html", **more: str) -> Iterable[bytes]:
            body = text.encode(errors="replace")
            content = {"Content-Type": f"text/{kind}; charset=utf-8", "Content-Length": str(len(body))}
            return send(start_response, method, status, {**content, **headers(nonce), **more}, body)

        allowed = self._access.is_of_this_site(environ) and method in ("GET", "HEAD", "POST")
        if allowed and (opened := self._access.opened(environ)):
            location, cookie = opened
            return answer(303, **{"Location": location, **cookie})
        name = self._access.page(environ) if allowed else None
        if name is None:
            return answer(403, _REFUSED, kind="plain")
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        try:
            return answer(*(self._act(name, environ, nonce) if method == "POST" else self._show(name, query, nonce)))
        except Moved as moved:
            return answer(303, Location=f"{PATH}/{self._access.folder}/{moved.view}?{urlencode(moved.parameters)}")
        except _MISTAKES as error:
            return answer(400, self._page("error", nonce, query, {"message": _said(error)}))
        except Exception as error:
            logging.getLogger("local_cloud").exception("console: %s", name)
            said = f"{type(error).__name__}; the traceback is in {self._runtime.workdir / 'logs' / 'server.log'}"
            return answer(500, self._page("error", nonce, query, {"message": said}))

    def _show(self, name: str, query: Mapping[str, str], nonce: str, mistake: str = "") -> tuple[int, str]:
        """Return the status and the page of a view; without a name, of the first."""
        name = name or next(iter(VIEWS))
        if name not in VIEWS:
            return 404, self._page("error", nonce, query, {"message": f"there is no page {name}"})
        values = VIEWS[name][1](self._request(query))
        return 400 if mistake else 200, self._page(name, nonce, query, {**values, "mistake": mistake})

    def _act(self, name: str, environ: Environ, nonce: str) -> tuple[int, str]:
        """Take an action and raise Moved; return the view with the mistake if it is one."""
        if name not in ACTIONS:
            return 404, self._page("error", nonce, {}, {"message": f"there is no action {name}"})
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > _LONGEST_FORM:
            return 413, self._page("error", nonce, {}, {"message": f"a form has at most {_LONGEST_FORM:,} bytes"})
        form = dict(parse_qsl(body_of(environ).decode(errors="replace"), keep_blank_values=True))
        view, act = ACTIONS[name]
        try:
            act(self._request(form))
        except _MISTAKES as error:
            return self._show(view, form, nonce, mistake=_said(error))
        except Moved as moved:
            raise Moved(moved.view, **_kept(form), **moved.parameters) from None
        raise AssertionError(f"{name} shows nothing")

    def _request(self, parameters: Mapping[str, str]) -> Request:
        return Request(
            runtime=self._runtime,
            engines=self._engines,
            drain=self._drain,
            client_of=self._client,
            region=_region(parameters),
            parameters=parameters,
        )

    def _page(self, name: str, nonce: str, query: Mapping[str, str], values: Mapping[str, Any]) -> str:
        def url(view: str, **parameters: str) -> str:
            # Relative: all pages are in one folder.
            return f"{view}?{urlencode(_kept(query) | parameters)}".removesuffix("?")

        frame = {
            "name": name,
            "nonce": nonce,
            "url": url,
            "region": _region(query),
            "regions": _regions(),
            "titles": {view: title for view, (title, _) in VIEWS.items()},
            "endpoint": self._runtime.endpoint,
        }
        return render(name, {**values, **frame})


# botocore reads a file of a megabyte for each session.
@cache
def _regions() -> list[str]:
    return sorted(boto3.Session().get_available_regions("cloudformation"))


def _region(query: Mapping[str, str]) -> str:
    return query.get("region") if query.get("region") in _regions() else _DEFAULT_REGION  # type: ignore[return-value]


def _kept(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that every link keeps."""
    return {} if _region(query) == _DEFAULT_REGION else {"region": _region(query)}


def _said(error: Exception) -> str:
    return str(error.response["Error"]["Message"]) if isinstance(error, ClientError) else str(error)
