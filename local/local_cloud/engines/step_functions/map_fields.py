"""Fields of a Map state that only a distributed one has: what is wrong with them, and what nothing here runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local_cloud.engines.step_functions.checks import (
    Check,
    integer,
    of_type,
    one_of,
    payload,
    reference,
    template,
)
from local_cloud.engines.step_functions.item_reader import DELIMITERS, MOST_ITEMS
from local_cloud.engines.step_functions.limits import MOST_BYTES
from local_cloud.engines.step_functions.processors import processor_of

if TYPE_CHECKING:
    from local_cloud.engines.step_functions.definition import Checker

_LONGEST_LABEL = 40
_NOT_IN_LABEL = re.compile(r"[\s?*<>{}\[\]:;,\\|^~$#%&`\"/\x00-\x1f\x7f-\x9f]")
_DISTRIBUTED = (
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
)
_READER_RESOURCE = re.compile(r"arn:[^:]+:states:::s3:(getObject|listObjectsV2)")
_WRITER_RESOURCE = re.compile(r"arn:[^:]+:states:::s3:putObject")
_READER_CONFIG: dict[str, Check] = {
    "InputType": one_of("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"),
    "CSVHeaderLocation": one_of("FIRST_ROW", "GIVEN"),
    "CSVHeaders": of_type("array"),
    "CSVDelimiter": one_of(*DELIMITERS),
    "ItemsPointer": of_type("string"),
    "ManifestType": one_of("S3_INVENTORY", "ATHENA_DATA"),
    "Transformation": one_of("NONE", "LOAD_AND_FLATTEN"),
    "MaxItems": integer(0, MOST_ITEMS),
    "MaxItemsPath": reference,
}
_BATCHER: dict[str, Check] = {
    "BatchInput": template,
    "MaxItemsPerBatch": integer(1),
    "MaxItemsPerBatchPath": reference,
    "MaxInputBytesPerBatch": integer(1, MOST_BYTES),
    "MaxInputBytesPerBatchPath": reference,
}
_WRITER_CONFIG: dict[str, Check] = {
    "Transformation": one_of("NONE", "COMPACT", "FLATTEN"),
    "OutputType": one_of("JSON", "JSONL"),
}
_PROCESSOR_CONFIG: dict[str, Check] = {
    "Mode": one_of("INLINE", "DISTRIBUTED"),
    "ExecutionType": one_of("STANDARD", "EXPRESS"),
}


def check_map(checker: Checker, body: dict[str, Any], at: str) -> None:
    if "ItemProcessor" in body and "Iterator" in body:
        checker.wrong("Only one of these fields is allowed: [ItemProcessor, Iterator]", at)
    if "ItemSelector" in body and "Parameters" in body:
        checker.wrong("Only one of these fields is allowed: [ItemSelector, Parameters]", at)
    field = "ItemProcessor" if "ItemProcessor" in body else "Iterator"
    processor = processor_of(body) if field in body else {}
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    if isinstance(config, dict):
        checker.fields(config, _PROCESSOR_CONFIG, f"{at}/{field}/ProcessorConfig", frozenset())
        if config.get("Mode") != "DISTRIBUTED":
            for name in _DISTRIBUTED:
                if name in body:
                    checker.wrong("Field is only supported in a Distributed Map state", f"{at}/{name}")
            return
    for name, check in (("ItemReader", _reader), ("ItemBatcher", _batcher), ("ResultWriter", _writer)):
        if name not in body:
            continue
        if isinstance(body[name], dict):
            check(checker, body[name], f"{at}/{name}")
        else:
            checker.wrong("Expected value of type Object", f"{at}/{name}")
    if isinstance(body.get("Label"), str):
        _label(checker, body["Label"], f"{at}/Label")


def _label(checker: Checker, label: str, at: str) -> None:
    if not label:
        checker.wrong("Label cannot be empty", at)
    if len(label) > _LONGEST_LABEL:
        checker.wrong(f"Label cannot exceed {_LONGEST_LABEL} characters", at)
    if found := _NOT_IN_LABEL.search(label):
        checker.wrong(f"Label contains invalid character: {found[0]!r}", at)


def _arguments(checker: Checker) -> str:
    return "Arguments" if checker.is_jsonata else "Parameters"


def _reader(checker: Checker, reader: dict[str, Any], at: str) -> None:
    arguments = _arguments(checker)
    config = reader.get("ReaderConfig", {})
    known: dict[str, Check] = {arguments: payload, "Resource": of_type("string"), "ReaderConfig": of_type("object")}
    checker.fields(reader, known, at, frozenset())
    if not checker.required(reader, ["Resource", arguments], at) or not isinstance(config, dict):
        return
    checker.fields(config, _READER_CONFIG, f"{at}/ReaderConfig", frozenset())
    found = _READER_RESOURCE.fullmatch(str(reader["Resource"]))
    if not found:
        checker.wrong(f"The resource provided {reader['Resource']} is not recognized", f"{at}/Resource")
    elif found[1] == "getObject" and checker.required(config, ["InputType"], f"{at}/ReaderConfig"):
        _reader_config(checker, config, f"{at}/ReaderConfig")
    if config.get("Transformation") == "LOAD_AND_FLATTEN":
        checker.unsupported("Transformation LOAD_AND_FLATTEN", f"{at}/ReaderConfig/Transformation")


def _reader_config(checker: Checker, config: dict[str, Any], at: str) -> None:
    if config["InputType"] == "PARQUET":
        checker.unsupported("InputType PARQUET", f"{at}/InputType")
    if config.get("ManifestType") == "ATHENA_DATA":
        checker.unsupported("ManifestType ATHENA_DATA", f"{at}/ManifestType")
    if config["InputType"] == "CSV" and checker.required(config, ["CSVHeaderLocation"], at):
        if config["CSVHeaderLocation"] == "GIVEN":
            checker.required(config, ["CSVHeaders"], at)
        elif "CSVHeaders" in config:
            checker.wrong("CSVHeaders needs the CSVHeaderLocation GIVEN", f"{at}/CSVHeaders")


def _batcher(checker: Checker, batcher: dict[str, Any], at: str) -> None:
    checker.fields(batcher, _BATCHER, at, frozenset())
    if not any(name.startswith("Max") for name in batcher):
        checker.wrong("One of these fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch]", at)


def _writer(checker: Checker, writer: dict[str, Any], at: str) -> None:
    arguments = _arguments(checker)
    config = writer.get("WriterConfig", {})
    known: dict[str, Check] = {arguments: payload, "Resource": of_type("string"), "WriterConfig": of_type("object")}
    checker.fields(writer, known, at, frozenset())
    if isinstance(config, dict):
        checker.fields(config, _WRITER_CONFIG, f"{at}/WriterConfig", frozenset())
    if "Resource" in writer:
        checker.required(writer, [arguments], at)
        if not _WRITER_RESOURCE.fullmatch(str(writer["Resource"])):
            checker.wrong(f"The resource provided {writer['Resource']} is not recognized", f"{at}/Resource")
    elif not config:
        checker.wrong("One of these fields is required: [Resource, WriterConfig]", at)
    elif isinstance(config, dict) and config.get("OutputType") == "JSONL":
        checker.unsupported("OutputType JSONL without a Resource", f"{at}/WriterConfig/OutputType")
