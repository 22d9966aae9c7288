"""`awsglue.job`: begins and ends a run. Bookmarks, which Glue keeps there, are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Job:
    def __init__(self, glue_context_or_spark_session: Any) -> None:
        self._initialized = False

    def init(self, job_name: str, args: Mapping[str, Any] | None = None) -> None:
        if (args or {}).get("job_bookmark_option", "job-bookmark-disable") != "job-bookmark-disable":
            raise NotImplementedError("job bookmarks do not exist in the local cloud: run with job-bookmark-disable")
        self._initialized = True

    def isInitialized(self) -> bool:
        return self._initialized

    def commit(self) -> None:
        if not self._initialized:
            raise RuntimeError("Job.commit was called before Job.init")
