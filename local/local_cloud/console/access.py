"""Access to the console: a browser signs nothing, so a drawn token opens it and a cookie keeps it open.

Cookies are not kept apart by port, unlike origins: a server on another port of this machine would receive one whose
path it can have the browser ask for. The pages are therefore below a path that is drawn, as the cookie's value is.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from local_cloud.server.requests import Environ

PATH = "/_local/console"
_COOKIE = "local-cloud-console"
# Not the names below .localhost, which are those of buckets.
_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?")
_OWN = ("none", "same-origin")
# A page cannot be framed, loads nothing, runs its own script only, and hands its address to no other page. With the
# policy no-referrer, browsers would send `Origin: null` with its forms.
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def is_console(environ: Environ) -> bool:
    """Tell whether a request is for the console."""
    path: str = environ["PATH_INFO"]
    return path == PATH or path.startswith(f"{PATH}/")


def headers(nonce: str) -> dict[str, str]:
    """Return the headers of each answer; `nonce` names the style and the script that may be used."""
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    return {**_HEADERS, "Content-Security-Policy": policy}


def _drawn() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, kw_only=True)
class Access:
    """The secrets of one console: the token of its address, the path of its pages and the value of its cookie."""

    token: str = field(default_factory=_drawn, repr=False)
    folder: str = field(default_factory=_drawn, repr=False)
    cookie: str = field(default_factory=_drawn, repr=False)

    def address(self, endpoint: str) -> str:
        """Return the URL that opens the console."""
        return f"{endpoint}{PATH}?token={self.token}"

    def is_of_this_site(self, environ: Environ) -> bool:
        """Tell whether no other page has had the browser send a request; one that changes anything must prove it."""
        host = environ.get("HTTP_HOST", "").lower()
        origin = environ.get("HTTP_ORIGIN", "" if environ["REQUEST_METHOD"] == "POST" else f"http://{host}")
        of_other_pages = environ.get("HTTP_SEC_FETCH_SITE", "none") not in _OWN
        return _HOST.fullmatch(host) is not None and origin == f"http://{host}" and not of_other_pages

    def opened(self, environ: Environ) -> tuple[str, dict[str, str]] | None:
        """Return where a request with the token is sent on to, and with which cookie; None if it has not the token."""
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        token = query.pop("token", "")
        if not _equal(token, self.token) or environ["REQUEST_METHOD"] == "POST":
            return None
        page = _pages(environ).partition("/")[0]
        target = f"{PATH}/{self.folder}/{page if page.isalpha() and page.isascii() else ''}"
        cookie = f"{_COOKIE}={self.cookie}; Path={PATH}/{self.folder}/; HttpOnly; SameSite=Strict"
        return target + (f"?{urlencode(query)}" if query else ""), {"Set-Cookie": cookie}

    def page(self, environ: Environ) -> str | None:
        """Return the name of the page that a request with the cookie is for; None if it has not the cookie."""
        folder, _, name = _pages(environ).partition("/")
        known = _equal(folder, self.folder) & _equal(_cookies(environ).get(_COOKIE, ""), self.cookie)
        return name if known else None


def _pages(environ: Environ) -> str:
    return str(environ["PATH_INFO"]).removeprefix(PATH).removeprefix("/")


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


def _cookies(environ: Environ) -> Mapping[str, str]:
    try:
        return {name: found.value for name, found in SimpleCookie(environ.get("HTTP_COOKIE", "")).items()}
    except CookieError:
        return {}
