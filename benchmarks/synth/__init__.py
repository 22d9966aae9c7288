"""Cold synth of the reference app beside plain constructs, and beside the core lake of a peer library."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Command, interleaved, measure, median_cpu, median_wall

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
# The peer and what it needs to synthesise; measured in an environment of its own, because it pins older libraries.
PEER = "cdklabs.aws-data-solutions-framework==1.21.3"
PEER_BUNDLER = "esbuild@0.21"


@dataclass(frozen=True, kw_only=True)
class Synth:
    """Time and memory of synthesising one app."""

    name: str
    resources: int
    wall_seconds: float
    cpu_seconds: float


def compare(runs: int, workdir: Path) -> list[Synth]:
    """Synthesise each app cold, in turn, without CDK's validator, and return the medians."""
    peer = _install_peer(workdir)
    environment = {
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": json.dumps(_context()),
        # Python keeps its bytecode, as it does unless told otherwise: the libraries are installed with theirs.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    apps: dict[str, tuple[str | Path, Path]] = {
        "nothing: an empty app": (sys.executable, FOLDER / "bare.py"),
        "plain constructs, one stack": (sys.executable, FOLDER / "plain.py"),
        "the reference app, eight stacks": (sys.executable, ROOT / "app.py"),
        "the peer's core lake, one stack": (peer, FOLDER / "peer.py"),
    }
    path = f"{workdir / 'peer' / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    commands = {}
    for number, (name, argv) in enumerate(apps.items()):
        out = workdir / f"synth-{number}"
        commands[name] = Command(
            argv=argv, cwd=workdir, environment={**environment, "CDK_OUTDIR": str(out), "PATH": path}
        )
    measured = interleaved(commands, runs)
    return [
        Synth(
            name=name,
            resources=_resources(workdir / f"synth-{number}"),
            wall_seconds=median_wall(measured[name]),
            cpu_seconds=median_cpu(measured[name]),
        )
        for number, name in enumerate(apps)
    ]


def _context() -> dict[str, object]:
    context: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def _resources(folder: Path) -> int:
    return sum(len(json.loads(path.read_text()).get("Resources", {})) for path in folder.glob("*.template.json"))


def _install_peer(workdir: Path) -> Path:
    folder = workdir / "peer"
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        folder.mkdir(parents=True)
        here = Path(sys.executable).parent
        steps: tuple[list[str | Path], ...] = (
            [here / "uv", "venv", "--quiet", "--python", sys.executable, folder / "venv"],
            [here / "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", python, PEER, "aws-cdk-lib"],
            [here / "npm", "install", "--silent", "--no-save", "--prefix", folder, PEER_BUNDLER],
        )
        for argv in steps:
            measure(Command(argv=argv, cwd=folder, environment={}))
    return python
