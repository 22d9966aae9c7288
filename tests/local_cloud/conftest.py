"""A server for the tests of one module: moto's APIs, into which a test applies the patches of its engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
import pytest
from moto.server import DomainDispatcherApplication, ThreadedMotoServer

from local_cloud.engines.glue.spark import ClassArchive
from local_cloud.server.objects import ObjectStore
from local_cloud.server.runtime import Runtime

ACCOUNT = "123456789012"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what every test may share, such as the archive of Spark's classes, which takes long to write."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def has_ended() -> Callable[[int], bool]:
    """Tell whether a process has ended, also if nobody has collected it."""

    def has_ended(number: int) -> bool:
        try:
            return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return has_ended


@pytest.fixture
def java_options(cache: Path, tmp_path: Path) -> Iterator[list[str]]:
    """Options with which the first Spark of all tests writes the archive of its classes, and later ones use it."""
    archive = ClassArchive(cache)
    draft = tmp_path / "classes.jsa"
    yield archive.options() or archive.recording_options(draft)
    archive.keep(draft)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Runtime]:
    folder: Path = tmp_path_factory.mktemp("cloud")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    runtime = Runtime(
        endpoint=f"http://localhost:{port}",
        account=ACCOUNT,
        workdir=folder / "work",
        cache=cache,
        objects=ObjectStore(ACCOUNT),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DomainDispatcherApplication, "__call__", _metered(runtime))
        urlopen(Request(f"{runtime.endpoint}/moto-api/reset", method="POST")).close()
        yield runtime
        runtime.stopping.set()
        runtime.pausing.set()
    server.stop()


def _metered(runtime: Runtime) -> Any:
    original = DomainDispatcherApplication.__call__

    def application(self: Any, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        moto = runtime.recording.around(lambda *request: original(self, *request))
        body: Iterable[bytes] = moto(environ, start_response)
        credential = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if credential and environ["REQUEST_METHOD"] == "GET":
            return runtime.meter.metered(credential[1], body)
        return body

    return application
