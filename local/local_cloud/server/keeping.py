"""Keeping: what a cloud holds is written when it is stopped, and is there again after the next start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from local_cloud.engines.engine import Engine
from local_cloud.errors import LocalCloudError
from local_cloud.server import patching, pickling
from local_cloud.server.gate import Gate
from local_cloud.server.runtime import Runtime
from local_cloud.server.state_file import StateFile

_ABORT_SECONDS = 30.0
# Values that are equal wherever they are.
_PLAIN = (str, int, dict, Path, type(None))


class Keeper:
    """The state of one cloud.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    engines: Sequence[Engine]
        Its engines.
    """

    def __init__(self, runtime: Runtime, engines: Sequence[Engine]) -> None:
        self._runtime = runtime
        self._engines = engines
        self._file = StateFile(runtime.workdir)

    def load(self) -> None:
        """Take back what was kept, if anything was.

        Raises
        ------
        LocalCloudError
            If it cannot be read; with what to do.
        """
        if not self._file.exists:
            return
        content = self._file.read(constants=self._constants())
        patching.restore_backends(content["moto"])
        patching.restore_shared(content["moto_shared"])
        self._runtime.recording.restore(content["calls"])
        for engine in self._engines:
            engine.restore(content["engines"].get(_name(engine)))

    def abort(self) -> None:
        """End all work as a service would whose machines go down.

        Raises
        ------
        LocalCloudError
            If some of it does not end; with its names.
        """
        self._runtime.stopping.set()
        self._runtime.pausing.set()
        for engine in self._engines:
            engine.stop()
        if running := self._runtime.work.wait(_ABORT_SECONDS):
            self._resume()
            raise LocalCloudError(f"does not end: {', '.join(running)}")

    def keep(self, gate: Gate, *, port: int) -> None:
        """Write everything into the state file; afterwards the cloud answers nothing and can only be stopped.

        Raises
        ------
        LocalCloudError
            If work is running, or something cannot be kept; with its names. The cloud then goes on.
        """
        self._refuse_work()
        self._runtime.pausing.set()
        try:
            self._runtime.work.wait_for_loops()
            if not gate.close():
                raise LocalCloudError("a request is not answered yet; stop again when it is")
            # A request may have begun some in the meantime.
            self._refuse_work()
            self._write(port)
        except BaseException:
            gate.open()
            self._resume()
            raise

    def _refuse_work(self) -> None:
        if running := self._runtime.work.running:
            raise LocalCloudError(
                f"still running: {', '.join(running)}; wait for it, or end it with: local-cloud stop --force"
            )

    def _write(self, port: int) -> None:
        states = {_name(engine): state for engine in self._engines if (state := engine.state()) is not None}
        content = {
            "moto": patching.backends(),
            "moto_shared": patching.shared(),
            "calls": self._runtime.recording.calls,
            "engines": states,
        }
        try:
            self._file.write(content, port=port, constants=self._constants())
        except LocalCloudError as error:
            raise LocalCloudError(f"cannot keep {self._culprit(content)}: {error}") from error

    def _culprit(self, content: dict[str, Any]) -> str:
        """Return the name of a part that cannot be pickled."""
        constants = self._constants()
        failed = (name for name, part in _parts(content) if pickling.can_be_written(part, constants=constants))
        return next(failed, "what the cloud holds")

    def _resume(self) -> None:
        self._runtime.work.wait_for_loops()
        self._runtime.stopping.clear()
        self._runtime.pausing.clear()
        for engine in self._engines:
            engine.start()

    def _constants(self) -> dict[str, Any]:
        """Return the objects that each cloud has of its own, by name."""
        runtime = self._runtime
        shared = {field.name: getattr(runtime, field.name) for field in fields(runtime)}
        return {
            "runtime": runtime,
            **{f"runtime.{name}": value for name, value in shared.items() if not isinstance(value, _PLAIN)},
            **{_name(engine): engine for engine in self._engines},
        }


def _name(engine: Engine) -> str:
    return f"{type(engine).__module__}.{type(engine).__qualname__}"


def _parts(content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for (module, _), (_, backends) in content["moto"].items():
        for (_, region), backend in backends.items():
            yield f"{module.split('.')[1]} in {region}", backend
    yield from content["engines"].items()
