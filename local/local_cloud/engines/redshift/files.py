"""Redshift's COPY and UNLOAD.

Above 200 lines: a reader for each format and option of COPY.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from local_cloud.engines.redshift.conversion import converted
from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import ObjectStore, ObjectSummary
from local_cloud.sql.duck import Session, identifier, quote

_COPY = re.compile(r"copy\s+([\w.\"]+)\s*(?:\(([^)]*)\))?\s*from\s+'(s3://[^']+)'\s*(.*)", re.IGNORECASE | re.DOTALL)
_UNLOAD = re.compile(r"unload\s*\(\s*'(.*)'\s*\)\s*to\s+'(s3://[^']+)'\s*(.*)", re.IGNORECASE | re.DOTALL)
_AUTHORISED = re.compile(r"\biam_role\s+(?:as\s+)?(?:default|'[^']*')|\bcredentials\s+(?:as\s+)?'[^']*'", re.IGNORECASE)
# Options without effect on what is loaded here.
_NEUTRAL = re.compile(
    r"\b(?:region\s+(?:as\s+)?'[^']*'|compupdate\s+\w+|statupdate\s+\w+|parallel\s+\w+|maxfilesize\s+[\d.]+\s*[mg]b|encrypted|kms_key_id\s+'[^']*')",
    re.IGNORECASE,
)

# What stands for NULL by default: https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html.
_NULL = "\\N"


@dataclass
class _Options:
    """The options that are left of a statement; each `take` removes one."""

    text: str

    def take(self, pattern: str) -> str | None:
        """Remove an option and return its value, or "" if it has none; None if it is not there."""
        matched = re.search(rf"\b{pattern}", self.text, re.IGNORECASE)
        if matched is None:
            return None
        self.text = self.text[: matched.start()] + self.text[matched.end() :]
        return next((group for group in matched.groups() if group is not None), "")

    def authorise(self, statement: str) -> None:
        if not _AUTHORISED.search(self.text):
            raise LocalCloudError(f"{statement} needs IAM_ROLE or CREDENTIALS")
        self.text = _NEUTRAL.sub("", _AUTHORISED.sub("", self.text))

    def finish(self, statement: str) -> None:
        rest = self.text.strip()
        if rest:
            raise LocalCloudError(f"{statement} option {rest.split()[0].upper()} is not reproduced locally: {rest!r}")


def copy(session: Session, objects: ObjectStore, sql: str) -> str | None:
    """Return the statement that loads what a COPY would; None if `sql` is no COPY.

    Raises
    ------
    LocalCloudError
        If there is nothing to load, or something that Redshift would not load.
    """
    matched = _COPY.fullmatch(sql)
    if matched is None:
        return None
    table, listed, uri, rest = matched.groups()
    options = _Options(rest)
    options.authorise("COPY")
    described = session.schema(f"select * from {table}")
    types = {name.lower(): str(kind) for name, kind in described}
    columns = [name.strip(' "').lower() for name in listed.split(",")] if listed else list(types)
    unknown = [name for name in columns if name not in types]
    if unknown:
        raise LocalCloudError(f'column "{unknown[0]}" of relation "{table}" does not exist')
    files = _files(objects, uri)
    if options.take(r"(?:format\s+(?:as\s+)?)?parquet\b") is not None:
        serialized = options.take(r"serializetojson\b") is not None
        source = _parquet(session, files, columns, types, serialized=serialized)
    elif (paths := options.take(r"(?:format\s+(?:as\s+)?)?json\s+(?:as\s+)?'([^']*)'")) is not None:
        if paths.lower() != "auto":
            raise LocalCloudError("COPY from JSON is reproduced locally only with 'auto'")
        source = _json(files, columns, types, options)
    else:
        source = _csv(files, columns, types, options)
    options.finish("COPY")
    return f"insert into {table} ({', '.join(map(identifier, columns))}) {source}"


def _files(objects: ObjectStore, uri: str) -> list[ObjectSummary]:
    """Return the objects under a prefix, which is text, not a folder: 's3://b/a' finds 'ab/c' too."""
    found = [item for item in objects.list(uri, hidden=True) if item.size]
    if not found:
        raise LocalCloudError(f"The specified S3 prefix '{uri.split('/', 3)[-1]}' does not exist")
    for item in found:
        if item.key.rsplit("/", 1)[-1].startswith(("_", ".")):
            raise LocalCloudError(f"COPY would load the hidden file {item.uri}: name a narrower prefix")
    return found


def _list(files: Sequence[ObjectSummary]) -> str:
    return f"[{', '.join(quote(item.uri) for item in files)}]"


def _parquet(
    session: Session, files: Sequence[ObjectSummary], columns: list[str], types: dict[str, str], *, serialized: bool
) -> str:
    """Columns go by position and must have the table's types."""
    source = f"read_parquet({_list(files)}, hive_partitioning = false)"
    found = session.schema(f"select * from {source}")
    if len(found) != len(columns):
        raise LocalCloudError(
            f"Spectrum Scan Error: {files[0].uri} has {len(found)} columns, the target has {len(columns)}: "
            f"{', '.join(name for name, _ in found)}"
        )
    for column, (name, kind) in zip(columns, found, strict=True):
        if _family(str(kind)) != _family(types[column]):
            raise LocalCloudError(
                f"Spectrum Scan Error: {files[0].uri} has an incompatible Parquet schema for column {column!r}: "
                f"{name} is {kind}, the target column {types[column]}"
            )
    nested = [name for name, kind in found if _is_nested(str(kind))]
    if nested and not serialized:
        raise LocalCloudError(f"column {nested[0]!r} is nested: it loads into SUPER only with SERIALIZETOJSON")
    values = [_as_json(identifier(name), str(kind)) if name in nested else identifier(name) for name, kind in found]
    return f"select {', '.join(values)} from {source}"


