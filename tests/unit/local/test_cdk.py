from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lake_blueprints.local.cdk import Cdk


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
