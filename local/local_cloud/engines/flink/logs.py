"""An application's log: Flink's, that of main.py and the service's, as events of its log stream."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from local_cloud.engines.flink.applications import Application
from local_cloud.server.runtime import Runtime

_EVENTS: Final = 1000
_EVENT_CHARACTERS: Final = 20_000


@dataclass
class _File:
    """A log file of which the first bytes are published."""

    path: Path
    formatted: bool
    offset: int = 0


class Log:
    """The log streams of one application; without one it says nothing, as on AWS.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    application: Application
        Whose log it is.
    """

    def __init__(self, runtime: Runtime, application: Application) -> None:
        self._runtime, self._application = runtime, application
        self._files: dict[Path, _File] = {}
        self._lines: list[str] = []

    @property
    def pattern(self) -> str:
        """Log4j's pattern of a line of Flink's log, with the members of AWS's.

        https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs-reading.html
        """
        fixed = json.dumps(self._fixed())[1:-1].replace("{", "\\{").replace("}", "\\}").replace("%", "%%")
        return (
            '{"locationInformation":"%c","logger":"%c","message":"%enc{%m}{JSON}","throwableInformation":'
            '"%enc{%ex}{JSON}","threadName":"%enc{%t}{JSON}","messageType":"%p",' + fixed + "}"
        )

    def follow(self, path: Path, *, formatted: bool) -> None:
        """Publish what is written to a file from now on."""
        known = self._files.get(path)
        start = 0 if not path.exists() else path.stat().st_size
        self._files[path] = _File(path, formatted, known.offset if known and known.offset <= start else start)

    def say(self, message: str, kind: str = "INFO") -> None:
        """Add a message of the service."""
        self._lines.append(self._line(message, kind))

    def publish(self) -> None:
        """Put what is new into the log streams; what cannot be put is lost, as on AWS."""
        said, self._lines = self._lines, []
        lines = [*(line for file in self._files.values() for line in self._new(file)), *said]
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line[:_EVENT_CHARACTERS]} for line in lines if line.strip()]
        for arn in self._application.logging.values():
            group, _, stream = arn.partition(":log-group:")[2].partition(":log-stream:")
            client = self._runtime.client("logs", self._application.region, role=self._application.role)
            for first in range(0, len(events), _EVENTS):
                try:
                    client.put_log_events(
                        logGroupName=group, logStreamName=stream, logEvents=events[first : first + _EVENTS]
                    )
                except ClientError:
                    break

    def _new(self, file: _File) -> list[str]:
        if not file.path.exists():
            return []
        with file.path.open("rb") as log:
            log.seek(file.offset)
            new = log.read()
        new = new[: new.rfind(b"\n") + 1]
        file.offset += len(new)
        lines = new.decode(errors="replace").splitlines()
        return lines if file.formatted else [self._line(line, "INFO") for line in lines if line.strip()]

    def _line(self, message: str, kind: str) -> str:
        return json.dumps({"message": message, "messageType": kind, **self._fixed()})

    def _fixed(self) -> dict[str, Any]:
        return {
            "applicationARN": self._application.arn,
            "applicationVersionId": str(self._application.version),
            "messageSchemaVersion": "1",
        }
