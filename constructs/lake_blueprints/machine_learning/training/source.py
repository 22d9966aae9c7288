"""A training script, packed as SageMaker's script mode wants it."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.foundation.generated_asset import generated_asset

SHIPPED_SCRIPT = Path(__file__).parent / "scripts" / "train.py"


def script_asset(scope: Construct, construct_id: str, script: Path) -> s3_assets.Asset:
    """Return the script as the asset `sourcedir.tar.gz`, the same bytes for the same script on every machine."""
    if not script.is_file():
        raise ValueError(f"'script' must be a file, got '{script}'")
    return generated_asset(scope, construct_id, name="sourcedir.tar.gz", content=_pack(script))


def _pack(script: Path) -> bytes:
    packed = io.BytesIO()
    # Stored, not compressed: compressors differ between machines, and the asset's hash must not.
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=0, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        content = script.read_bytes()
        member = tarfile.TarInfo(script.name)
        member.size, member.mode = len(content), 0o644
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