def _as_json(column: str, kind: str) -> str:
    """Write times inside a value as times in columns are written: in UTC, which goes without saying."""
    return f"to_json(cast({column} as {kind.replace(' WITH TIME ZONE', '')}))"


def _family(kind: str) -> str:
    """Types within a family load into each other; others do not, not even INT into BIGINT.

    Redshift has no type of eight bits: such columns load into SMALLINT
    (https://github.com/aws/aws-sdk-pandas/issues/400).
    """
    if kind in ("JSON", "VARCHAR") or _is_nested(kind):
        return "VARCHAR"
    if kind.startswith("TIMESTAMP"):
        return "TIMESTAMP"
    return "SMALLINT" if kind == "TINYINT" else kind.partition("(")[0]


def _is_nested(kind: str) -> bool:
    return kind.endswith("[]") or kind.startswith(("STRUCT", "MAP"))


@dataclass(frozen=True, kw_only=True)
class _Conversion:
    """The options of a COPY of text that say how values are converted."""

    rounds: bool
    any_time: bool
    compression: str

    @classmethod
    def take(cls, options: _Options) -> _Conversion:
        rounds = options.take(r"roundec\b") is not None
        any_time = options.take(r"timeformat\s+(?:as\s+)?'auto'") is not None
        options.take(r"dateformat\s+(?:as\s+)?'auto'")
        # Redshift follows the option, whatever a file is called.
        compressed = options.take(r"gzip\b") is not None
        return cls(rounds=rounds, any_time=any_time, compression="gzip" if compressed else "uncompressed")

    def of(self, columns: list[str], types: dict[str, str], *, json: bool = False) -> str:
        given = (
            converted(name, types[name], rounds=self.rounds, any_time=self.any_time, json=json) for name in columns
        )
        return ", ".join(given)


def _json(files: Sequence[ObjectSummary], columns: list[str], types: dict[str, str], options: _Options) -> str:
    conversion = _Conversion.take(options)
    described = ", ".join(f"{quote(name)}: '{'JSON' if types[name] == 'JSON' else 'VARCHAR'}'" for name in columns)
    return f"""select {conversion.of(columns, types, json=True)} from read_json({_list(files)},
        columns = {{{described}}}, compression = {quote(conversion.compression)}, hive_partitioning = false)"""


def _csv(files: Sequence[ObjectSummary], columns: list[str], types: dict[str, str], options: _Options) -> str:
    quoted = options.take(r"(?:format\s+(?:as\s+)?)?csv\b") is not None
    skip = options.take(r"ignoreheader\s+(?:as\s+)?(\d+)") or "0"
    delimiter = options.take(r"delimiter\s+(?:as\s+)?'([^']*)'") or ("," if quoted else "|")
    null = options.take(r"null\s+as\s+'([^']*)'")
    mark = options.take(r"quote\s+(?:as\s+)?'([^']*)'") or '"'
    conversion = _Conversion.take(options)
    described = ", ".join(f"{quote(name)}: 'VARCHAR'" for name in columns)
    delimiter = delimiter.replace("\\t", "\t")
    source = f"""read_csv({_list(files)}, columns = {{{described}}}, auto_detect = false, header = false,
        skip = {skip}, delim = {quote(delimiter)}, quote = {quote(mark if quoted else "")},
        escape = {quote(mark if quoted else "")}, nullstr = {quote(null if null is not None else _NULL)},
        compression = {quote(conversion.compression.replace("uncompressed", "none"))}, hive_partitioning = false)"""
    return f"select {conversion.of(columns, types)} from {source}"


def unload(objects: ObjectStore, sql: str) -> tuple[str, str] | None:
    """Return the query of an UNLOAD and the `copy ... to` that follows it; None if `sql` is no UNLOAD.

    Raises
    ------
    LocalCloudError
        If the destination is not empty.
    """
    matched = _UNLOAD.fullmatch(sql)
    if matched is None:
        return None
    query, uri, rest = matched.groups()
    options = _Options(rest)
    options.authorise("UNLOAD")
    keys = options.take(r"partition\s+by\s*\(([^)]*)\)")
    overwrite = options.take(r"(?:allowoverwrite|cleanpath)\b") is not None
    if options.take(r"(?:format\s+(?:as\s+)?)?parquet\b") is not None:
        kind, how = "parquet", "format parquet, compression snappy"
    elif options.take(r"(?:format\s+(?:as\s+)?)?csv\b") is not None:
        header = options.take(r"header\b") is not None
        kind, how = "csv", f"format csv, header {str(header).lower()}"
    else:
        raise LocalCloudError("UNLOAD is reproduced locally only with FORMAT PARQUET and FORMAT CSV")
    options.finish("UNLOAD")
    if not overwrite and any(objects.list(uri, hidden=True)):
        raise LocalCloudError(f"Specified unload destination on S3 is not empty: {uri}")
    if keys:
        how += f", partition_by ({keys}), overwrite_or_ignore"
        return query.replace("''", "'"), f"to {quote(uri.rstrip('/'))} ({how})"
    return query.replace("''", "'"), f"to {quote(f'{uri}0000_part_00.{kind}')} ({how})"
