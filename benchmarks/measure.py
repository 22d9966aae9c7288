"""Measuring whole processes: wall and CPU seconds, and the memory of a process and all its descendants."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command to measure, with its folder and what it adds to the environment."""

    argv: Sequence[str | Path]
    cwd: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Time and memory of one run."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def measure(command: Command) -> Measured:
    """Run a command that must succeed."""
    started = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command.argv],
        cwd=command.cwd,
        env={**os.environ, **command.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak = _PeakMemory(process.pid)
    peak.start()
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    peak.stop()
    if status:
        raise RuntimeError(f"{' '.join(map(str, command.argv))} failed:\n{output[-2000:]}")
    return Measured(
        wall_seconds=wall, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_bytes=peak.bytes, output=output
    )


def interleaved(commands: Mapping[str, Command], runs: int) -> dict[str, list[Measured]]:
    """Run each command in turn, `runs` times and once before to warm up, so that a drift of the machine hits all."""
    for command in commands.values():
        measure(command)
    found: dict[str, list[Measured]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(measure(command))
    return found


def median_wall(measured: Sequence[Measured]) -> float:
    return statistics.median(one.wall_seconds for one in measured)


def median_cpu(measured: Sequence[Measured]) -> float:
    return statistics.median(one.cpu_seconds for one in measured)


class _PeakMemory:
    """The most memory that a process and its descendants had at a time, by samples."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(self._pid)
                self.bytes = max(self.bytes, sum(_resident(one) for one in [root, *root.children(recursive=True)]))


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
