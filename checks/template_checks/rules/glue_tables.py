"""Tables of the Glue catalog as Athena reads them: types of columns and values of partition projection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource

TABLE: Final = "AWS::Glue::Table"
_ATHENA: Final = "https://docs.aws.amazon.com/athena/latest/ug"
_PLAIN: Final = {
    *("boolean", "tinyint", "smallint", "int", "integer", "bigint", "float", "real", "double", "decimal", "string"),
    *("char", "varchar", "binary", "date", "timestamp", "interval", "void", "null"),
    # Of Iceberg, Hudi and Delta, and of Spark.
    *(
        "long",
        "short",
        "byte",
        "uuid",
        "fixed",
        "time",
        "timestamptz",
        "timestamp_ntz",
        "timestamp with local time zone",
    ),
    *("timestamp with time zone", "variant"),
}
_UNITS: Final = ("YEARS", "MONTHS", "WEEKS", "DAYS", "HOURS", "MINUTES", "SECONDS", "MILLIS")
_SETTINGS: Final = ("type", "range", "values", "format", "interval", "interval.unit", "digits")
# The letters of a Java date format that stand for digits.
_DIGITS: Final = "yuMdHmsS"


@rule(
    "LAKE-GLUE-025",
    TABLE,
    title="Columns are of types that Hive and Athena have",
    fix="write a type such as varchar(10), decimal(10,2), array<string> or struct<a:int>",
    source=f"{_ATHENA}/data-types.html",
)
def column_types(table: Resource) -> Iterator[Violation]:
    """Every query of the table fails: the type cannot be parsed."""
    parameters = table.at("TableInput.Parameters")
    if any(parameters.at(name).present for name in ("connectionName", "connection")):
        # The types of another database are its own.
        return
    for group in ("StorageDescriptor.Columns", "PartitionKeys"):
        for column in table.at(f"TableInput.{group}").items():
            node = column.at("Type")
            if node.text is not None and (problem := type_problem(node.text)):
                yield Violation(at=node, allowed=problem)


def type_problem(text: str) -> str | None:
    """Return what a type of Hive could be instead, if it is none."""
    text = re.sub(r"\s+comment\s+'[^']*'", "", text.strip().lower())
    if text.count("<") != text.count(">") or text.count("(") != text.count(")"):
        return "a type whose brackets are all closed"
    found = re.fullmatch(r"(array|map|struct|uniontype)\s*<(.*)>", text, re.DOTALL)
    if found:
        return _inner_problem(found[1], _split(found[2]))
    name, _, arguments = text.partition("(")
    if re.match(r"(array|map|struct)$", text):
        return f"{text}<...> with what it holds"
    if name.strip() not in _PLAIN:
        return (
            "boolean, int, bigint, double, decimal(p,s), string, varchar(n), date, timestamp, array<...> and the like"
        )
    return _size_problem(name.strip(), arguments.rstrip(")"))


def _inner_problem(kind: str, parts: list[str]) -> str | None:
    if kind == "map" and len(parts) != 2:
        return "map<key,value>"
    if kind == "array" and len(parts) != 1:
        return "array<element>"
    if kind == "struct":
        if not all(":" in part for part in parts):
            return "struct<name:type,...>"
        parts = [part.partition(":")[2] for part in parts]
    return next((problem for part in parts if (problem := type_problem(part))), None)


def _size_problem(name: str, arguments: str) -> str | None:
    sizes = [int(one) for one in arguments.split(",") if one.strip().isdigit()]
    if name == "varchar" and not (len(sizes) == 1 and 1 <= sizes[0] <= 65_535):
        return "varchar(1) to varchar(65535)"
    if name == "char" and not (len(sizes) == 1 and 1 <= sizes[0] <= 255):
        return "char(1) to char(255)"
    if name == "decimal" and arguments:
        precision, scale = (*sizes, 0)[:2] if sizes else (0, 0)
        if not 1 <= precision <= 38 or scale > precision:
            return "decimal(p,s) with a precision of 1 to 38 and a scale of at most that"
    return None


def _split(text: str) -> list[str]:
    """Return the parts of the inside of a type, at the commas that are in no brackets of their own."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


