"""Code of Flink applications, as one asset that Managed Service for Apache Flink runs."""

from __future__ import annotations

import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import Annotations
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.generated_asset import generated_asset
from lake_blueprints.ingestion.firehose import DeliveryStream
from lake_blueprints.ingestion.kinesis import Stream

MAIN = "main.py"
_LIB = "lib"
# The first moment that a zip file can name.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@checked
@dataclass(frozen=True, kw_only=True)
class BoundCode:
    """Code that belongs to an application.

    Parameters
    ----------
    asset: s3_assets.Asset
        ZIP file or jar.
    options: mapping of str to str
        Property group `kinesis.analytics.flink.run.options`, which says where Python code begins. By default empty.
    properties: mapping of str to mapping
        Further property groups that the code reads. By default none.
    reads: sequence of Stream
        Streams that the code reads, beside those of the application. By default none.
    writes: sequence of Stream or DeliveryStream
        Where the code puts records, beside those of the application. By default nowhere.
    """

    asset: s3_assets.Asset
    options: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reads: Sequence[Stream] = ()
    writes: Sequence[Stream | DeliveryStream] = ()


class ApplicationCode(ABC):
    """Code that a `StreamProcessor` runs."""

    @abstractmethod
    def bind(self, scope: Construct) -> BoundCode:
        """Return the code of one application, with what it needs; its asset becomes a child of `scope`."""


@checked
@dataclass(frozen=True, kw_only=True)
class PythonApplication(ApplicationCode):
    """A folder with `main.py`, packed into one ZIP file.

    Files and folders whose names begin with a dot, and `__pycache__`, stay outside.

    Parameters
    ----------
    path: Path
        Folder with `main.py`; what it needs beside the Python standard library and PyFlink lies in it, since the
        service installs nothing.
    connectors: sequence of Path
        Jar of the connectors, which is put into `lib/`; the service loads one. By default that which lies in `lib/` of
        the folder. Without any, a warning says that no stream can be read or written.
    py_files: str, optional
        Folder or archive of the package from which `main.py` imports, such as `modules/`. By default none.

    Raises
    ------
    ValueError
        If the folder has no `main.py`, a connector is no jar, there are several, or `py_files` is not there.

    Notes
    -----
    https://docs.aws.amazon.com/managed-flink/latest/java/how-python-creating.html

    Example
    -------
        >>> code = PythonApplication(path=Path("sessions"))
    """

    path: Path
    connectors: Sequence[Path] = ()
    py_files: str | None = None

    def __post_init__(self) -> None:
        if not (self.path / MAIN).is_file():
            raise ValueError(f"a Python application needs a '{MAIN}'; there is none in '{self.path}'")
        for connector in self.connectors:
            _check_jar("connectors", connector)
        jars = self._jars
        if len(jars) > 1:
            raise ValueError(
                f"Managed Flink loads one jar beside Python code, got {', '.join(jars)}; build one of them all, as the "
                "Maven Shade plugin does"
            )
        if self.py_files and not (self.path / self.py_files).exists():
            raise ValueError(f"'py_files' must be a folder or file of '{self.path}', got '{self.py_files}'")

    @property
    def _jars(self) -> list[str]:
        own = (jar.name for jar in (self.path / _LIB).glob("*.jar"))
        return sorted({f"{_LIB}/{name}" for name in (*own, *(jar.name for jar in self.connectors))})

    def bind(self, scope: Construct) -> BoundCode:
        asset = generated_asset(scope, "Code", name="application.zip", content=self._zipped())
        options = {"python": MAIN}
        if self._jars:
            options["jarfile"] = self._jars[0]
        else:
            Annotations.of(scope).add_warning_v2(
                "lake-blueprints:flink:connector",
                f"'{scope.node.path}' has no jar of connectors, so that it can read and write no stream; give "
                "'connectors' or put flink-sql-connector-aws-kinesis-streams for its runtime into lib/, from Maven",
            )
        if self.py_files:
            options["pyFiles"] = self.py_files
        return BoundCode(asset=asset, options=options)

    def _zipped(self) -> bytes:
        packed = io.BytesIO()
        # Stored, not compressed: compressors differ between machines, and the asset's hash must not.
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for name, file in sorted(self._files()):
                entry = zipfile.ZipInfo(name, date_time=_EPOCH)
                # Otherwise it is 0 on Windows and 3 elsewhere.
                entry.create_system = 3
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes())
        return packed.getvalue()

    def _files(self) -> Iterator[tuple[str, Path]]:
        given = {f"{_LIB}/{jar.name}": jar for jar in self.connectors}
        yield from given.items()
        for file in self.path.rglob("*"):
            inside = file.relative_to(self.path)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
            if file.is_file() and not hidden and inside.as_posix() not in given:
                yield inside.as_posix(), file


@checked
@dataclass(frozen=True, kw_only=True)
class JavaApplication(ApplicationCode):
    """A jar with a main class and all that it needs but Flink itself.

    Parameters
    ----------
    jar: Path
        The jar; its manifest names the main class.

    Raises
    ------
    ValueError
        If it is no jar, or not there.

    Notes
    -----
    https://docs.aws.amazon.com/managed-flink/latest/java/how-creating-apps.html

    Example
    -------
        >>> code = JavaApplication(jar=Path("sessions.jar"))
    """

    jar: Path

    def __post_init__(self) -> None:
        _check_jar("jar", self.jar)

    def bind(self, scope: Construct) -> BoundCode:
        return BoundCode(asset=s3_assets.Asset(scope, "Code", path=str(self.jar)))


def _check_jar(option: str, jar: Path) -> None:
    if jar.suffix != ".jar" or not jar.is_file():
        raise ValueError(f"'{option}' must name jar files that are there, got '{jar}'")
