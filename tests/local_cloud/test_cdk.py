from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cloud.client.cdk import Cdk
from local_cloud.errors import LocalCloudError


def test_what_the_cli_has_started_ends_with_it_when_it_is_interrupted(
    tmp_path: Path, has_ended: Callable[[int], bool]
) -> None:
    cli = Cdk(("/bin/sh", "-c", "sleep 600 & echo $!; wait"), Path("/bin/node"))
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cli.run(["deploy"], directory=tmp_path, environment=os.environ, log=tmp_path / "log", on_line=interrupt)
    assert has_ended(int(lines[0]))


def test_a_failed_synth_says_what_the_validation_of_constructs_has_found(tmp_path: Path) -> None:
    lines = [
        "Traceback (most recent call last):",
        '  File "app.py", line 3, in <module>',
        "RuntimeError: ValidationFailedWithErrors: Validation failed with the following errors:",
        "  [Lake/Baseline] contract 'orders' is broken",
        "  orders.amount: column dropped",
        "python app.py: Subprocess exited with error 1",
    ]
    script = tmp_path / "cdk.py"
    script.write_text(f"import sys\nprint({chr(10).join(lines)!r})\nsys.exit(1)")
    with pytest.raises(LocalCloudError, match=r"\[Lake/Baseline\] contract 'orders' is broken orders.amount: column"):
        Cdk((sys.executable, str(script)), Path(sys.executable)).run(
            ["synth"], directory=tmp_path, environment=os.environ, log=tmp_path / "log", on_line=lambda _: None
        )
