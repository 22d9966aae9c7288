"""Files of Iceberg metadata, which are objects of the local cloud's S3."""

from __future__ import annotations

import io
from types import TracebackType

from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream

from local_cloud.server.objects import ObjectStore


class ObjectIO(FileIO):
    """Reads and writes objects in the server's own process.

    Parameters
    ----------
    objects: ObjectStore
        The objects, whose use is recorded if they are a role's.
    """

    def __init__(self, objects: ObjectStore) -> None:
        super().__init__()
        self._objects = objects

    def new_input(self, location: str) -> InputFile:
        return _Object(self._objects, location)

    def new_output(self, location: str) -> OutputFile:
        return _Object(self._objects, location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        self._objects.delete(location if isinstance(location, str) else location.location)


class _Object(InputFile, OutputFile):
    def __init__(self, objects: ObjectStore, location: str) -> None:
        super().__init__(location)
        self._objects = objects

    def __len__(self) -> int:
        return len(self._objects.read(self.location))

    def exists(self) -> bool:
        return self._objects.etag(self.location) is not None

    def open(self, seekable: bool = True) -> InputStream:
        try:
            return io.BytesIO(self._objects.read(self.location))
        except KeyError:
            raise FileNotFoundError(f"there is no object {self.location}") from None

    def to_input_file(self) -> InputFile:
        return self

    def create(self, overwrite: bool = False) -> OutputStream:
        if not overwrite and self.exists():
            raise FileExistsError(f"there is an object {self.location} already")
        return _Writer(self._objects, self.location)


class _Writer(io.BytesIO):
    """Becomes an object when it is closed without an error."""

    def __init__(self, objects: ObjectStore, location: str) -> None:
        super().__init__()
        self._objects = objects
        self._location = location
        self._failed = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._failed = error is not None
        super().__exit__(kind, error, traceback)

    def close(self) -> None:
        if not self.closed and not self._failed:
            self._objects.write(self._location, self.getvalue())
        super().close()
