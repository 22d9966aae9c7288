"""`make bench`: measure everything and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import statistics
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import scale, streams, synth
from benchmarks.etl import bench
from benchmarks.measure import Command, measure

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "benchmarks.md"
WORK = ROOT / ".lake" / "bench"
ETL_GOAL = 1.15
STREAM_GOAL = 1.2
HEAD = """# Benchmarks

Written by `make bench`, all at once or a section at a time: `python -m benchmarks --only "ETL"`. The machine is shared:
trust ratios within a table, not seconds across tables.
"""
FEWER_BYTES = 50
VERSIONS = ("aws-cdk-lib", "pyspark", "duckdb", "moto", "scikit-learn", "apache-flink-libraries", "krcf")


def main() -> None:
    options = _parser().parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    sections: Mapping[str, Callable[[], str]] = {
        "Cold synth": lambda: _synth(options.runs),
        "Many datasets": lambda: _scale(options.datasets),
        "The ETL script": lambda: _etl(options.rows),
        "Small commits and compaction": lambda: _compaction(options.commits),
        "Start-up of a small job": _start_up,
        "The year's run": lambda: _year(options.months),
        "Kinesis and Firehose of the local cloud": lambda: _throughput(options.records),
        "Plans of streams": lambda: _streams(options.events, options.values),
    }
    chosen = [title for title in sections if options.only.lower() in title.lower()]
    for title in chosen:
        text = f"{_conditions()}\n\n{sections[title]()}"
        print(f"## {title}\n\n{text}", flush=True)
        _write({**_written(), title: text}, sections)


def _written() -> dict[str, str]:
    """Return the sections of the report by their titles."""
    _, *parts = re.split(r"^## ", REPORT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title: text.strip("\n") + "\n" for title, _, text in (part.partition("\n") for part in parts)}


def _write(found: Mapping[str, str], titles: Iterable[str]) -> None:
    parts = [f"## {title}\n\n{found[title]}" for title in titles if title in found]
    REPORT.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


def _conditions() -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in VERSIONS)
    machine = f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
    return "\n".join(textwrap.wrap(f"Measured on {today}: {machine}; {versions}.", 120))


def _synth(runs: int) -> str:
    found = synth.compare(runs, WORK)
    ours, peer = found[2], found[3]
    rows = [(one.name, one.resources, f"{one.wall_seconds:.2f}", f"{one.cpu_seconds:.2f}") for one in found]
    return f"""\
A process from nothing to templates, without CDK's validator; medians of {runs} interleaved runs. The peer is
data-solutions-framework 1.21.3: DataLakeStorage, DataLakeCatalog, AthenaWorkGroup, RedshiftServerlessNamespace and
Workgroup.

{_table(("app", "resources", "wall s", "CPU s"), rows)}
Goal: no more than the peer's wall time: {_verdict(ours.wall_seconds / peer.wall_seconds, 1)}; of its CPU time the
reference app takes {ours.cpu_seconds / peer.cpu_seconds:.2f}. It has eight stacks where the peer has one, more kinds of
resources, and contracts to read and check.
"""


def _scale(sizes: Sequence[int]) -> str:
    found = scale.compare(sizes)
    rows = [
        (
            f"{one.datasets:,}",
            f"{one.load_seconds:.1f}",
            f"{one.synth_seconds:.1f}",
            f"{1_000 * one.synth_seconds / one.datasets:.0f}",
            one.stacks,
            f"{one.resources:,}",
            one.largest,
        )
        for one in found
    ]
    first, last = (one.synth_seconds / one.datasets for one in (found[0], found[-1]))
    return f"""\
A `DataLake` of JSON datasets with {scale.COLUMNS} columns, each in a contract of its own, in {scale.SHARDS} shards;
single runs.

