"""Packages of the plan and the modules that follow it, the same bytes for the same plan on every machine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Annotations
from constructs import Construct

from lake_blueprints.ingestion.kinesis.producer import AGGREGATION

_SCRIPTS = Path(__file__).parent / "scripts"
MODULES = "modules/"
# The first moment that a zip file can name.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def application(plan: str, connectors: Sequence[Path]) -> bytes:
    """Return an application of Flink: `main.py`, its modules, and the connectors."""
    files = {"main.py": (_SCRIPTS / "main.py").read_bytes()}
    files |= {f"{MODULES}{name}": content for name, content in _modules(plan, but=("handler.py",)).items()}
    return _zipped({**files, **{f"lib/{jar.name}": jar.read_bytes() for jar in connectors}})


def function(plan: str, packages: Path | None) -> bytes:
    """Return a function's code: the modules, and what lies in a folder of further packages."""
    files = _modules(plan, but=("job.py", "lookup.py", "sql.py")) | {AGGREGATION.name: AGGREGATION.read_bytes()}
    for file in sorted(packages.rglob("*")) if packages else ():
        inside = file.relative_to(packages or file)
        if file.is_file() and "__pycache__" not in inside.parts:
            files[inside.as_posix()] = file.read_bytes()
    return _zipped(files)


def connector_of(scope: Construct, connectors: Sequence[Path]) -> Mapping[str, str]:
    """Return the option that names the jar of connectors; without one, warn that no stream can be read."""
    if connectors:
        return {"jarfile": f"lib/{connectors[0].name}"}
    Annotations.of(scope).add_warning_v2(
        "lake-blueprints:flink:connector",
        f"'{scope.node.path}' has no jar of connectors, so that it can read and write no stream; give the plan "
        "'connectors', flink-sql-connector-aws-kinesis-streams for its runtime, from Maven",
    )
    return {}


def _modules(plan: str, but: Sequence[str]) -> dict[str, bytes]:
    modules = sorted((_SCRIPTS / "lake_stream").glob("*.py"))
    files = {f"lake_stream/{module.name}": module.read_bytes() for module in modules if module.name not in but}
    return {**files, "lake_stream/plan.json": plan.encode()}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    # Stored, not compressed: compressors differ between machines, and the asset's hash must not.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            # Otherwise it is 0 on Windows and 3 elsewhere.
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()
