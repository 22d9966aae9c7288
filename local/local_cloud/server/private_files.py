"""Folders and files that only their owner can read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import quote

from local_cloud.errors import LocalCloudError

OWNER_ONLY = 0o077
"""The mask of permissions under which programs are started."""


def file_name(name: str) -> str:
    """Return the name of a resource as that of a file: it names no other folder, whatever AWS lets a name be."""
    quoted = quote(name, safe=" ")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted


def make_private(folder: Path) -> None:
    """Make a folder that nobody but its owner can enter, or make an existing one so.

    Raises
    ------
    LocalCloudError
        If it belongs to another user.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise LocalCloudError(f"the folder {folder} belongs to another user; choose another")
    folder.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner can read; who reads it meanwhile sees the old or the new one."""
    # Made with the permissions 0600.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(draft).replace(path)
