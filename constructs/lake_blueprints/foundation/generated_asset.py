"""Assets whose content is made at synth."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

# The first moment that a zip file can name.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def generated_asset(scope: Construct, construct_id: str, *, name: str, content: bytes) -> s3_assets.Asset:
    """Return a file asset of some content; the extension of `name` becomes that of the object."""
    # The asset copies the file at once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return s3_assets.Asset(scope, construct_id, path=str(path))


def archived(files: Mapping[str, bytes]) -> bytes:
    """Return files, in the order of their names, as a zip file: the same bytes on every machine."""
    packed = io.BytesIO()
    # Stored, not compressed: compressors differ between machines, and the asset's hash must not.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            # Otherwise it is 0 on Windows and 3 elsewhere.
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return packed.getvalue()