{_table(("datasets", "load s", "synth s", "synth ms for each", "stacks", "resources", "in the largest"), rows)}
With {found[-1].datasets:,} datasets each takes {last / first:.2f} times as long as with {found[0].datasets:,}. Goal: no
more than with few.
"""


def _etl(sizes: Sequence[int]) -> str:
    rows, verdicts = [], []
    engines = {"duckdb": "DuckDB", "bare": "bare PySpark", "shipped": "shipped script"}
    for size in sizes:
        for job, compare in (("append", bench.append), ("merge of 1 %", bench.merge)):
            found = compare(size)["engines"]
            for engine, one in found.items():
                took = [f"{one[unit]:.1f}" for unit in ("seconds", "cpu_seconds")]
                rows.append(
                    (f"{size:,}", job, engines[engine], *took, f"{one['ratio']:.2f}", f"{one['cpu_ratio']:.2f}")
                )
            verdicts.append(f"{job} of {size:,} rows {_verdict(found['shipped']['ratio'], ETL_GOAL)}")
    return f"""\
An append: JSON lines to a partitioned Iceberg table, cast, validated, bad records set aside with reasons, duplicates
removed. A merge: changes of one row in a hundred into a table of so many rows by its primary key (copy-on-write). Bare
PySpark does the same without ledger, account and reports; DuckDB, which writes a folder of Parquet, is the limit of one
machine. Medians of {bench.TIMES} runs of each, in turn, and single runs from {bench.MANY:,} rows on; a ratio is the
median of those to the bare run beside it.

{_table(("rows", "job", "engine", "wall s", "CPU s", "of bare, wall", "of bare, CPU"), rows)}
{textwrap.fill(f"Goal: at most {ETL_GOAL} times bare PySpark: {', '.join(verdicts)}.", width=120)}

The script also notes what it has read so that reruns are safe, accounts for every record, gives reasons as sentences,
and counts the rows of a branch before it becomes the table. Most of the difference is reading (measured on 2026-12-01,
CPU seconds for a million rows, warm): Spark's JSON source takes 5.5, `from_json` over lines 8.5, with the check that a
line is UTF-8 and one value, and with strict types and rules, 11. The source cannot be used: it keeps no line of a
record that breaks a rule, and ignores what follows a value.
"""


def _compaction(commits: int) -> str:
    command = [sys.executable, "-m", "benchmarks.compaction", str(commits)]
    output = measure(Command(argv=command, cwd=ROOT, environment={})).output
    found = _result(output)
    rows = [
        (name, f"{found[name]['bytes'] / 1e6:,.2f}", f"{found[name]['seconds']:.1f}") for name in ("before", "after")
    ]
    return f"""\
A question to an Iceberg table of {found["commits"]:,} commits, before and after `OPTIMIZE`.

{_table(("compaction", "MB read", "seconds"), rows)}"""


def _verdict(ratio: float, goal: float) -> str:
    return f"met ({ratio:.2f})" if ratio <= goal else f"**missed** ({ratio:.2f})"


def _start_up() -> str:
    found = bench.start_up()
    rows = [(f"{name} class-data sharing", f"{seconds:.1f}") for name, seconds in found["seconds"].items()]
    return f"""\
A whole job over {found["rows"]:,} records, medians of {found["times"]}.

{_table(("JVM", "wall s"), rows)}"""


def _year(months: int) -> str:
    run = measure(Command(argv=[sys.executable, "-m", "benchmarks.year", str(months)], cwd=ROOT, environment={}))
    found = _result(run.output)
    rows = [
        (
            question["title"],
            *(f"{question[source] / 1e6:,.2f}" for source in ("plain", "raw", "curated")),
            f"{question['plain'] / question['curated']:.0f}",
            f"{question['raw'] / question['curated']:.0f}",
        )
        for question in found["questions"]
    ]
    total: Mapping[str, int] = {
        source: sum(question[source] for question in found["questions"]) for source in ("plain", "raw", "curated")
    }
    least = min(question["plain"] / question["curated"] for question in found["questions"])
    memory = run.peak_bytes / 2**30
    steps = [(name, f"{seconds:.1f}") for name, seconds in found["steps"].items()]
    return f"""\
{found["records"]:,} flights through the deployed lake in {found["seconds"]:.0f} s, with at most {memory:.1f} GiB of
memory: all processes together, sampled.

{_table(("step", "seconds"), steps)}
### Bytes read by the five questions

Counted where S3 serves them, in MB: as JSON lines, as Firehose delivers them (GZIP), and curated; reference files
included. Goal: at least {FEWER_BYTES} times fewer than raw JSON.

