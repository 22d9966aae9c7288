"""`awsglue.dynamicframe`: a DynamicFrame that is a DataFrame with one schema.

Choice types and per-record errors need Glue's own jar and do not exist here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import NullType

_GLUE_TYPES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}


def _spark_type(glue_type: str) -> str:
    return _GLUE_TYPES.get(glue_type, glue_type)


class DynamicFrame:
    def __init__(self, frame: DataFrame, glue_ctx: Any, name: str = "") -> None:
        self._frame = frame
        self.glue_ctx = glue_ctx
        self.name = name

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"DynamicFrame.{name} does not exist in the local cloud")

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: Any, name: str = "") -> DynamicFrame:
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Sequence[Any] | None = None) -> DataFrame:
        if options:
            raise NotImplementedError("DynamicFrame.toDF(options=...) does not exist in the local cloud")
        return self._frame

    def _with(self, frame: DataFrame) -> DynamicFrame:
        return DynamicFrame(frame, self.glue_ctx, self.name)

    def count(self) -> int:
        return int(self._frame.count())

    def schema(self) -> Any:
        return self._frame.schema

    def printSchema(self) -> None:
        self._frame.printSchema()

    def show(self, num_rows: int = 20) -> None:
        for row in self._frame.toJSON().take(num_rows):
            print(row)

    def repartition(self, num_partitions: int) -> DynamicFrame:
        return self._with(self._frame.repartition(num_partitions))

    def coalesce(self, num_partitions: int) -> DynamicFrame:
        return self._with(self._frame.coalesce(num_partitions))

    def apply_mapping(self, mappings: Iterable[Sequence[str]], transformation_ctx: str = "") -> DynamicFrame:
        """Keep the mapped columns: (source, source type, target, target type); columns not present are left out."""
        columns = []
        for source, _, target, target_type in mappings:
            if "." in target:
                raise NotImplementedError(
                    f"apply_mapping to the nested field {target} does not exist in the local cloud"
                )
            if source.split(".")[0] in self._frame.columns:
                columns.append(F.col(source).cast(_spark_type(target_type)).alias(target))
        return self._with(self._frame.select(columns))

    def select_fields(self, paths: Sequence[str], transformation_ctx: str = "") -> DynamicFrame:
        return self._with(self._frame.select(*paths))

    def drop_fields(self, paths: Sequence[str], transformation_ctx: str = "") -> DynamicFrame:
        frame = self._frame
        for path in paths:
            column, _, field = path.partition(".")
            frame = frame.withColumn(column, F.col(column).dropFields(field)) if field else frame.drop(column)
        return self._with(frame)

    def rename_field(self, oldName: str, newName: str, transformation_ctx: str = "") -> DynamicFrame:
        if "." in oldName or "." in newName:
            raise NotImplementedError("rename_field of a nested field does not exist in the local cloud")
        return self._with(self._frame.withColumnRenamed(oldName, newName))

    def resolveChoice(
        self, specs: Iterable[tuple[str, str]] | None = None, choice: str = "", transformation_ctx: str = ""
    ) -> DynamicFrame:
        if choice:
            raise NotImplementedError(f"resolveChoice(choice={choice!r}) does not exist in the local cloud")
        frame = self._frame
        for column, action in specs or []:
            kind, _, target = action.partition(":")
            if kind != "cast":
                raise NotImplementedError(f"resolveChoice action {action!r} does not exist in the local cloud")
            frame = frame.withColumn(column, F.col(column).cast(_spark_type(target)))
        return self._with(frame)

    def drop_nulls(self, transformation_ctx: str = "") -> DynamicFrame:
        """Drop the columns of which every value is null, as Glue's DropNullFields does."""
        kept = [field.name for field in self._frame.schema if not isinstance(field.dataType, NullType)]
        if kept:
            counts = self._frame.select([F.count(F.col(f"`{name}`")).alias(name) for name in kept]).first()
            kept = [name for name in kept if counts[name]] if counts else kept
        return self._with(self._frame.select([f"`{name}`" for name in kept]))

    def filter(self, f: Callable[[Any], bool], transformation_ctx: str = "") -> DynamicFrame:
        rows = self._frame.rdd.filter(lambda row: f(row.asDict(True)))
        return self._with(self._frame.sparkSession.createDataFrame(rows, self._frame.schema))

    def map(self, f: Callable[[Any], Any], transformation_ctx: str = "") -> DynamicFrame:
        rows = self._frame.rdd.map(lambda row: f(row.asDict(True)))
        return self._with(self._frame.sparkSession.createDataFrame(rows))

    def join(
        self, paths1: Sequence[str], paths2: Sequence[str], frame2: DynamicFrame, transformation_ctx: str = ""
    ) -> DynamicFrame:
        """Join on equal values; columns that both frames have get a dot in front in the second, as in Glue."""
        left, right = self._frame, frame2.toDF()
        for column in set(left.columns) & set(right.columns):
            right = right.withColumnRenamed(column, f".{column}")
        keys = [name if name in right.columns else f".{name}" for name in paths2]
        condition = [left[f"`{one}`"] == right[f"`{two}`"] for one, two in zip(paths1, keys, strict=True)]
        return self._with(left.join(right, condition))

    def union(self, other_frame: DynamicFrame, transformation_ctx: str = "") -> DynamicFrame:
        return self._with(self._frame.unionByName(other_frame.toDF(), allowMissingColumns=True))
