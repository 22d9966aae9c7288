"""A first contract for a file of records, with a comment wherever a human must decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lake_blueprints.cli.contract.kinds import Kind
from lake_blueprints.cli.contract.sample import Sample

_PERSONAL = re.compile(
    r"e_?mail|phone|mobile|first_?name|last_?name|surname|full_?name|birth|\bdob\b|ssn|passport|iban|address|\bip\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./()-]*")
_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def draft(sample: Sample, name: str) -> str:
    """Return a contract for a sample as YAML; the same sample gives the same text."""
    return "\n".join([*_head(sample, name), *_properties(sample)]) + "\n"


def _head(sample: Sample, name: str) -> Iterator[str]:
    yield f"# Drawn from {sample.rows:,} records of {json.dumps(sample.path.name)}. Whatever says 'decide' needs you."
    yield "apiVersion: v3.2.0"
    yield "kind: DataContract"
    yield f"id: {_text(name)}  # decide: an id that never changes"
    yield "version: 1.0.0"
    yield "status: draft  # decide: active, as soon as others may rely on it"
    yield "description:"
    yield "  purpose: ''  # decide: what the data is for"
    yield "servers:"
    if sample.format == "json":
        yield "  - server: stream  # decide: records are sent to a stream; JSON files need no other contract"
        yield "    type: kinesis"
    else:
        yield "  - server: files"
        yield "    type: s3"
        yield f"    location: s3://bucket/{_folder(name)}/  # decide: where the files are delivered"
    yield f"    format: {sample.format}"
    if sample.format == "csv" and sample.delimiter != ",":
        yield f"    delimiter: {json.dumps(sample.delimiter)}"
    yield "schema:"
    yield f"  - name: {_text(name)}"
    yield "    logicalType: object"
    yield "    physicalType: table"
    yield "    description: ''  # decide: what one record is"
    if not sample.keys:
        yield "    # decide: no column, and no pair of columns, tells all records apart: is there a key?"
    yield "    properties:"


def _properties(sample: Sample) -> Iterator[str]:
    key = min(sample.keys, key=lambda names: (not all(map(_sounds_like_a_key, names)),), default=())
    others = [" and ".join(names) for names in sample.keys if names != key]
    for column in sample.columns:
        yield f"      - name: {_text(column.name)}"
        for line in _type(column.kind):
            yield f"        {line}"
        if column.name in key:
            other = f"; so would {', '.join(others[:3])}" if others else ""
            yield f"        primaryKey: true  # decide: tells all records of the sample apart{other}"
            if len(key) > 1:
                yield f"        primaryKeyPosition: {key.index(column.name) + 1}"
        elif not column.missing:
            yield "        required: true  # decide: no value is missing in the sample"
        if column.missing == sample.rows and not column.kind.notes:
            yield "        # decide: the sample has no value, so the type is a guess"
        if column.kind.logical == "date":
            yield "        # decide: 'partitioned: true' lays the data out in a folder for each day"
        if _PERSONAL.search(column.name) or column.kind.format == "email":
            yield "        # decide: 'classification: restricted' masks it, if this is about a person"


def _type(kind: Kind) -> Iterator[str]:
    """Return the lines that say what a value is, indented from zero."""
    marks = "".join(f"  # decide: {note}" for note in kind.notes)
    yield f"logicalType: {kind.logical}{marks}"
    if kind.physical:
        yield f"physicalType: {kind.physical}"
    if kind.format:
        yield "logicalTypeOptions:"
        yield f"  format: {_text(kind.format)}"
    match kind.logical:
        case "object":
            yield "properties:"
            for name, part in kind.parts:
                yield f"  - name: {_text(name)}"
                yield from (f"    {line}" for line in _type(part))
        case "array":
            yield "items:"
            yield from (f"  {line}" for line in _type(kind.parts[0][1]))
        case "map":
            yield "map:"
            for side, part in kind.parts:
                yield f"  {side}:"
                yield from (f"    {line}" for line in _type(part))


def _sounds_like_a_key(name: str) -> bool:
    return re.search(r"(^|_)(id|key|code|no|number|uuid)$|Id$|ID$", name) is not None


def _folder(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def _text(text: str) -> str:
    """Return text as YAML reads it back."""
    plain = _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS_OF_YAML
    return text if plain else json.dumps(text, ensure_ascii=False)
