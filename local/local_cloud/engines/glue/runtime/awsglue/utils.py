"""`awsglue.utils`: the job's arguments."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any, NoReturn

_BOOKMARKS = ["job-bookmark-enable", "job-bookmark-pause", "job-bookmark-disable"]
# Glue passes these itself and refuses a script that asks for them; JOB_NAME is the one it may ask for.
_RESERVED = ["JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION"]
_TEMPORARY = ["TempDir", "RedshiftTempDir"]


class GlueArgumentError(Exception):
    """An argument that the script requires is missing, or has no value."""


class _ArgumentParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, Any]:
    """Return the values of `options` among the job's arguments, all of them required.

    As in Glue: other arguments are ignored, names may be abbreviated up to Glue 5.1 and not from 6.0 on,
    `TempDir` may be absent, and Glue's own arguments come along.
    """
    # GLUE_VERSION is set by the local cloud; Glue 6.0 stopped accepting abbreviated names.
    parser = _ArgumentParser(allow_abbrev=float(os.environ.get("GLUE_VERSION", "5.1")) < 6)
    for name in _RESERVED:
        if name in options:
            raise RuntimeError(f"Using reserved arguments --{name}")
        parser.add_argument(f"--{name}")
    parser.add_argument("--job-bookmark-option", choices=_BOOKMARKS, default="job-bookmark-disable")
    for name in _TEMPORARY:
        parser.add_argument(f"--{name}")
    for name in options:
        if name not in _TEMPORARY:
            parser.add_argument(f"--{name}", required=True)
    found = vars(parser.parse_known_args(list(args[1:]))[0])
    temporary = found["TempDir"] or found["RedshiftTempDir"]
    return {**found, "TempDir": temporary, "RedshiftTempDir": temporary}
