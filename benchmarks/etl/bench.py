"""ETL benchmark: the shipped script beside bare PySpark and DuckDB, and the start-up of a small job.

`append`, `merge` and `start_up` return plain data; `python -m benchmarks.etl.bench [ROWS ...]` prints them
as JSON lines.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.etl.workload import generate
from local_cloud.engines.glue.spark import ClassArchive

ENGINES = ("duckdb", "bare", "shipped")
PARTS = ("read", "curated", "duplicates", "filtered", "quarantined", "changed")
SMALL = 1_000
TIMES = 3
# A run on so many rows takes minutes, in which the noise of seconds is lost.
MANY = 5_000_000
ARCHIVE_SECONDS = 120


def run(*arguments: str, folder: Path, java_options: str = "") -> dict[str, Any]:
    """Run one engine in a process of its own, on a clean target."""
    for output in ("target", "quarantine"):
        shutil.rmtree(folder / output, ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.etl.iceberg_workload", *arguments, str(folder)]
    environment = {**os.environ, "BENCH_JAVA_OPTIONS": java_options}
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    result: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
    return result


def times_of(rows: int) -> int:
    """Return how often each engine runs on so many rows."""
    return TIMES if rows < MANY else 1


def append(rows: int) -> dict[str, Any]:
    """Run each engine on records that an empty Iceberg table takes.

    The runs alternate, so that all share the noise.

    Returns
    -------
    As `_contest`.

    Raises
    ------
    ValueError
        If the engines disagree about what became of the records.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, rows)

        def once(engine: str) -> dict[str, Any]:
            shutil.rmtree(folder / "warehouse", ignore_errors=True)
            return run("append", engine, folder=folder)

        return _contest(ENGINES, once, rows)


def merge(rows: int) -> dict[str, Any]:
    """Compare the engines on changes of one row in a hundred of an Iceberg table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "benchmarks.etl.iceberg_workload", "base", str(rows), str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        (folder / "warehouse").rename(folder / "base")

        def once(engine: str) -> dict[str, Any]:
            shutil.rmtree(folder / "warehouse", ignore_errors=True)
            shutil.copytree(folder / "base", folder / "warehouse")
            return run("merge", engine, folder=folder)

        return _contest(ENGINES[1:], once, rows)


def _contest(engines: Sequence[str], once: Callable[[str], dict[str, Any]], rows: int) -> dict[str, Any]:
    """Run each engine in turn, as often as the rows allow.

    Returns
    -------
    `rows`, `times`, `load_average` (of the last minute, when the runs began and ended), `account` (what became of
    the records, the same for all engines) and `engines`: for each the median `seconds` and `cpu_seconds`, and
    `ratio` and `cpu_ratio`, the medians of what it took of the bare run beside it.
    """
    began, times = os.getloadavg()[0], times_of(rows)
    results: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
    for _ in range(times):
        for engine in engines:
            results[engine].append(once(engine))
    accounts = {
        engine: {part: count for part, count in found[0].items() if part in PARTS} for engine, found in results.items()
    }
    if any(account != accounts["bare"] for account in accounts.values()):
        raise ValueError(f"the engines disagree: {accounts}")

    def median(engine: str, unit: str) -> float:
        return float(statistics.median(result[unit] for result in results[engine]))

    def ratio(engine: str, unit: str) -> float:
        pairs = zip(results[engine], results["bare"], strict=True)
        return round(float(statistics.median(one[unit] / bare[unit] for one, bare in pairs)), 2)

    return {
        "rows": rows,
        "times": times,
        "load_average": [round(began, 1), round(os.getloadavg()[0], 1)],
        "account": accounts["bare"],
        "engines": {
            engine: {
                "seconds": median(engine, "seconds"),
                "cpu_seconds": median(engine, "cpu_seconds"),
                "ratio": ratio(engine, "seconds"),
                "cpu_ratio": ratio(engine, "cpu_seconds"),
            }
            for engine in engines
        },
    }


def start_up(times: int = TIMES) -> dict[str, Any]:
    """Run a job over 1,000 records several times, without and with class-data sharing.

    Returns
    -------
    `rows`, `times`, `load_average` and `seconds`: the median from the start of the process to its end, `without`
    and `with` the archive of classes.
    """
    began = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, SMALL, objects=1)
        archive = ClassArchive(folder / "cache")
        draft = folder / "draft.jsa"
        run("append", "shipped", folder=folder, java_options=" ".join(archive.recording_options(draft)))
        _wait_for(draft)
        archive.keep(draft)
        options = {"without": "", "with": " ".join(archive.options())}
        results: dict[str, list[float]] = {label: [] for label in options}
        for _ in range(times):
            for label, java_options in options.items():
                results[label].append(
                    run("append", "shipped", folder=folder, java_options=java_options)["total_seconds"]
                )
    return {
        "rows": SMALL,
        "times": times,
        "load_average": [round(began, 1), round(os.getloadavg()[0], 1)],
        "seconds": {label: statistics.median(found) for label, found in results.items()},
    }


def _wait_for(archive: Path) -> None:
    """Wait until the JVM, which outlives the script, has written its classes."""
    deadline = time.monotonic() + ARCHIVE_SECONDS
    size = -1
    while time.monotonic() < deadline:
        before, size = size, archive.stat().st_size if archive.exists() else 0
        if size and size == before:
            return
        time.sleep(1)
    raise TimeoutError(f"the JVM wrote no archive of its classes in {ARCHIVE_SECONDS} s")


def main(sizes: list[int]) -> None:
    for rows in sizes:
        for measured in (append, merge):
            print(json.dumps({measured.__name__: measured(rows)}), flush=True)
    print(json.dumps(start_up()))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000_000, 10_000_000])
