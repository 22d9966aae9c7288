"""Masking: the same rows, without what only few may see."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import boto3
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake_curation.columns import quoted
from lake_curation.errors import CurateError
from lake_curation.plan import NESTED, MaskedColumn, Plan

REDACTED = "***"


@dataclass(frozen=True, kw_only=True)
class Salt:
    """The key of the hashes, and which version of the secret it is."""

    key: bytes
    version: str

    @classmethod
    def read(cls, secret: str) -> Salt:
        found = boto3.client("secretsmanager").get_secret_value(SecretId=secret)
        return cls(key=found["SecretString"].encode(), version=found["VersionId"])

    def __repr__(self) -> str:
        # Whatever shows it, a log or a traceback, shows no key.
        return f"Salt(version={self.version!r})"

    def hashing(self) -> Callable[[Column], Column]:
        """Return HMAC-SHA-256 as a function of Spark.

        In Python, and not made of Spark's own functions: the key would be a literal of the query, and queries are
        in logs and error messages.
        """
        key = self.key

        # Inside, so that Spark sends the function itself, and not the name of a module that workers may not have.
        def digest(text: str | None) -> str | None:
            return None if text is None else hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

        return F.udf(digest, "string")  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class MaskingRules:
    """The rules by which a table's rows become those of its masked copy, which more people read."""

    plan: Plan
    salt: Salt | None

    @classmethod
    def of(cls, plan: Plan, args: Mapping[str, str]) -> MaskingRules | None:
        """Return the rules of the copy that the job arguments name, or None."""
        if "masked_table" not in args:
            return None
        if "salt" not in args and any(column.masking == "hash" for column in plan.masked):
            raise CurateError("--salt: the plan hashes columns, which takes the name of a secret")
        salt = Salt.read(args["salt"]) if "salt" in args else None
        return cls(plan=plan, salt=salt)

    @property
    def identity(self) -> str:
        """A text that changes with what is masked and how; a copy of another identity is recreated."""
        masked = {column.name: column.masking for column in self.plan.masked if column.masking != "none"}
        parts = [masked, self.salt.version if self.salt else None]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def masked(self, rows: DataFrame, *more: str) -> DataFrame:
        """Return rows of the table as they are in the copy, and `more` columns beside those."""
        hashing = self.salt.hashing() if self.salt else None
        return rows.select(
            *(_masked(column, hashing).alias(column.name) for column in self.plan.masked if column.masking != "drop"),
            *more,
        )


def _masked(column: MaskedColumn, hashing: Callable[[Column], Column] | None) -> Column:
    value = F.col(quoted(column.name))
    if column.masking == "redact":
        return F.lit(REDACTED) if column.type == "string" else F.lit(None).cast(column.type)
    if column.masking == "hash":
        assert hashing is not None
        return hashing(_text(value, column.type))
    return value


def _text(value: Column, kind: str) -> Column:
    if kind == "binary":
        return F.base64(value)
    return F.to_json(value) if kind.startswith(NESTED) else value.cast("string")
