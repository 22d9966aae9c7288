"""One request to a receiver, and what can go wrong with it."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from local_cloud.server.receivers import NoReceiverError, Receivers

# A longer answer is refused; https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
LONGEST_ANSWER = 1024 * 1024


class Trouble(Enum):
    """Reasons for which a request has no answer."""

    UNREACHABLE = auto()
    NOT_TRUSTED = auto()
    BROKEN = auto()
    SLOW = auto()


class AttemptError(Exception):
    """An attempt to deliver that failed.

    Parameters
    ----------
    code, message: str
        What the document of a failed record says of it.
    final: bool
        Whether there is no use in another attempt. By default Firehose tries again.
    lost: bool
        Whether the records are given up without a backup. By default they are backed up.
    """

    def __init__(self, code: str, message: str, *, final: bool = False, lost: bool = False) -> None:
        super().__init__(message)
        self.code, self.final, self.lost = code, final, lost


class ExchangeError(Exception):
    """A request without an answer."""

    def __init__(self, trouble: Trouble, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.trouble, self.final = trouble, final


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer, with names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


def exchange(receivers: Receivers, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> Answer:
    """Post to a URL and return the answer, whatever it says; redirects are not followed.

    Raises
    ------
    ExchangeError
        If there is none.
    """
    address = urlsplit(url)
    target = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
    connected = False
    try:
        connection = receivers.connect(address.hostname or "", timeout)
        try:
            connection.connect()
            connected = True
            connection.request("POST", target, body=body, headers=dict(headers))
            response = connection.getresponse()
            content = response.read(LONGEST_ANSWER + 1)
        finally:
            connection.close()
    except NoReceiverError as error:
        raise ExchangeError(Trouble.UNREACHABLE, str(error), final=True) from None
    except ssl.SSLError as error:
        raise ExchangeError(Trouble.NOT_TRUSTED, str(error)) from None
    except TimeoutError as error:
        raise ExchangeError(Trouble.SLOW if connected else Trouble.UNREACHABLE, str(error)) from None
    except (OSError, http.client.HTTPException) as error:
        raise ExchangeError(Trouble.BROKEN if connected else Trouble.UNREACHABLE, str(error)) from None
    found = {name.lower(): value for name, value in response.getheaders()}
    return Answer(status=response.status, headers=found, content=content)
