"""Job of an application, submitted to the Flink that the local cloud has started for it."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway
from py4j.protocol import Py4JJavaError

from pyflink.table.statements import Statement, StatementError

VARIABLE = "LOCAL_CLOUD_FLINK_JOB"
"""Environment variable with the path of the file that says where Flink is."""
# What an application has in its configuration, and the service sets: main.py cannot.
# https://docs.aws.amazon.com/managed-flink/latest/java/reference-flink-settings.title.html
_OF_THE_SERVICE = ("execution.", "restart-strategy", "state.", "rest.", "jobmanager.", "taskmanager.", "parallelism.")
_POLL_SECONDS = 0.02
_SIMPLE = ("CREATE TABLE", "CREATE VIEW", "DROP")


class Job:
    """The one job of the application, its tables and settings.

    Parameters
    ----------
    given: mapping
        What the local cloud says: `port` and `token` of the JVM, `settings`, the `folder` of the tables, and that of
        the `answers`.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._folder, self._answers = Path(given["folder"]), Path(given["answers"])
        self._tables: dict[str, dict[str, Any]] = {}
        self._is_submitted = False
        parameters = GatewayParameters(port=given["port"], auth_token=given["token"], auto_convert=True)
        flink = JavaGateway(gateway_parameters=parameters).jvm.org.apache.flink
        configuration = flink.configuration.Configuration()
        for key, value in given["settings"].items():
            configuration.setString(key, value)
        settings = flink.table.api.EnvironmentSettings.newInstance().inStreamingMode()
        self._environment = flink.table.api.TableEnvironment.create(settings.withConfiguration(configuration).build())

    @staticmethod
    def of_the_application() -> "Job":
        if VARIABLE not in os.environ:
            raise RuntimeError("this pyflink is that of the local cloud, which alone can run it")
        return Job(json.loads(Path(os.environ[VARIABLE]).read_text()))

    def set(self, key: str, value: str) -> None:
        if key.startswith(_OF_THE_SERVICE):
            raise StatementError(f"{key} is set by the application's configuration, and not by its code")
        self._environment.getConfig().set(key, value)

    def execute(self, statement: Statement) -> Any:
        if statement.kind == "INSERT":
            return self.insert([statement])
        if statement.kind not in _SIMPLE:
            raise StatementError(
                f"the local cloud runs CREATE TABLE, CREATE VIEW, DROP and INSERT, and not: {statement.text[:80]}"
            )
        if statement.kind == "CREATE TABLE":
            table = statement.table(self._folder)
            self._tables[table.name] = {"folder": table.folder, **table.facts}
            return _run(lambda: self._environment.executeSql(table.ddl))
        return _run(lambda: self._environment.executeSql(statement.text))

    def insert(self, statements: Sequence[Statement]) -> Any:
        """Submit the job, and tell the local cloud which tables it has."""
        if self._is_submitted:
            raise StatementError(
                "an application has one job: put all INSERT statements into one statement set "
                "(Cannot have more than one execute() or executeAsync() call in a single environment.)"
            )
        sinks = {statement.target for statement in statements}
        for name in sinks & self._tables.keys():
            if any(option.startswith("source.") for option in self._tables[name]["given"]):
                raise StatementError(f"table {name} has options of a source and is written to: make it two tables")
        together = self._environment.createStatementSet()
        for statement in statements:
            _run(lambda text=statement.text: together.addInsertSql(text))
        tables = {name: {**facts, "is_sink": name in sinks} for name, facts in self._tables.items()}
        self._answer("tables.json", json.dumps(tables))
        while not (self._answers / "prepared").exists():
            # What a state goes on with must be in its folders before the job starts.
            time.sleep(_POLL_SECONDS)
        result = _run(together.execute)
        self._is_submitted = True
        self._answer("job", str(result.getJobClient().get().getJobID().toString()))
        return result

    def _answer(self, name: str, content: str) -> None:
        draft = self._answers / f".{name}"
        draft.write_text(content)
        draft.replace(self._answers / name)


def _run(call: Callable[[], Any]) -> Any:
    """Return what Flink answers; what it refuses is an error with its reasons, without the stack of each."""
    try:
        return call()
    except Py4JJavaError as error:
        reasons, found = [], error.java_exception
        while found is not None:
            reasons.append(str(found.toString()))
            found = found.getCause()
        raise StatementError("\n".join(dict.fromkeys(reasons))) from None
