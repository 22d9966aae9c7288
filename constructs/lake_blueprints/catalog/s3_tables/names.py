"""Names that S3 Tables takes."""

from __future__ import annotations

import re

from aws_cdk import Names, Token
from constructs import Construct

from template_checks.limits import s3_tables as limits

_BUCKET_LENGTH = 63


def check_name(what: str, name: str) -> str:
    """Return the name of a namespace or table if S3 takes it."""
    if not Token.is_unresolved(name) and not re.fullmatch(limits.NAME, name):
        raise ValueError(
            f"{what} must be 1 to 255 lower case letters, digits and underscores, starting with a letter or digit and "
            f"not with 'aws', got '{name}'"
        )
    return name


def derived_bucket_name(scope: Construct) -> str:
    """Return a name that no other table bucket of the account and Region has, from a construct's path."""
    # The end, a hash of the path, is a letter or digit; the start must not be one of the prefixes that S3 reserves.
    name = Names.unique_resource_name(scope, max_length=_BUCKET_LENGTH - len("lake-"), separator="-").lower()
    return f"lake-{name}"
