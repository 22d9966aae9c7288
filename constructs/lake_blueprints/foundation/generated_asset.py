"""Assets whose content is made at synth."""

from __future__ import annotations

import tempfile
from pathlib import Path

from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct


def generated_asset(scope: Construct, construct_id: str, *, name: str, content: bytes) -> s3_assets.Asset:
    """Return a file asset of some content; the extension of `name` becomes that of the object."""
    # The asset copies the file at once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return s3_assets.Asset(scope, construct_id, path=str(path))
