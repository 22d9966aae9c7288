"""Names and prefixes that the catalog and S3 will accept."""

from __future__ import annotations

import re

from aws_cdk import Token

# Glue folds names to lower case, after which a template and the catalog no longer agree; Athena and Redshift take
# these characters unquoted: https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,254}")


def check_name(what: str, name: str) -> str:
    """Return a name of a database or table if the catalog keeps it as it is."""
    if not Token.is_unresolved(name) and not _NAME.fullmatch(name):
        raise ValueError(
            f"{what} must be 1 to 255 lower case letters, digits and underscores, not starting with a digit, "
            f"got '{name}'"
        )
    return name


def check_prefix(prefix: str) -> str:
    """Return a prefix if it is a folder of a bucket."""
    if not Token.is_unresolved(prefix) and (prefix.startswith("/") or not prefix.endswith("/") or "//" in prefix):
        fixed = re.sub("/+", "/", f"{prefix}/").lstrip("/") or "data/"
        raise ValueError(f"a prefix ends in one slash and starts with none, got '{prefix}'; use '{fixed}'")
    return prefix
