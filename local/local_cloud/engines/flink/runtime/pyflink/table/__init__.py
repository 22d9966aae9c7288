"""Tables in SQL: environments, sets of statements and their results."""

import os
from typing import Any, NoReturn

from py4j.protocol import Py4JNetworkError

from pyflink.table.job import Job
from pyflink.table.statements import Statement, StatementError

__all__ = ["EnvironmentSettings", "StatementSet", "TableConfig", "TableEnvironment", "TableResult"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise ImportError(f"the local cloud runs Flink SQL: its pyflink.table has {', '.join(__all__)}, and no {name}")


class _Part:
    """A class of PyFlink of which the local cloud has what SQL needs."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"the local cloud runs Flink SQL: it has no {type(self).__name__}.{name}")


class EnvironmentSettings(_Part):
    """Settings of a table environment, which is a streaming one."""

    class Builder(_Part):
        """Settings in the making."""

        def in_streaming_mode(self) -> "EnvironmentSettings.Builder":
            return self

        def build(self) -> "EnvironmentSettings":
            return EnvironmentSettings()

    @staticmethod
    def new_instance() -> "EnvironmentSettings.Builder":
        return EnvironmentSettings.Builder()

    @staticmethod
    def in_streaming_mode() -> "EnvironmentSettings":
        return EnvironmentSettings()


class TableConfig(_Part):
    """Settings of the job, but for those that the application has."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def set(self, key: str, value: str) -> "TableConfig":
        self._job.set(key, value)
        return self


class TableEnvironment(_Part):
    """Environment of a job, which takes its statements."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @staticmethod
    def create(environment_settings: EnvironmentSettings) -> "TableEnvironment":
        if not isinstance(environment_settings, EnvironmentSettings):
            raise TypeError("TableEnvironment.create takes EnvironmentSettings")
        return TableEnvironment(Job.of_the_application())

    def get_config(self) -> TableConfig:
        return TableConfig(self._job)

    def execute_sql(self, stmt: str) -> "TableResult":
        return TableResult(self._job.execute(Statement(stmt)))

    def create_statement_set(self) -> "StatementSet":
        return StatementSet(self._job)


class StatementSet(_Part):
    """INSERT statements that become one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._statements: list[Statement] = []

    def add_insert_sql(self, stmt: str) -> "StatementSet":
        statement = Statement(stmt)
        if statement.kind != "INSERT":
            raise StatementError(f"a statement set takes INSERT statements, and not {statement.kind}")
        self._statements.append(statement)
        return self

    def execute(self) -> "TableResult":
        return TableResult(self._job.insert(self._statements))


class JobClient(_Part):
    """The job of a result."""

    def __init__(self, result: Any) -> None:
        self._client = result.getJobClient().get()

    def get_job_id(self) -> str:
        return str(self._client.getJobID().toString())


class TableResult(_Part):
    """The result of a statement."""

    def __init__(self, result: Any) -> None:
        self._result = result

    def wait(self, timeout_ms: int | None = None) -> None:
        """Wait until the job has ended, which one that reads a stream does when the application is stopped."""
        if timeout_ms is not None:
            raise NotImplementedError("the local cloud runs Flink SQL: its TableResult.wait has no timeout")
        try:
            getattr(self._result, "await")()
        except Py4JNetworkError:
            # Flink is gone, and nothing of this process can be used any more: its last calls would only complain.
            os._exit(1)

    def get_job_client(self) -> JobClient | None:
        return JobClient(self._result) if self._result.getJobClient().isPresent() else None
