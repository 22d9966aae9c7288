"""The cloud that a command talks to: the one that runs in the work folder."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.client.controls import call
from local_cloud.errors import LocalCloudError
from local_cloud.server.access_keys import AccessKey

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Session:
    """A running local cloud.

    Parameters
    ----------
    workdir: Path
        Its folder.
    state: dict
        Endpoint, account, process id and access key, as the server wrote them.
    """

    workdir: Path
    state: dict[str, Any]

    @classmethod
    def find(cls, workdir: Path) -> Session | None:
        """Return the cloud of a folder, if it runs."""
        try:
            session = cls(workdir=workdir, state=json.loads(state_file(workdir).read_text()))
            return session if session.call("GET", "status")["pid"] == session.pid else None
        except (OSError, ValueError, LocalCloudError):
            return None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Session:
        """Return the cloud of the folder that the command was given.

        Raises
        ------
        LocalCloudError
            If it does not run.
        """
        session = cls.find(options.workdir)
        if not session:
            raise LocalCloudError("the local cloud does not run; start it with: local-cloud start")
        return session

    @property
    def endpoint(self) -> str:
        return str(self.state["endpoint"])

    @property
    def account(self) -> str:
        return str(self.state["account"])

    @property
    def pid(self) -> int:
        return int(self.state["pid"])

    @property
    def key(self) -> AccessKey:
        return AccessKey(id=self.state["AWS_ACCESS_KEY_ID"], secret=self.state["AWS_SECRET_ACCESS_KEY"])

    def call(self, method: str, name: str) -> dict[str, Any]:
        """Call an address of the cloud's own, such as `POST drain`."""
        return call(self.endpoint, self.key, method, name)

    def client(self, service: str, region: str) -> Any:
        """Return a boto3 client."""
        # boto3 takes half a second to load, which the other commands need not wait for.
        from local_cloud.server.clients import client  # noqa: PLC0415

        return client(self.endpoint, self.key, service, region)


def state_file(workdir: Path) -> Path:
    """Return the file in which the server of a folder says where it listens."""
    return workdir / "server.json"


def add_region(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses a Region."""
    parser.add_argument("--region", default=DEFAULT_REGION, help=f"default: {DEFAULT_REGION}")


@contextmanager
def service_errors() -> Iterator[None]:
    """Turn the error of a service into one line."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise LocalCloudError(f"{told['Code']}: {one_line(told['Message'])}") from None


def one_line(text: str) -> str:
    """Return a text without line breaks."""
    return re.sub(r"\s+", " ", text).strip()
