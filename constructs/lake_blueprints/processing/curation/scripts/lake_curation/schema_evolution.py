"""Older files of the table, rewritten when its columns change so that not every engine would read them.

Neither Spark 3.5 nor Redshift reads a file's INT32 as a bigint or its FLOAT as a double, and Redshift's COPY takes
columns by their position: https://issues.apache.org/jira/browse/SPARK-40876,
https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake_curation.columns import quoted, schema
from lake_curation.errors import CurateError
from lake_curation.ledger import Ledger
from lake_curation.storage import Location
from lake_curation.writing import Files

_WIDER = (("tinyint", "smallint", "int", "bigint"), ("float", "double"))


@dataclass(frozen=True, kw_only=True)
class SchemaEvolution:
    """Folder by folder: write the new files, then delete the old ones, noting both so that a kill does no harm.

    In between, for as long as deleting takes, readers of the folder find its rows twice.
    """

    spark: SparkSession
    ledger: Ledger
    state: Location
    target: str
    partition_keys: list[str]

    def migrate_to(self, wanted: dict[str, str]) -> None:
        """Give every file the wanted columns and types, if any engine needs it."""
        known = self.ledger.table
        if self.ledger.reshaping:
            self._settle()
        elif not known or not self._needed(known, wanted):
            return
        else:
            # Before anything is written: a type that cannot be kept fails here.
            self._values(known, wanted)
            self.files.remove_leftovers(self.ledger.before())
            self._note({"to": wanted, "done": []})
        for folder in self._folders():
            if folder not in self.ledger.reshaping["done"]:
                self._rewrite(folder, known, wanted)

    @property
    def files(self) -> Files:
        return Files(self.spark)

    def _needed(self, known: dict[str, str], wanted: dict[str, str]) -> bool:
        by_position = not self.partition_keys and list(known) != list(wanted)
        return by_position or any(known.get(name, kind) != kind for name, kind in wanted.items())

    def _folders(self) -> list[str]:
        files = self.files.data(self.target + "*/" * len(self.partition_keys))
        return sorted({f"{path.rpartition('/')[0]}/" for path in files})

    def _rewrite(self, folder: str, known: dict[str, str], wanted: dict[str, str]) -> None:
        old = list(self.files.data(folder))
        doing = {**self.ledger.reshaping, "folder": folder, "old": old}
        self._note(doing)
        rows = self.spark.read.schema(schema(known.items())).parquet(*old)
        rows.select(*self._values(known, wanted)).write.mode("append").option("compression", "snappy").parquet(folder)
        self._note({**doing, "written": True})
        self._settle()

    def _settle(self) -> None:
        """End the work on a folder: the new files stay if all of them were written, else the old ones."""
        doing = self.ledger.reshaping
        if folder := doing.get("folder"):
            old, found = set(doing["old"]), self.files.data(folder).keys()
            for path in found & old if doing.get("written") else found - old:
                self.files.delete(path)
            done = [*doing["done"], folder] if doing.get("written") else doing["done"]
            self.ledger.renew(folder, list(self.files.data(folder)))
            self._note({"to": doing["to"], "done": done})

    def _values(self, known: dict[str, str], wanted: dict[str, str]) -> list[Column]:
        old, new = (
            dict(zip(kinds, (item.dataType for item in self._types(kinds)), strict=True)) for kinds in (known, wanted)
        )
        return [
            (recast(F.col(quoted(name)), old[name], kind, name) if name in old else F.lit(None).cast(kind)).alias(name)
            for name, kind in new.items()
        ]

    def _types(self, kinds: dict[str, str]) -> Any:
        return self.spark.createDataFrame([], schema(kinds.items())).schema

    def _note(self, reshaping: dict[str, Any]) -> None:
        self.ledger.reshaping = reshaping
        self.ledger.save(self.state)


def recast(value: Column, old: T.DataType, new: T.DataType, name: str) -> Column:
    """Return a value of the old type as the new one, which must be able to hold each; fields may come and go."""
    if old.simpleString() == new.simpleString():
        return value
    match old, new:
        case T.StructType(), T.StructType():
            before = {item.name: item.dataType for item in old.fields}
            fields = [
                recast(value[item.name], before[item.name], item.dataType, f"{name}.{item.name}").alias(item.name)
                if item.name in before
                else F.lit(None).cast(item.dataType).alias(item.name)
                for item in new.fields
            ]
            return F.when(value.isNotNull(), F.struct(*fields))
        case T.ArrayType(), T.ArrayType():
            return F.transform(value, lambda item: recast(item, old.elementType, new.elementType, f"{name}[]"))
        case T.MapType(), T.MapType() if old.keyType == new.keyType:
            return F.transform_values(value, lambda _, item: recast(item, old.valueType, new.valueType, f"{name}[]"))
        case _ if _widens(old, new):
            return value.cast(new)
    raise CurateError(
        f"column {name!r}: the table's files hold {old.simpleString()}, of which not every value is a "
        f"{new.simpleString()}; give the new column another name, or delete the table's files and its state to "
        "curate all raw records again"
    )


def _widens(old: T.DataType, new: T.DataType) -> bool:
    if isinstance(old, T.DecimalType) and isinstance(new, T.DecimalType):
        return bool(old.precision - old.scale <= new.precision - new.scale and old.scale <= new.scale)
    before, after = old.simpleString(), new.simpleString()
    return any(before in chain and after in chain and chain.index(before) < chain.index(after) for chain in _WIDER)
