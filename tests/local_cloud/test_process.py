"""Server programs behind engines: started when needed, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.engines import process as module
from local_cloud.engines.process import EngineProcess
from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import ObjectStore
from local_cloud.server.processes import kill_group
from local_cloud.server.runtime import Runtime

ACCOUNT = "123456789012"


def serve(port: int) -> Sequence[str]:
    return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]


@pytest.fixture
def alone(tmp_path: Path) -> Any:
    """A runtime without a server."""
    runtime = Runtime(
        endpoint="", account=ACCOUNT, workdir=tmp_path / "work", cache=tmp_path, objects=ObjectStore(ACCOUNT)
    )
    with runtime.cleanup:
        yield runtime


def processes(server: EngineProcess) -> list[int]:
    assert server._process
    leader = psutil.Process(server._process.pid)
    return [leader.pid, *(child.pid for child in leader.children(recursive=True))]


def test_starts_when_it_is_needed_and_only_once(alone: Runtime) -> None:
    server = EngineProcess(alone, name="files", command=serve)
    assert server._process is None
    port = server.port()
    (server.folder / "kept.txt").write_text("kept")
    assert urlopen(f"http://127.0.0.1:{port}/kept.txt").read() == b"kept"
    assert server.port() == port
    assert "GET /kept.txt" in server.log.read_text()
    assert server.folder.stat().st_mode & 0o777 == 0o700
    assert server.log.parent.stat().st_mode & 0o777 == 0o700


def test_ends_with_its_children_when_the_cloud_ends(tmp_path: Path, has_ended: Callable[[int], bool]) -> None:
    def with_a_child(port: int) -> list[str]:
        return ["/bin/sh", "-c", f"sleep 1000 & exec {' '.join(serve(port))}"]

    with LocalCloud(workdir=tmp_path) as cloud:
        server = EngineProcess(cloud._running.runtime, name="files", command=with_a_child)
        server.port()
        started = processes(server)
        assert len(started) >= 3
    assert all(has_ended(number) for number in started)
    server.stop()


def test_a_descendant_with_a_process_group_of_its_own_ends_as_well(
    tmp_path: Path, has_ended: Callable[[int], bool]
) -> None:
    # As the daemon of Spark's Python workers, which may write objects for as long as it lives.
    script = "import os, time; os.fork() or (os.setpgid(0, 0), print(os.getpid(), flush=True)); time.sleep(1000)"
    output = tmp_path / "output"
    with output.open("wb") as file:
        leader = subprocess.Popen([sys.executable, "-c", script], stdout=file, start_new_session=True)
    while not output.read_text().endswith("\n"):
        time.sleep(0.01)
    kill_group(leader)
    assert has_ended(int(output.read_text()))


def test_does_not_outlive_a_cloud_that_crashes(tmp_path: Path, has_ended: Callable[[int], bool]) -> None:
    crash = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.local_cloud.test_process import *
folder = Path({str(tmp_path)!r})
runtime = Runtime(endpoint="", account=ACCOUNT, workdir=folder, cache=folder, objects=ObjectStore(ACCOUNT))
server = EngineProcess(runtime, name="files", command=serve)
server.port()
print(*processes(server), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ran = subprocess.run([sys.executable, "-c", crash], stdout=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == -signal.SIGKILL
    started = [int(number) for number in ran.stdout.split()]
    assert len(started) >= 2
    psutil.wait_procs([psutil.Process(number) for number in started if psutil.pid_exists(number)], timeout=30)
    assert all(has_ended(number) for number in started)


def test_starts_again_on_its_port_if_it_dies(alone: Runtime) -> None:
    server = EngineProcess(alone, name="files", command=serve)
    port = server.port()
    (server.folder / "kept.txt").write_text("kept")
    for number in processes(server)[1:]:
        os.kill(number, signal.SIGKILL)
    assert server._process
    server._process.wait()
    assert server.port() == port
    assert urlopen(f"http://127.0.0.1:{port}/kept.txt").read() == b"kept"


def test_starts_again_if_its_supervisor_is_killed(alone: Runtime, has_ended: Callable[[int], bool]) -> None:
    server = EngineProcess(alone, name="files", command=serve)
    port = server.port()
    before = processes(server)
    os.kill(before[0], signal.SIGKILL)
    assert server._process
    server._process.wait()
    assert server.port() == port
    assert all(has_ended(number) for number in before)


def test_is_refused_after_it_has_ended_three_times(alone: Runtime) -> None:
    dying = [sys.executable, "-c", "import sys; sys.exit('no disk')"]
    server = EngineProcess(alone, name="broken", command=lambda port: dying)
    with pytest.raises(LocalCloudError, match=r"broken ended before it was ready: no disk \(log: .*broken\.log\)"):
        server.port()
    with pytest.raises(LocalCloudError, match="broken has ended 3 times: no disk"):
        server.port()


def test_takes_another_port_if_something_has_taken_its_own(alone: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    other = EngineProcess(alone, name="other", command=serve)
    taken, free = other.port(), module.free_port()
    ports = iter([taken, free])
    monkeypatch.setattr(module, "free_port", lambda: next(ports))

    def answers(port: int) -> bool:
        return port != taken and module.accepts_connections(port)

    server = EngineProcess(alone, name="files", command=serve, answers=answers)
    assert server.port() == free
    assert "Address already in use" in server.log.read_text()


def test_is_ended_if_it_never_answers(alone: Runtime, has_ended: Callable[[int], bool]) -> None:
    started = []

    def sleeping(port: int) -> bool:
        started.extend(processes(server))
        return False

    server = EngineProcess(
        alone, name="mute", command=lambda port: ["/bin/sleep", "1000"], answers=sleeping, patience=0.2
    )
    with pytest.raises(LocalCloudError, match=r"mute was not ready within 0\.2 s and wrote nothing \(log:"):
        server.port()
    assert started
    assert all(has_ended(number) for number in started)


def test_is_not_started_by_a_cloud_that_stops(alone: Runtime) -> None:
    server = EngineProcess(alone, name="files", command=serve)
    alone.stopping.set()
    with pytest.raises(LocalCloudError, match="the local cloud stops, and files is not started again"):
        server.port()
