"""SerDes and classifications of file formats in Glue, Athena and Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lake_blueprints.contracts import Column, Dataset, DatasetFormat

_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """SerDe, input and output format of a table's files.

    Parameters
    ----------
    input_format, output_format, library: str
        Java classes.
    options: mapping
        Parameters of the SerDe.
    table: mapping
        Parameters of the table.
    text_only: bool
        Whether the SerDe reads every column as text.
    """

    input_format: str = _TEXT_INPUT
    output_format: str = _TEXT_OUTPUT
    library: str
    options: Mapping[str, str] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)
    text_only: bool = False


def reading(dataset: Dataset, columns: Sequence[Column], kind: DatasetFormat, *, quoted: bool) -> Reading:
    """Return how files of a dataset are read."""
    match kind:
        case DatasetFormat.PARQUET:
            return Reading(
                input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                output_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                library="org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                options={"serialization.format": "1"},
            )
        case DatasetFormat.JSON:
            # https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
            return Reading(
                library="org.openx.data.jsonserde.JsonSerDe",
                options={
                    "case.insensitive": "TRUE",
                    "ignore.malformed.json": "TRUE",
                    **{f"mapping.{name}": key for name, key in json_keys(columns).items()},
                },
            )
        case DatasetFormat.CSV:
            return _csv(dataset.delimiter, quoted)
        case DatasetFormat.DYNAMODB_JSON:
            raise ValueError(
                f"dataset '{dataset.name}' comes as exports of DynamoDB, which no SerDe reads; make the table of its "
                "curated dataset"
            )


def by_position(columns: Sequence[Column], kind: DatasetFormat, names: Sequence[str]) -> Sequence[Column]:
    """Return columns in the order of the names, which is that of CSV files; a further name holds the place of a column.

    https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html

    Raises
    ------
    ValueError
        If the format is read by names, or names are missing or given twice.
    """
    if not names:
        return columns
    if kind is not DatasetFormat.CSV:
        raise ValueError(f"'csv_columns' is for CSV, which is read by position; {kind.value} is read by names")
    known = {column.name: column for column in columns}
    if missing := [name for name in known if name not in names]:
        raise ValueError(f"'csv_columns' lacks {', '.join(missing)}; add new columns at its end")
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"'csv_columns' has {', '.join(twice)} twice")
    return [known[name] if name in known else Column(name=name, type="string") for name in names]


def json_keys(columns: Sequence[Column]) -> dict[str, str]:
    """Return the JSON keys of the columns that are called something else in the records.

    OpenX lowers the case of every key before it looks one up, so the keys are in lower case here as well.
    """
    keys = {column.name: column.source.lower() for column in columns if column.source}
    return {name: key for name, key in keys.items() if key != name}


def _csv(delimiter: str, quoted: bool) -> Reading:
    header = {"skip.header.line.count": "1"}
    if quoted:
        # It cannot read empty fields as numbers, and reads dates as days since 1970, so columns are declared as text:
        # https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
        return Reading(
            library="org.apache.hadoop.hive.serde2.OpenCSVSerde",
            options={"separatorChar": delimiter, "quoteChar": '"', "escapeChar": "\\"},
            table=header,
            text_only=True,
        )
    return Reading(
        library="org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        options={"field.delim": delimiter, "serialization.format": delimiter, "serialization.null.format": ""},
        table=header,
    )
