"""Runtime shared with every engine: endpoint, work folder and objects."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloud.instrumentation.faults import Faults
from local_cloud.instrumentation.metering import ByteMeter
from local_cloud.instrumentation.recording import Recording
from local_cloud.server.access_keys import AccessKey, AccessKeys
from local_cloud.server.authority import Authority
from local_cloud.server.clients import Clients
from local_cloud.server.receivers import Receivers
from local_cloud.server.work import Work

if TYPE_CHECKING:
    from local_cloud.server.objects import Mirror, ObjectStore


def environment(endpoint: str, key: AccessKey, region: str) -> dict[str, str]:
    """Return the environment of a child process that must find the local cloud at `endpoint`, and no other."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return {
        **inherited,
        **key.variables,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The running local cloud, as its engines see it.

    Parameters
    ----------
    endpoint: str
        URL at which every AWS API is served, always `http://localhost:PORT`: the CDK CLI takes an
        IP address in a template's URL for a virtual host.
    account: str
        The one account that the local cloud has.
    workdir: Path
        Folder for logs, scripts and mirrored objects; removed by `reset`.
    cache: Path
        Folder that outlives a reset: class-data archives and the like.
    objects: ObjectStore
        The S3 objects, without HTTP in between.
    keys: AccessKeys
        The access keys that it takes.
    recording: Recording
        Calls made under roles.
    meter: ByteMeter
        Bytes that S3 has sent, per access key id.
    faults: Faults
        Calls that fail on purpose.
    longest_wait: int, optional
        Seconds after which a Wait state ends early, times how often an execution has come to it.
    receivers: Receivers
        Programs of this machine that stand for hosts.
    mirrors: dict[str, Mirror]
        Files of running programs that reach no S3, by the access key id with which they sign, or the id of their run.
    stopping: threading.Event
        Set once the cloud goes down; background work ends then.
    pausing: threading.Event
        Set once the state of the cloud is to be written; loops end then, after what they are at.
    work: Work
        What runs in the background.
    cleanup: contextlib.ExitStack
        Closed after the engines have stopped.
    """

    endpoint: str
    account: str
    workdir: Path
    cache: Path
    objects: ObjectStore
    keys: AccessKeys = field(default_factory=AccessKeys)
    recording: Recording = field(default_factory=Recording)
    meter: ByteMeter = field(default_factory=ByteMeter)
    faults: Faults = field(default_factory=Faults)
    longest_wait: int | None = None
    receivers: Receivers = field(default_factory=Receivers)
    mirrors: dict[str, Mirror] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    pausing: threading.Event = field(default_factory=threading.Event)
    work: Work = field(default_factory=Work)
    cleanup: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def authority(self) -> Authority:
        """The authority that signs the certificates of this cloud's servers."""
        return Authority(self.workdir / "authority")

    def client(self, service: str, region: str, *, role: str | None = None, read_timeout: float = 60) -> Any:
        """Return a boto3 client of this cloud, under a role if one is given: the way in which engines talk to it."""
        return self._clients.get(self.key(role), service, region, read_timeout=read_timeout)

    @functools.cached_property
    def _clients(self) -> Clients:
        return Clients(self.endpoint)

    def environment(self, region: str, *, role: str | None = None) -> dict[str, str]:
        """Return the environment of a child process that must find this cloud, and no other."""
        trusted = str(self.authority.bundle)
        trust = dict.fromkeys(("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), trusted)
        return {**environment(self.endpoint, self.key(role), region), **trust}

    def key(self, role: str | None) -> AccessKey:
        """Return the access key with which engines sign, under a role if one is given."""
        return self.keys.alias(self.recording.key_of(role)) if role else self.keys.own

    def objects_of(self, role: str | None) -> ObjectStore:
        """Return the S3 objects, whose use is recorded if it is under a role."""
        if not role:
            return self.objects
        return self.objects.noted(lambda action, uri: self.recording.note(role, action, uri.partition("://")[2]))

    def background(self, work: Callable[[], None], name: str, *, lasting: bool = False) -> threading.Thread:
        """Run `work` in a daemon thread, as an AWS service would behind its API.

        The cloud is not stopped while it runs, and `name` says then what does; unless it is `lasting`: a loop that ends
        when `pausing` is set.
        """
        return self.work.begin(work, name, lasting=lasting)
