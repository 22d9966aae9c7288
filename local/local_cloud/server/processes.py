"""Programs that the local cloud runs as processes of their own, with everything that they start in turn."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local_cloud.server.private_files import OWNER_ONLY

_POLL_SECONDS = 0.05
_KILL_SECONDS = 5.0


class TimedOut(Exception):
    """The program ran longer than it may."""


class Stopped(Exception):
    """A user asked the program to stop."""


class ProcessGroup:
    """A program and its descendants, such as the JVM of a Spark job.

    Parameters
    ----------
    command: Sequence[str]
        The program and its arguments.
    folder: Path
        Its working directory.
    environment: Mapping[str, str]
        All of its environment variables.
    output, errors: Path
        Files for its standard output and standard error; the same path for both makes one log.
    input: Path | None
        File for its standard input, by default empty.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        output: Path,
        errors: Path,
        input: Path | None = None,
    ) -> None:
        with (input or Path(os.devnull)).open("rb") as given, output.open("ab") as out, errors.open("ab") as err:
            self._process = subprocess.Popen(
                list(command),
                cwd=folder,
                env=dict(environment),
                stdin=given,
                stdout=out,
                stderr=subprocess.STDOUT if output == errors else err,
                start_new_session=True,
                umask=OWNER_ONLY,
            )
        # In a session of its own, the group would outlive this program.
        atexit.register(self.kill)

    def wait(self, *, timeout: float, stopping: Sequence[threading.Event]) -> int:
        """Return the program's exit code; its descendants may still run.

        Raises
        ------
        TimedOut
            After `timeout` seconds; everything is killed.
        Stopped
            When one of the events in `stopping` is set; everything is killed.
        """
        deadline = time.monotonic() + timeout
        while (code := self._process.poll()) is None:
            if any(event.is_set() for event in stopping):
                self.kill()
                raise Stopped
            if time.monotonic() > deadline:
                self.kill()
                raise TimedOut
            time.sleep(_POLL_SECONDS)
        return code

    def exit_code(self) -> int | None:
        """Return the program's exit code, or None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End the program and its descendants at once, and wait until they are gone."""
        kill_group(self._process)
        atexit.unregister(self.kill)


def kill_group(leader: subprocess.Popen[Any]) -> None:
    """End a program that was started in a session of its own, and its descendants, and wait until they are gone."""
    # Bounded: where no init process collects the dead, a group keeps its number forever.
    deadline = time.monotonic() + _KILL_SECONDS
    while (groups := _groups_of(leader.pid)) and time.monotonic() < deadline:
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        leader.poll()
        time.sleep(_POLL_SECONDS)


def _groups_of(session: int) -> set[int]:
    """Return the process groups of a session: Spark's Python workers have one of their own, and outlive their JVM."""
    found = {session} if _group_exists(session) else set()
    # Without /proc, as on macOS, the leader's own alone.
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the program's name, which may have any letters.
            state, _, group, its_session, *_ = status.read_text(errors="replace").rpartition(")")[2].split()
            if int(its_session) == session and state not in ("Z", "X"):
                found.add(int(group))
    return found


def _group_exists(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True
