"""A real Flink in a JVM of its own, beside the plan in plain Python."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

import pytest
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

import lake_blueprints.processing
from lake_blueprints.ingestion.kinesis.producer import AGGREGATION

sys.path.insert(0, str(AGGREGATION.parent))
SCRIPTS = Path(str(lake_blueprints.processing.__file__)).parent / "streaming" / "scripts"
_SITE = Path(sysconfig.get_paths()["purelib"])
# What Flink opens to itself in its own start script.
_OPENED = ("java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.util", "java.util.concurrent")
_JAVA_OPTIONS = ["-Xmx512m", *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED)]
# The sinks' formats, as those of the application.
JSON = {"format": "json", "json.encode.decimal-as-plain-number": "true", "json.encode.ignore-null-fields": "true"}


class Outputs(Protocol):
    """Follows a plan over records; returns the rows of each output, in no order."""

    def __call__(self, plan: Mapping[str, Any], records: Iterable[str]) -> dict[str, list[dict[str, Any]]]: ...


@pytest.fixture(scope="session")
def stream() -> SimpleNamespace:
    """The modules of the shipped package, as they are imported inside AWS."""
    sys.path.insert(0, str(SCRIPTS))
    names = ("plan", "engine", "values", "sql", "scores", "errors", "job")
    with _nothing_of_flink():
        modules: dict[str, ModuleType] = {name: import_module(f"lake_stream.{name}") for name in names}
    sys.path.remove(str(SCRIPTS))
    return SimpleNamespace(**modules)


@contextmanager
def _nothing_of_flink() -> Iterator[None]:
    """Let `pyflink.table` be imported, which only the service and the local cloud have."""
    names = ("pyflink", "pyflink.table")
    before = {name: sys.modules.get(name) for name in names}
    for name in names:
        sys.modules[name] = ModuleType(name)
    vars(sys.modules["pyflink.table"]).update(EnvironmentSettings=None, TableEnvironment=None)
    yield
    for name, module in before.items():
        sys.modules.pop(name)
        if module:
            sys.modules[name] = module


@pytest.fixture
def in_python(stream: SimpleNamespace) -> Outputs:
    """The plan in plain Python; its state goes through JSON after each record, as between calls of a function."""

    def run(plan: Mapping[str, Any], records: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        parsed = stream.plan.Plan.parse(json.dumps(plan))
        rows: dict[str, list[dict[str, Any]]] = {output.name: [] for output in parsed.outputs}
        state = None
        for record in records:
            engine = stream.engine.Engine(parsed, state)
            for name, row in engine.process(record, 0):
                rows[name].append(json.loads(stream.values.encode(row)))
            state = json.loads(json.dumps(engine.state))
        for name, row in stream.engine.Engine(parsed, state).flush():
            rows[name].append(json.loads(stream.values.encode(row)))
        return rows

    return run


@pytest.fixture(scope="session")
def flink() -> Iterator[JavaGateway]:
    """A JVM with Flink's libraries."""
    jars = [*_SITE.glob("pyflink/lib/*.jar"), *_SITE.glob("pyspark/jars/py4j-*.jar")]
    assert len(jars) > 1
    port = launch_gateway(
        classpath=":".join(map(str, jars)), jarpath=str(jars[-1]), javaopts=_JAVA_OPTIONS, die_on_exit=True
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auto_convert=True))
    yield gateway
    gateway.shutdown()


@pytest.fixture
def in_flink(flink: JavaGateway, stream: SimpleNamespace, tmp_path: Path) -> Outputs:
    """The plan's SQL in Flink, from one file to files; the end of the file closes all windows."""

    def run(plan: Mapping[str, Any], records: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        parsed = stream.plan.Plan.parse(json.dumps(plan))
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "records").write_text("".join(f"{record}\n" for record in records), encoding="utf-8")

        def files(name: str) -> dict[str, str]:
            return {"connector": "filesystem", "path": f"file://{tmp_path}/{name}"}

        sinks = {output.name: {**files(output.name), **JSON} for output in parsed.outputs}
        statements = stream.sql.statements(parsed, {**files("in"), "format": "raw"}, sinks)
        api = flink.jvm.org.apache.flink.table.api
        tables = api.TableEnvironment.create(api.EnvironmentSettings.newInstance().inStreamingMode().build())
        for name, value in {"parallelism.default": "1", **statements.settings}.items():
            tables.getConfig().set(name, value)
        for definition in statements.definitions:
            tables.executeSql(definition)
        inserts = tables.createStatementSet()
        for insert in statements.inserts:
            inserts.addInsertSql(insert)
        getattr(inserts.execute(), "await")()
        return {output.name: list(_rows(tmp_path / output.name)) for output in parsed.outputs}

    return run


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("part-*")):
        yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())
