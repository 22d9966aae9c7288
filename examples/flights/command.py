"""The demo from the command line."""

from __future__ import annotations

import argparse
import contextlib
import logging
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.markup import escape

from examples.flights import report, summary
from examples.flights.run import ROOT, Run
from examples.flights.source import MONTHS
from examples.flights.steps import Steps
from local_cloud.cloud import LocalCloud

_WORK = ROOT / ".lake"
_INTERRUPTED = 130


def main() -> int:
    """Run the demo; return the exit code."""
    options = _parser().parse_args()
    console = Console()
    steps = Steps(console)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # State machines that are interrupted complain when the cloud's log is closed already.
    logging.getLogger("moto").addHandler(logging.NullHandler())
    try:
        with _workdir() as workdir:
            _run(options, steps, console, workdir)
    except KeyboardInterrupt:
        console.print(f"interrupted{_during(steps)}; everything is torn down", highlight=False)
        return _INTERRUPTED
    except Exception as error:
        message = " ".join(str(error).split()) or type(error).__name__
        console.print(f"[red]error[/red]{escape(_during(steps))}: {escape(message)}", highlight=False, soft_wrap=True)
        return 1
    return 0


def _run(options: argparse.Namespace, steps: Steps, console: Console, workdir: Path) -> None:
    started = time.monotonic()
    with contextlib.ExitStack() as cleanup:
        cloud = LocalCloud(workdir=workdir)
        with steps.step("Start the local cloud") as step:
            cleanup.enter_context(_undisturbed(cloud))
            step.say(cloud.endpoint)
        results = Run(cloud, steps, workdir=workdir, months=options.months, corrupt=options.corrupt)()
        if options.keep:
            _wait(cloud, console)
        with steps.step("Tear down"):
            cleanup.close()
    seconds = time.monotonic() - started
    report.write(options.report, results, steps.done, seconds)
    summary.show(console, results, steps.done, seconds)
    console.print(f"The report is in {options.report}", highlight=False, soft_wrap=True)


@contextlib.contextmanager
def _undisturbed(cloud: LocalCloud) -> Iterator[None]:
    """Run the cloud; a second Ctrl-C does not stop it from being torn down."""
    try:
        cloud.start()
        yield
    finally:
        with _signals_ignored():
            cloud.stop()


@contextlib.contextmanager
def _workdir() -> Iterator[Path]:
    """Make a folder and remove it at the end; after a failure its logs stay, for reading."""
    _WORK.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=_WORK))
    logs = folder / "logs"
    logs.mkdir()
    keep: Path | None = None
    try:
        yield folder
    except Exception:
        (logs / "demo.log").write_text(traceback.format_exc(), encoding="utf-8")
        keep = logs
        raise
    finally:
        with _signals_ignored():
            _remove(folder, keep)


def _remove(folder: Path, keep: Path | None) -> None:
    """Remove a folder, except `keep` in it; also the folder around it, if that is empty then."""
    for path in folder.iterdir():
        if path.is_dir() and path != keep:
            shutil.rmtree(path, ignore_errors=True)
        elif path != keep:
            path.unlink(missing_ok=True)
    for empty in (folder, folder.parent):
        with contextlib.suppress(OSError):
            empty.rmdir()


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(cloud: LocalCloud, console: Console) -> None:
    console.print(f"The local cloud runs on at {cloud.endpoint}; Ctrl-C ends it. For the AWS CLI:", soft_wrap=True)
    for name, value in cloud.environment().items():
        if name.startswith("AWS_"):
            console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def _during(steps: Steps) -> str:
    return f" in step '{steps.current}'" if steps.current else ""


def _months(text: str) -> int:
    if not text.isdigit() or int(text) not in MONTHS:
        raise argparse.ArgumentTypeError(f"must be {MONTHS[0]} to {MONTHS[-1]}, got '{text}'")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 or more, got '{text}'")
    return int(text)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m examples.flights", description=__doc__)
    parser.add_argument("--months", type=_months, default=1, help="months of 2013 to stream, 1 to 12")
    parser.add_argument("--corrupt", type=_count, default=0, help="bad records to inject into the stream")
    parser.add_argument("--report", type=Path, default=Path("report.html"), help="where to write the report")
    parser.add_argument("--keep", action="store_true", help="let the local cloud run on, until Ctrl-C")
    return parser