{_table(("question", "JSON", "JSON, GZIP", "curated", "JSON: curated", "GZIP: curated"), rows)}
In all, the curated tables are read with {total["plain"] / total["curated"]:.0f} times fewer bytes than JSON, and
{total["raw"] / total["curated"]:.0f} times fewer than its compressed form. For the question that saves
least: {"met" if least >= FEWER_BYTES else "**missed**"} ({least:.1f}).
"""


def _throughput(records: int) -> str:
    command = [sys.executable, "-m", "benchmarks.throughput", str(records)]
    found = _result(measure(Command(argv=command, cwd=ROOT, environment={})).output)
    put, through = (found["records"] / found[name] for name in ("put_seconds", "through_seconds"))
    return f"""\
{records:,} records of about 400 bytes, in batches of 500 from one producer: {put:,.0f} records a second into Kinesis,
{through:,.0f} a second from the producer to compressed objects in S3.
"""


def _streams(events: int, values: int) -> str:
    command = [sys.executable, "-m", "benchmarks.streams", str(events), str(values)]
    found = _result(measure(Command(argv=command, cwd=ROOT, environment={})).output)
    shipped, by_hand = (found["runs"][name] for name in (streams.SHIPPED, streams.BY_HAND))
    # Medians of the wall and the CPU seconds, and of their ratios between runs in turn.
    taken = [[statistics.median(one) for one in zip(*runs, strict=True)] for runs in (shipped, by_hand)]
    pairs = [[a / b for a, b in zip(*pair, strict=True)] for pair in zip(shipped, by_hand, strict=True)]
    of_forest = found["forest"][streams.SHIPPED] / found["forest"][streams.BY_HAND]
    ratio, cpu_ratio = (statistics.median(one) for one in zip(*pairs, strict=True))
    rows = [
        (f"Flink, {name}", f"{events / wall:,.0f}", f"{wall:.1f}", f"{cpu:.1f}")
        for name, (wall, cpu) in zip(found["runs"], taken, strict=True)
    ]
    rows += [
        (f"random cut forest, {name}", f"{streams.SCORED / cpu:,.0f}", "", f"{cpu:.1f}")
        for name, cpu in found["forest"].items()
    ]
    state = [(seen, *(f"{size[of] / 1e6:.1f}" for of in ("state", "process"))) for seen, size in found["state"].items()]
    return f"""\
{events:,} readings of a hundred sensors from a file through one slot of Flink to files: checked, each once, late ones
apart, counted by minute and searched by z-scores; and {streams.SCORED:,} values of one key through the plan in plain
Python with a random cut forest. By hand is SQL that gives the same rows of these records, and the forest in a loop.
Medians of {len(shipped)} runs in turn, after one to warm up; CPU time is the whole JVM's, the compiler's included.

{_table(("run", "events a second", "wall s", "CPU s"), rows)}
Goal: at most {STREAM_GOAL} times the SQL by hand: {_verdict(ratio, STREAM_GOAL)}, of CPU time {cpu_ratio:.2f}. What
the plan does more: it tells numbers from texts, checks times and offsets, keeps the reasons as sentences, and decides
what is late in state that outlives a restart. The plan with a forest takes {of_forest:.2f} times as long as the forest:
it reads and checks JSON and drops duplicates.

{_table(("values of one key", "MB of state", "MB of the process"), state)}"""


def _result(output: str) -> Any:
    """Return what a benchmark has printed; what a JVM says when it is ended may follow."""
    line = next(line for line in reversed(output.splitlines()) if line.startswith("{"))
    return json.JSONDecoder().raw_decode(line)[0]


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="part of the title of the sections that are measured")
    parser.add_argument("--runs", type=int, default=5, help="runs of each synth")
    parser.add_argument("--datasets", type=int, nargs="*", default=[10, 100, 1_000], help="datasets of a lake")
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000], help="records for the ETL")
    parser.add_argument("--commits", type=int, default=1_000, help="commits to the table that is compacted")
    parser.add_argument("--months", type=int, default=12, help="months of flights")
    parser.add_argument("--records", type=int, default=100_000, help="records through Kinesis")
    parser.add_argument("--events", type=int, default=50_000, help="readings through Flink")
    parser.add_argument("--values", type=int, default=1_000_000, help="values of a key for its state")
    return parser


if __name__ == "__main__":
    main()
