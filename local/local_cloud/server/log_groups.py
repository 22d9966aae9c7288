"""Output of programs as events of CloudWatch Logs."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from local_cloud.server.runtime import Runtime

# The limits of PutLogEvents: 10,000 events and 1 MB a call, 256 KB an event.
_EVENTS = 1000
_EVENT_CHARACTERS = 1000


def publish_log(runtime: Runtime, *, region: str, role: str, group: str, stream: str, path: Path) -> None:
    """Put the lines of the file `path` into a log stream, which is made if it does not exist."""
    logs = runtime.client("logs", region, role=role)
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    lines = [line[:_EVENT_CHARACTERS] for line in path.read_text(errors="replace").splitlines() if line.strip()]
    for first in range(0, len(lines), _EVENTS):
        events = [{"timestamp": now, "message": line} for line in lines[first : first + _EVENTS]]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
