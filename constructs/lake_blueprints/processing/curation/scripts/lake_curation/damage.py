"""Objects that end a run when they are read: found after a run has failed on them, so that sound ones cost nothing."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import boto3
from pyspark.sql import SparkSession

from lake_curation.errors import cause_of
from lake_curation.storage import SourceObject

# A line is held in memory as a whole, several times.
LONGEST_LINE = 128 * 2**20
# Deflate makes at most 1,032 bytes of one; logs and exports of rows are below 100.
MOST_EXPANDED = 200
# Below this an expanded object harms nobody.
LEAST_EXPANDED = 2**30
_CHUNK = 2**20
# Failures that say nothing of an object: of the network, of S3 and its permissions, of disks and workers.
_SURROUNDINGS = (
    "com.amazonaws.",
    "software.amazon.",
    "java.net.",
    "java.nio.file.",
    "java.io.FileNotFoundException",
    "java.io.InterruptedIOException",
    "org.apache.hadoop.fs.s3a",
    "org.apache.hadoop.security",
    "org.apache.spark.shuffle",
    # Native libraries and jars that cannot be loaded.
    "java.lang.ExceptionInInitializerError",
    "java.lang.NoClassDefFoundError",
    "java.lang.UnsatisfiedLinkError",
    "ExecutorLostFailure",
    "SparkContext was shut down",
    "No space left on device",
    "File too large",
    "Disk quota exceeded",
    "Too many open files",
    "Input/output error",
    "cancelled",
)


def damaged_texts(spark: SparkSession, bucket: str, objects: Sequence[SourceObject]) -> dict[str, str]:
    """Return the objects whose text is damaged or too long, with the reason; the workers read them in chunks."""
    suspects = [item for item in objects if item.key.endswith(".gz") or item.size > LONGEST_LINE]
    if not suspects:
        return {}
    tasks = spark.sparkContext.parallelize(suspects, min(len(suspects), 200))
    found: list[tuple[str, str | None]] = tasks.map(partial(_inspected, bucket)).collect()
    return {key: reason for key, reason in found if reason}


def damaged_alone(read: Callable[[Sequence[SourceObject]], Any], objects: Sequence[SourceObject]) -> dict[str, str]:
    """Return the objects that cannot be read even alone, with the reason: by halves, then halves of the bad halves.

    Raises
    ------
    Exception
        The failure itself, if it is not that of an object.
    """
    try:
        read(objects)
    except Exception as error:
        reason = _reason(error)
        if len(objects) == 1:
            return {objects[0].key: f"Spark cannot read it: {reason}"}
        middle = len(objects) // 2
        return {**damaged_alone(read, objects[:middle]), **damaged_alone(read, objects[middle:])}
    return {}


def _inspected(bucket: str, item: SourceObject) -> tuple[str, str | None]:
    body = boto3.client("s3").get_object(Bucket=bucket, Key=item.key)["Body"]
    chunks = body.iter_chunks(_CHUNK)
    return item.key, fault(_expanded(chunks) if item.key.endswith(".gz") else chunks, item.size)


def fault(chunks: Iterator[bytes], size: int) -> str | None:
    """Return why a text cannot be read; None if it can."""
    total = line = 0
    try:
        for chunk in chunks:
            total += len(chunk)
            if total > max(LEAST_EXPANDED, MOST_EXPANDED * size):
                return f"its {size:,} bytes become more than {total - 1:,}"
            ends = [position for position in (chunk.find(b"\n"), chunk.find(b"\r")) if position >= 0]
            line += min(ends) if ends else len(chunk)
            if line > LONGEST_LINE:
                return f"a line of it has more than {LONGEST_LINE:,} bytes"
            if ends:
                line = len(chunk) - 1 - max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    except (zlib.error, EOFError) as error:
        return f"it is not gzip, or damaged: {error}"
    return None


def _expanded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what gzip members hold, in chunks of a size that does not depend on how far they expand."""
    decompressor = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        rest, full = chunk, False
        while rest or full:
            if decompressor.eof:
                decompressor = zlib.decompressobj(wbits=31)
            expanded = decompressor.decompress(rest, _CHUNK)
            yield expanded
            rest = decompressor.unused_data if decompressor.eof else decompressor.unconsumed_tail
            full = len(expanded) == _CHUNK and not decompressor.eof
    if not decompressor.eof:
        raise EOFError("it is cut off")


def _reason(error: Exception) -> str:
    """Return the first cause in one line; raise the error if it is not that of an object."""
    # Not in frames: a reader that finds an object cut off is called through the file system as well.
    causes = "\n".join(line for line in str(error).splitlines() if not line.lstrip().startswith("at "))
    if any(name in causes for name in _SURROUNDINGS):
        raise error
    text = cause_of(error) or causes
    return (text.strip().splitlines() or [type(error).__name__])[0][:200]
