"""Examples: a plain CDK app for each capability."""

from __future__ import annotations

import json
import runpy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from template_checks.core.assembly import StackTemplate, read_assembly
from tests.conformance.sample import samples
from tests.support import ROOT

EXAMPLES = ROOT / "examples"


def capabilities() -> list[str]:
    """Return the capabilities that have samples: `ingestion/kinesis`."""
    return sorted({sample.capability.replace(".", "/") for sample in samples()})


def path_of(capability: str) -> Path:
    return EXAMPLES / f"{capability}.py"


@dataclass(frozen=True)
class Asset:
    """A file, or a folder, that a template refers to."""

    bucket: str
    key: str
    path: Path


@dataclass(frozen=True)
class Example:
    """A synthesised example."""

    folder: Path

    @property
    def templates(self) -> list[StackTemplate]:
        return read_assembly(self.folder)

    def assets(self) -> list[Asset]:
        """Return what the CDK CLI would upload, beside the template itself."""
        return [
            Asset(place["bucketName"], place["objectKey"], self.folder / entry["source"]["path"])
            for manifest in self.folder.glob("*.assets.json")
            for entry in _entries(manifest)
            for place in entry["destinations"].values()
            if not entry["source"]["path"].endswith(".template.json")
        ]


@cache
def synthesised(path: Path) -> Example:
    """Run an example as `python` would, in this process, which has the CDK's already."""
    found = runpy.run_path(str(path), run_name="__main__")
    # A second call returns what the example has synthesised.
    return Example(Path(found["app"].synth().directory))


def _entries(manifest: Path) -> list[dict[str, Any]]:
    return list(json.loads(manifest.read_text()).get("files", {}).values())
