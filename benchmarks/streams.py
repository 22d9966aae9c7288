"""Plans of streams beside the same by hand: Flink's SQL, and a random cut forest; as JSON on standard output."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import psutil
from krcf import RandomCutForest
from py4j.java_gateway import GatewayParameters, JavaGateway

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing import streaming
from local_cloud.engines.flink.cluster import FlinkCluster

RUNS = 2
SHIPPED, BY_HAND = "shipped plan", "by hand"
FOREST = streaming.RandomCutForest()
SCORED = 50_000
READINGS = Dataset(
    name="readings",
    columns=[
        Column(name="sensor", type="string", required=True),
        Column(name="number", type="int", required=True),
        Column(name="celsius", type="double"),
        Column(name="at", type="timestamp"),
    ],
    primary_key=["sensor", "number"],
)
JSON = {"format": "json", "json.encode.ignore-null-fields": "true"}
# Written for what these producers send: no text for a number, times of UTC in whole seconds.
DEFINITIONS = (
    """CREATE TABLE records (x STRING, p AS PROCTIME(), t AS COALESCE(TRY_CAST(REPLACE(REPLACE(
        JSON_VALUE(x, '$.at'), 'T', ' '), 'Z', '') AS TIMESTAMP(3)), TIMESTAMP '1970-01-01 00:00:00.000'),
    WATERMARK FOR t AS t - INTERVAL '30' SECOND) WITH ({source})""",
    "CREATE TABLE clean (sensor STRING, number INT, celsius DOUBLE, `at` STRING) WITH ({clean})",
    "CREATE TABLE late (sensor STRING, number INT, celsius DOUBLE, `at` STRING) WITH ({late})",
    "CREATE TABLE rejected (record STRING, reason STRING) WITH ({rejected})",
    """CREATE TABLE minutes (sensor STRING, window_start STRING, window_end STRING, readings BIGINT, mean DOUBLE)
    WITH ({minutes})""",
    """CREATE TABLE anomalies (sensor STRING, `at` STRING, celsius DOUBLE, mean DOUBLE, deviation DOUBLE, score DOUBLE)
    WITH ({anomalies})""",
    """CREATE TEMPORARY VIEW judged AS SELECT *, CASE WHEN x IS NOT JSON OBJECT THEN 'is not one JSON object'
        WHEN sensor IS NULL THEN 'sensor: missing' WHEN number IS NULL THEN 'number: missing or no int'
        WHEN t = TIMESTAMP '1970-01-01 00:00:00.000' THEN 'at: missing or no timestamp' END AS reason
    FROM (SELECT x, p, t, JSON_VALUE(x, '$.sensor') AS sensor, TRY_CAST(JSON_VALUE(x, '$.number') AS INT) AS number,
        TRY_CAST(JSON_VALUE(x, '$.celsius') AS DOUBLE) AS celsius, JSON_VALUE(x, '$.at') AS `at` FROM records)""",
    """CREATE TEMPORARY VIEW kept AS
    SELECT *, CURRENT_WATERMARK(t) >= FLOOR(t TO MINUTE) + INTERVAL '59.999' SECOND AS l
    FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY sensor, number ORDER BY p) AS n FROM judged WHERE reason IS NULL)
    WHERE n = 1""",
    "CREATE TEMPORARY VIEW on_time AS SELECT * FROM kept WHERE l IS NOT TRUE",
)
INSERTS = (
    "INSERT INTO clean SELECT sensor, number, celsius, `at` FROM on_time",
    "INSERT INTO late SELECT sensor, number, celsius, `at` FROM kept WHERE l",
    "INSERT INTO rejected SELECT x, reason FROM judged WHERE reason IS NOT NULL",
    """INSERT INTO minutes
    SELECT sensor, CAST(window_start AS STRING), CAST(window_end AS STRING), COUNT(*), AVG(celsius)
    FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(t), INTERVAL '1' MINUTE)) GROUP BY sensor, window_start, window_end""",
    """INSERT INTO anomalies SELECT sensor, `at`, celsius, a, d, (celsius - a) / d FROM (
        SELECT *, COUNT(*) OVER w AS c, AVG(celsius) OVER w AS a, STDDEV_POP(celsius) OVER w AS d
        FROM on_time WHERE celsius IS NOT NULL
        WINDOW w AS (PARTITION BY sensor ORDER BY p ROWS BETWEEN 99 PRECEDING AND CURRENT ROW))
    WHERE c >= 50 AND ABS(celsius - a) > 5 * d""",
)


def main(events: int, values: int) -> None:
    sys.path.insert(0, str(Path(str(streaming.__file__)).parent / "scripts"))
    with tempfile.TemporaryDirectory() as folder:
        found = {"events": events, **in_flink(Path(folder), events)}
    json.dump({**found, "forest": with_forest(), "state": state_of(values)}, sys.stdout)


def records(count: int) -> Iterator[str]:
    """Yield readings of a hundred sensors: of a hundred one is late, one comes twice, one is broken."""
    draw, start = random.Random(1), datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        fate = draw.randrange(100)
        at = start + timedelta(seconds=number // 50 - (600 if fate == 0 else 0))
        celsius = 90 if draw.random() < 0.001 else round(draw.gauss(20, 1), 3)
        record = {
            "sensor": f"sensor-{number % 100}",
            "number": number,
            "celsius": celsius,
            "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        }
        yield json.dumps(record) if fate != 1 else json.dumps({**record, "number": "x"})
        if fate == 2:
            yield json.dumps(record)


def plan_of(*outputs: streaming.Output) -> Any:
    """Return the plan as the scripts read it."""
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Bench")
    places: dict[streaming.Output, Any] = {one: Stream(stack, one.output_name, shards=1) for one in outputs}
    source = streaming.StreamSource(stream=Stream(stack, "In", shards=1), dataset=READINGS)
    text = streaming.StreamPlan(source=source, outputs=places).to_json()
    return import_module("lake_stream.plan").Plan.parse(text)


def in_flink(folder: Path, events: int) -> Mapping[str, Any]:
    """Run both jobs in turn, and each once before; return the wall and CPU seconds of each run."""
    (folder / "in").mkdir()
    (folder / "in" / "records").write_text("".join(f"{record}\n" for record in records(events)), encoding="utf-8")
    minutes = streaming.WindowAggregates(
        name="minutes",
        window=cdk.Duration.minutes(1),
        keys=["sensor"],
        measures={"readings": streaming.Count(), "mean": streaming.Mean("celsius")},
    )
    good, late, bad = streaming.CleanRecords(), streaming.LateRecords(), streaming.RejectedRecords()
    plan = plan_of(good, late, bad, minutes, streaming.Anomalies(column="celsius", keys=["sensor"]))
    cluster = FlinkCluster(folder / "flink")
    cluster.begin(level="error", pattern="%m")
    taken: dict[str, list[tuple[float, float]]] = {SHIPPED: [], BY_HAND: []}
    counts: list[dict[str, int]] = []
    for run in range(RUNS + 1):
        for name, times in taken.items():
            to = folder / f"{run}-{len(counts)}"
            source = {"connector": "filesystem", "path": (folder / "in").as_uri(), "format": "raw"}
            sinks = {
                one.name: {"connector": "filesystem", "path": (to / one.name).as_uri(), **JSON} for one in plan.outputs
            }
            job = import_module("lake_stream.sql").statements(plan, source, sinks)
            if name == BY_HAND:
                options = {one: _options(given) for one, given in {**sinks, "source": source}.items()}
                definitions = tuple(text.format(**options) for text in DEFINITIONS)
                job = replace(job, definitions=definitions, inserts=INSERTS)
            times.append(_timed(cluster, job))
            counts.append({one.name: _lines(to / one.name) for one in plan.outputs})
    cluster.kill()
    if any(count != counts[0] for count in counts) or not all(counts[0].values()):
        raise ValueError(f"the jobs differ, or leave an output empty: {counts}")
    return {"rows": counts[0], "runs": {name: times[1:] for name, times in taken.items()}}


def _options(given: Mapping[str, str]) -> str:
    return ", ".join(f"'{name}' = '{value}'" for name, value in given.items())


def _timed(cluster: FlinkCluster, job: Any) -> tuple[float, float]:
    """Return the wall seconds of a job, as Flink has them, and the CPU seconds from when it is planned."""
    given = cluster.submission
    gateway = JavaGateway(
        gateway_parameters=GatewayParameters(port=given["port"], auth_token=given["token"], auto_convert=True)
    )
    java: Any = gateway.jvm
    api = java.org.apache.flink.table.api
    tables = api.TableEnvironment.create(api.EnvironmentSettings.newInstance().inStreamingMode().build())
    for name, value in {**given["settings"], "parallelism.default": "1", **job.settings}.items():
        tables.getConfig().set(name, value)
    for definition in job.definitions:
        tables.executeSql(definition)
    inserts = tables.createStatementSet()
    for insert in job.inserts:
        inserts.addInsertSql(insert)
    planned = inserts.compilePlan()
    process = psutil.Process(cluster.pid)
    before = process.cpu_times()
    running = planned.execute()
    getattr(running, "await")()
    after = process.cpu_times()
    ended = cluster.get(f"/jobs/{running.getJobClient().get().getJobID().toString()}")
    gateway.close()
    return ended["duration"] / 1000, after.user + after.system - before.user - before.system


def _lines(folder: Path) -> int:
    return sum(len(part.read_text(encoding="utf-8").splitlines()) for part in folder.rglob("part-*"))


def with_forest() -> Mapping[str, float]:
    """Return CPU seconds of the plan in plain Python with a forest, and of the forest alone, over the same values."""
    draw = random.Random(1)
    values = [draw.gauss(20, 1) for _ in range(SCORED)]
    odd = streaming.Anomalies(column="celsius", keys=["sensor"], detector=FOREST)
    engine = import_module("lake_stream.engine").Engine(plan_of(odd, streaming.RejectedRecords()))
    texts = [
        json.dumps({"sensor": "a", "number": number, "celsius": value, "at": "2026-01-01T00:00:00Z"})
        for number, value in enumerate(values)
    ]
    started = time.process_time()
    for number, text in enumerate(texts):
        engine.process(text, number)
    between = time.process_time()
    forest = _bare()
    for seen, value in enumerate(values):
        if seen >= FOREST.at_least:
            forest.score([value])
        forest.update([value])
    return {SHIPPED: between - started, BY_HAND: time.process_time() - between}


def _bare() -> RandomCutForest:
    return RandomCutForest(
        {
            "dimensions": 1,
            "shingle_size": FOREST.shingle,
            "num_trees": FOREST.trees,
            "sample_size": FOREST.sample,
            "random_seed": FOREST.seed,
            "output_after": FOREST.at_least,
            "parallel_execution_enabled": False,
        }
    )


def state_of(values: int) -> Mapping[str, Mapping[str, int]]:
    """Return the bytes of a key's state, and of the process, after so many values."""
    draw, found = random.Random(1), {}
    detector = import_module("lake_stream.plan").Detector(**FOREST.as_dict())
    scorer = import_module("lake_stream.scores").scorer(detector)
    for seen in range(1, values + 1):
        scorer.update(draw.gauss(20, 1))
        if seen in (values // 100, values // 10, values):
            found[f"{seen:,}"] = {"process": psutil.Process().memory_info().rss, "state": len(json.dumps(scorer.state))}
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
