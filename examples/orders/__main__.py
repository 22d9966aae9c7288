"""`python -m examples.orders`: a shop's database and the lake that follows it, on this machine."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from examples.demo.errors import DemoError
from examples.demo.steps import Steps
from examples.orders.run import Facts, Run
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError

DAYS = 5


def show(console: Console, found: dict[str, Facts]) -> None:
    """Print what each place says of each table: rows, and a sum to the cent."""
    table = Table("table", *found)
    for name in found["shop"]:
        told = (facts.get(name) for facts in found.values())
        table.add_row(name, *(f"{fact[0]:,} rows, {fact[1]}" if fact else "" for fact in told))
    console.print(table)


def main() -> int:
    console, started = Console(), time.monotonic()
    steps = Steps(console)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="orders-") as folder,
            LocalCloud(workdir=Path(folder), longest_wait=1) as cloud,
        ):
            found = Run(cloud, steps, days=DAYS)()
    except (DemoError, LocalCloudError) as error:
        console.print(f"[red]error[/red] in step '{steps.current}': {error}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; everything is torn down")
        return 130
    show(console, found)
    console.print(f"done in {time.monotonic() - started:.0f} s", highlight=False)
    return 0


sys.exit(main())
