"""The masked copy of the table: the same rows, without what only few may see."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import boto3
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import quoted, schema
from lake_curation.errors import CurateError
from lake_curation.plan import NESTED, MaskedColumn, Plan
from lake_curation.writing import Files, append

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
class MaskedCopy:
    """The copy of a table in a zone that more people read; it is made of the table's files, and of nothing else."""

    spark: SparkSession
    plan: Plan
    table: str
    copy: str
    salt: Salt | None

    @classmethod
    def of(cls, spark: SparkSession, plan: Plan, args: Mapping[str, str]) -> MaskedCopy | None:
        """Return the masked copy configured by the job arguments, or None."""
        if "masked" not in args:
            return None
        if "salt" not in args and any(column.masking == "hash" for column in plan.masked):
            raise CurateError("--salt: the plan hashes columns, which takes the name of a secret")
        salt = Salt.read(args["salt"]) if "salt" in args else None
        return cls(spark=spark, plan=plan, table=args["target"], copy=args["masked"], salt=salt)

    @property
    def identity(self) -> str:
        """A text that changes with what is masked, how and where to; a copy of another identity is recreated."""
        masked = {column.name: column.masking for column in self.plan.masked if column.masking != "none"}
        parts = [masked, self.salt.version if self.salt else None, self.copy]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def folder(self, folder: str) -> str:
        """Return the folder of the copy that belongs to one of the table."""
        return self.copy + folder.removeprefix(self.table)

    def add(self, files: Iterable[str]) -> None:
        """Append the rows of files of the table."""
        columns = schema((column.name, column.type) for column in self.plan.masked)
        reader = self.spark.read.schema(columns).option("basePath", self.table)
        append(self.plan, self.masked(reader.parquet(*files)), self.copy)

    def renew(self, files: Files) -> list[str]:
        """Write the copy from the whole table, in place of what there is; return its partitions."""
        files.delete(self.copy)
        folders = "*/" * len(self.plan.partition_keys)
        if files.data(self.table + folders):
            self.add([self.table])
        return files.partitions(files.data(self.copy + folders), self.copy)

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