@rule(
    "LAKE-GLUE-026",
    TABLE,
    title="Values of partition projection are ones that Athena reads",
    fix="write ranges in the format of the key, units in the plural, and only partition keys in the template",
    source=f"{_ATHENA}/partition-projection-supported-types.html",
)
def projected_values(table: Resource) -> Iterator[Violation]:
    """Every query fails, or finds no rows."""
    parameters = table.at("TableInput.Parameters")
    given = parameters.value if parameters.known and isinstance(parameters.value, dict) else {}
    if str(given.get("projection.enabled", "")).lower() != "true":
        return
    keys = table.at("TableInput.PartitionKeys")
    names = [text for key in keys.items() if (text := key.at("Name").text)]
    if len(names) == len(keys.items()):
        yield from _template(parameters, given.get("storage.location.template"), names)
    for name in names:
        settings = {
            one: given[key] for one in _SETTINGS if isinstance(given.get(key := f"projection.{name}.{one}"), str)
        }
        for setting, allowed in _setting_problems(settings):
            found = f"{json.dumps(settings.get(setting))} as {setting} of '{name}'"
            yield Violation(at=parameters, found=found, allowed=allowed)


def _template(parameters: Node, template: object, names: list[str]) -> Iterator[Violation]:
    if not isinstance(template, str):
        return
    for hole in re.findall(r"\$\{([^}]*)\}", template):
        if hole not in names and not hole.startswith("AWS::"):
            found = f"${{{hole}}} in storage.location.template"
            yield Violation(at=parameters, found=found, allowed=f"the partition keys {', '.join(names)}")


def _setting_problems(settings: dict[str, str]) -> Iterator[tuple[str, str]]:
    kind, span = settings.get("type"), settings.get("range")
    interval, unit = settings.get("interval"), settings.get("interval.unit")
    if interval is not None and not re.fullmatch(r"[1-9]\d*", interval):
        yield "interval", "a whole number from 1"
    if unit is not None and unit.upper() not in _UNITS:
        yield "interval.unit", ", ".join(_UNITS)
    ends = [one.strip() for one in span.split(",")] if span is not None else []
    if span is not None and len(ends) != 2:
        yield "range", "two values with a comma between them"
    elif kind == "integer" and ends:
        if not all(re.fullmatch(r"-?\d+", one) for one in ends):
            yield "range", "two whole numbers"
        elif int(ends[0]) > int(ends[1]):
            yield "range", "the smaller number first"
    elif kind == "date" and ends and "format" in settings:
        form = settings["format"]
        if not all(_may_be_date(one, form) for one in ends):
            yield "range", f"dates in the format {form}, or NOW"
    if kind == "integer" and "digits" in settings and not re.fullmatch(r"[1-9]\d*", settings["digits"]):
        yield "digits", "a whole number from 1"
    if kind == "enum" and "values" in settings and not settings["values"].strip():
        yield "values", "one value or more"


def _may_be_date(text: str, form: str) -> bool:
    """Whether a value of a range has the format, or counts from now."""
    if re.fullmatch(r"NOW(\s*[+-]\s*\d+\s*\w+)?", text, re.IGNORECASE):
        return True
    pieces = re.findall(r"'([^']*)'|(([A-Za-z])\3*)|([^A-Za-z'])", form)
    pattern = "".join(_run(run) if run else re.escape(quoted or other) for quoted, run, _, other in pieces)
    return re.fullmatch(pattern, text) is not None


def _run(letters: str) -> str:
    if letters[0] not in _DIGITS or (letters[0] == "M" and len(letters) > 2):
        return r".+"
    return rf"\d{{{len(letters)}}}" if len(letters) > 1 else r"\d+"
