"""Spark's own log of what it lists and reads: the only one who knows, since its objects are files here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

# Only warnings go where the job's errors go, as in Spark's own configuration.
_CONFIGURATION = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.follow = true
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{{yy/MM/dd HH:mm:ss}} %p %c{{1}}: %m%n%ex
appender.console.filter.threshold.type = ThresholdFilter
appender.console.filter.threshold.level = warn
appender.access.type = File
appender.access.name = access
appender.access.fileName = {path}
appender.access.layout.type = PatternLayout
appender.access.layout.pattern = %m%n
logger.read.name = org.apache.spark.sql.execution.datasources.FileScanRDD
logger.read.level = info
logger.read.appenderRef.access.ref = access
logger.list.name = org.apache.spark.util.HadoopFSUtils
logger.list.level = trace
logger.list.appenderRef.access.ref = access
"""
_LISTED = re.compile(r"Listing (s3[an]?://.+)")
_READ = re.compile(r"Reading File path: (s3[an]?://.+), range: \d+-\d+, ")


class AccessLog:
    """Listings and reads of one session.

    Parameters
    ----------
    folder: Path
        Where the log and its configuration are written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "access.log"
        self._configuration = folder / "log4j2.properties"

    def settings(self) -> Path:
        """Write the configuration with which Log4j writes the log, and return its path."""
        self._configuration.write_text(_CONFIGURATION.format(path=self._path))
        return self._configuration

    def accesses(self) -> Iterator[tuple[str, str]]:
        """Yield what IAM calls each access, and the URI."""
        for line in self._path.read_text(errors="replace").splitlines() if self._path.exists() else []:
            if found := _LISTED.fullmatch(line):
                yield "s3:ListBucket", f"{found[1]}/"
            elif found := _READ.match(line):
                yield "s3:GetObject", unquote(found[1])
