"""The demos from the command line: one clear line for whatever is wrong, and nothing left behind."""

from __future__ import annotations

import argparse
import contextlib
import logging
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from rich.console import Console
from rich.markup import escape

from examples.demo.steps import Step, Steps
from local_cloud.cloud import LocalCloud

_WORK = Path(__file__).parents[2] / ".lake"
_INTERRUPTED = 130
Results = TypeVar("Results")


class Parser(argparse.ArgumentParser):
    """Options that every demo has; says what is wrong in one line, without the usage."""

    def __init__(self, prog: str, description: str | None) -> None:
        super().__init__(prog=prog, description=description)
        self.add_argument("--report", type=Path, default=Path("report.html"), help="where to write the report")
        self.add_argument("--keep", action="store_true", help="let the local cloud run on, until Ctrl-C")

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def demonstrate(
    run: Callable[[LocalCloud, Steps, Path], Results],
    finish: Callable[[Console, Results, Sequence[Step], float], None],
    *,
    keep: bool,
    longest_wait: int | None = None,
) -> int:
    """Start a local cloud, run a demo on it, tear it down, and return the exit code.

    Parameters
    ----------
    run: callable
        Runs the demo, given the cloud, the steps and a folder; returns its results.
    finish: callable
        Shows the results, given the steps and the seconds that they took.
    keep: bool
        Whether the cloud runs on until Ctrl-C.
    longest_wait: int, optional
        Whole seconds after which a Wait state ends early.
    """
    console = Console()
    steps = Steps(console)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # State machines that are interrupted complain when the cloud's log is closed already.
    logging.getLogger("moto").addHandler(logging.NullHandler())
    try:
        with _workdir() as workdir:
            started = time.monotonic()
            with contextlib.ExitStack() as cleanup:
                cloud = LocalCloud(workdir=workdir, longest_wait=longest_wait)
                with steps.step("Start the local cloud") as step:
                    cleanup.enter_context(_undisturbed(cloud))
                    step.say(cloud.endpoint)
                results = run(cloud, steps, workdir)
                if keep:
                    _wait(cloud, console)
                with steps.step("Tear down"):
                    cleanup.close()
            finish(console, results, steps.done, time.monotonic() - started)
    except KeyboardInterrupt:
        console.print(f"interrupted{_during(steps)}; everything is torn down", highlight=False)
        return _INTERRUPTED
    except Exception as error:
        message = " ".join(str(error).split()) or type(error).__name__
        console.print(f"[red]error[/red]{escape(_during(steps))}: {escape(message)}", highlight=False, soft_wrap=True)
        return 1
    return 0


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
