"""The file in the work folder that holds what a cloud held when it was stopped.

A line of JSON with the versions that can read it, then a pickle. Reading a pickle runs what is in it: only a file that
this user alone can write, in a folder of the same kind, is read.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from local_cloud.errors import LocalCloudError
from local_cloud.server import pickling
from local_cloud.server.private_files import OWNER_ONLY

_LONGEST_HEADER = 4096


def versions() -> dict[str, str]:
    """Return what a state file depends on: its classes are those of these versions."""
    return {
        "lake-local-cloud": version("lake-local-cloud"),
        "moto": version("moto"),
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }


@dataclass(frozen=True)
class StateFile:
    """The kept state of the cloud of a work folder."""

    workdir: Path

    @property
    def path(self) -> Path:
        return self.workdir / "state.pickle"

    @property
    def exists(self) -> bool:
        return self.path.is_symlink() or self.path.exists()

    @property
    def port(self) -> int | None:
        """Port at which the cloud listened, which is part of URLs that it has given; None if nothing is kept."""
        if not self.exists:
            return None
        with self._opened() as file:
            return int(self._header(file)["port"])

    def write(self, content: Any, *, port: int, constants: Mapping[str, Any]) -> None:
        """Replace the file; if that fails, the one before stays.

        Raises
        ------
        LocalCloudError
            If the content cannot be pickled, with the error of pickle.
        """
        # Made with the permissions 0600.
        handle, draft = tempfile.mkstemp(dir=self.workdir, prefix=f".{self.path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps({"versions": versions(), "port": port}).encode() + b"\n")
                pickling.write(content, file, constants=constants)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.path)
        except pickling.FAILURES as error:
            raise LocalCloudError(str(error)) from error
        finally:
            Path(draft).unlink(missing_ok=True)
        folder = os.open(self.workdir, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, *, constants: Mapping[str, Any]) -> Any:
        """Return what was written.

        Raises
        ------
        LocalCloudError
            If other versions have written it, other users could have, or it cannot be read.
        """
        with self._opened() as file:
            found = self._header(file)["versions"]
            if found != versions():
                raise LocalCloudError(
                    f"the data in {self.path} was kept by {_listed(found)}, and this is {_listed(versions())}; start "
                    "it with those versions, or remove it with: local-cloud reset"
                )
            try:
                return pickling.read(file, constants=constants)
            except Exception as error:
                # Whatever a class raises that has changed.
                raise self._broken(f"{type(error).__name__}: {error}") from error

    def _opened(self) -> IO[bytes]:
        try:
            file = os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError as error:
            raise self._broken(str(error.strerror)) from None
        found = os.fstat(file.fileno())
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & OWNER_ONLY:
            file.close()
            raise LocalCloudError(
                f"other users can write or read {self.path}, which is trusted like code, so it is not loaded; remove it"
            )
        return file

    def _header(self, file: IO[bytes]) -> dict[str, Any]:
        try:
            header: dict[str, Any] = json.loads(file.readline(_LONGEST_HEADER))
            return {"versions": dict(header["versions"]), "port": int(header["port"])}
        except (ValueError, KeyError, TypeError):
            raise self._broken("it has no header") from None

    def _broken(self, reason: str) -> LocalCloudError:
        return LocalCloudError(f"cannot read {self.path}: {reason}; remove it with: local-cloud reset")


def _listed(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in found.items())
