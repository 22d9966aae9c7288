"""How the shipped ETL script compares: `python -m benchmarks.etl.bench [ROWS ...]` prints a Markdown table."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.etl.workload import generate
from lake_blueprints.local.spark import ClassArchive

ENGINES = ("duckdb", "bare", "shipped")
SMALL = 1_000


def run(engine: str, folder: Path, *, java_options: str = "") -> dict[str, Any]:
    """Run one engine in a process of its own, on a clean target."""
    for output in ("target", "quarantine"):
        shutil.rmtree(folder / output, ignore_errors=True)
    command = [sys.executable, str(Path(__file__).with_name("workload.py")), engine, str(folder)]
    environment = {**os.environ, "BENCH_JAVA_OPTIONS": java_options}
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    result: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
    return result


def compare(rows: int, times: int = 3) -> dict[str, dict[str, float]]:
    """Return the median seconds and CPU-seconds of each engine; the runs alternate, so that all share the noise.

    Raises
    ------
    ValueError
        If the engines disagree about what became of the records.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, rows)
        results: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
        for _ in range(times):
            for engine in ENGINES:
                results[engine].append(run(engine, folder))
    accounts = {
        engine: {key: found[0][key] for key in ("read", "curated", "duplicates", "filtered", "quarantined")}
        for engine, found in results.items()
    }
    if len({json.dumps(account) for account in accounts.values()}) > 1:
        raise ValueError(f"the engines disagree: {accounts}")
    return {
        engine: {unit: statistics.median(result[unit] for result in found) for unit in ("seconds", "cpu_seconds")}
        for engine, found in results.items()
    }


def start_up(times: int = 3) -> dict[str, float]:
    """Return the median seconds of a job over 1,000 records, without and with class-data sharing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, SMALL, objects=1)
        archive = ClassArchive(folder / "cache")
        draft = folder / "draft.jsa"
        run("shipped", folder, java_options=" ".join(archive.recording_options(draft)))
        archive.keep(draft)
        options = {"without class-data sharing": "", "with class-data sharing": " ".join(archive.options())}
        results: dict[str, list[float]] = {label: [] for label in options}
        for _ in range(times):
            for label, java_options in options.items():
                results[label].append(run("shipped", folder, java_options=java_options)["total_seconds"])
    return {label: statistics.median(found) for label, found in results.items()}


def main(sizes: list[int]) -> None:
    print("| rows | engine | seconds | CPU-seconds | of bare PySpark (seconds, CPU) |")
    print("|---|---|---|---|---|")
    for rows in sizes:
        found = compare(rows)
        for engine, values in found.items():
            ratios = [values[unit] / found["bare"][unit] for unit in ("seconds", "cpu_seconds")]
            shown = f"{values['seconds']:.1f} | {values['cpu_seconds']:.1f} | {ratios[0]:.2f}, {ratios[1]:.2f}"
            print(f"| {rows:,} | {engine} | {shown} |", flush=True)
    for label, seconds in start_up().items():
        print(f"\nA job over {SMALL:,} records {label}: {seconds:.1f} s")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000_000, 10_000_000])
