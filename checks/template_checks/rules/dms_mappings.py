"""DMS: the table mappings and settings of tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.intrinsics import is_function
from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import between, one_of, parsed, required
from template_checks.rules.dms import SERVERLESS, TASK

_TASKS: Final = "https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks"
_TYPES: Final = ("selection", "transformation", "table-settings", "object-mapping", "post-process", "data-masking")
_SELECTIONS: Final = ("include", "exclude", "explicit")
_TRANSFORMATIONS: Final = (
    *("rename", "remove-column", "make-upper-case", "make-lower-case", "convert-lowercase", "convert-uppercase"),
    *("add-prefix", "remove-prefix", "replace-prefix", "add-suffix", "remove-suffix", "replace-suffix"),
    *("define-primary-key", "change-data-type", "add-column", "add-before-image-columns", "include-column"),
    *("rename-tablespace", "change-tablespace", "data-masking-digits-mask", "data-masking-digits-randomize"),
    "data-masking-hash-mask",
)
_TARGETS: Final = ("schema", "table", "column", "table-tablespace", "index-tablespace")
_WITH_VALUE: Final = ("rename", "add-prefix", "remove-prefix", "replace-prefix", "add-suffix", "remove-suffix")
_OPERATORS: Final = ("eq", "ste", "lte", "gte", "noteq", "between", "notbetween", "null", "notnull")


@rule(
    "LAKE-DMS-006",
    TASK,
    SERVERLESS,
    title="Table mappings are rules that select tables",
    fix="write JSON with rules, each with an id, a name, a type and an action of its type, one of which includes",
    source=f"{_TASKS}.TableMapping.SelectionTransformation.Selections.html",
)
def mappings(task: Resource) -> Iterator[Violation]:
    """DMS refuses other mappings, or the task ends without a table."""
    mappings = _json(task.at("TableMappings"))
    if mappings is None:
        yield Violation(at=task.at("TableMappings"), allowed="JSON with a list of rules")
        return
    rules = mappings.at("rules")
    known = isinstance(mappings.value, dict) and (rules.known or not rules.present)
    if not known or (not rules.present and not isinstance(task.at("TableMappings").value, str)):
        return
    if not isinstance(rules.value, list) or not rules.value:
        yield Violation(at=rules, allowed="a list of rules")
        return
    ids = [one.at("rule-id").text for one in rules.items()]
    if None not in ids and len(ids) != len(set(ids)):
        yield Violation(at=rules, found=f"rule-id {', '.join(map(str, ids))}", allowed="ids that are not given twice")
    for one in rules.items():
        if isinstance(one.value, dict) and not is_function(one.value):
            yield from _rule(one)
    actions = [one.at("rule-action").text for one in rules.items() if one.at("rule-type").text == "selection"]
    if all(one.at("rule-type").text for one in rules.items()) and not {"include", "explicit", None} & set(actions):
        yield Violation(at=rules, found="no table", allowed="a selection with rule-action include or explicit")


def _json(node: Node) -> Node | None:
    """Return a value with the JSON that it is the text of; None if it is another text."""
    if not isinstance(node.value, str) or node.value.startswith("{{"):
        return node if isinstance(node.value, dict) and node.known else Node(node.resource, node.path, None)
    value = parsed(node.value)
    return Node(node.resource, node.path, value) if isinstance(value, dict) else None


def _rule(one: Node) -> Iterator[Violation]:
    kind, action, locator = one.at("rule-type"), one.at("rule-action"), one.at("object-locator")
    for name in ("rule-type", "rule-id", "rule-name"):
        yield from required(one.at(name), "a value in each rule")
    yield from one_of(kind, _TYPES)
    number = one.at("rule-id")
    if number.text is not None and not number.text.isdecimal():
        yield Violation(at=number, allowed="a number")
    if kind.text == "selection":
        yield from required(action, ", ".join(_SELECTIONS))
        yield from one_of(action, _SELECTIONS)
        for name in ("schema-name", "table-name"):
            yield from required(locator.at(name), "a name, or % for all")
    elif kind.text == "transformation":
        yield from one_of(action, _TRANSFORMATIONS)
        yield from required(one.at("rule-target"), ", ".join(_TARGETS))
        yield from one_of(one.at("rule-target"), _TARGETS)
        if action.text in _WITH_VALUE:
            yield from required(one.at("value"), f"the new part of the name for {action.text}")
        if one.at("rule-target").text == "column" and action.text not in {"add-column", "add-before-image-columns"}:
            yield from required(locator.at("column-name"), "a name, or % for all")
    for condition in one.at("filters").items():
        for test in condition.at("filter-conditions").items():
            yield from one_of(test.at("filter-operator"), _OPERATORS)


@rule(
    "LAKE-DMS-007",
    TASK,
    SERVERLESS,
    title="Settings of a task are JSON that DMS reads",
    fix="write an object with sections such as TargetMetadata and FullLoadSettings",
    source=f"{_TASKS}.TaskSettings.html",
)
def settings(task: Resource) -> Iterator[Violation]:
    """DMS refuses other settings."""
    for name in ("ReplicationTaskSettings", "ReplicationSettings", "SupplementalSettings", "TaskData"):
        node = task.at(name)
        found = _json(node) if node.value else node
        if found is None:
            yield Violation(at=node, allowed="an object in JSON")
            continue
        load, objects = found.at("FullLoadSettings"), found.at("TargetMetadata")
        yield from one_of(load.at("TargetTablePrepMode"), ("DO_NOTHING", "DROP_AND_CREATE", "TRUNCATE_BEFORE_LOAD"))
        yield from between(load.at("MaxFullLoadSubTasks"), 1, 49, "tables at once")
        if objects.at("FullLobMode").flag and objects.at("LimitedSizeLobMode").flag:
            yield Violation(at=objects.at("FullLobMode"), allowed="false with LimitedSizeLobMode")


@rule(
    "LAKE-DMS-008",
    TASK,
    SERVERLESS,
    title="A replication into S3 deletes no files of the lake",
    fix="set TargetTablePrepMode to DO_NOTHING, HandleSourceTableTruncated and HandleSourceTableDropped to false",
    source="https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html#CHAP_Target.S3.Limitations",
    severity=Severity.WARNING,
)
def keeps_files(task: Resource) -> Iterator[Violation]:
    """DMS deletes the files of a table that is truncated or dropped in the source, or loaded again."""
    endpoint = task.at("TargetEndpointArn").target
    if endpoint is None or endpoint.at("EngineName").text != "s3":
        return
    node = task.at("ReplicationSettings" if task.kind == SERVERLESS else "ReplicationTaskSettings")
    found = _json(node) if node.present else Node(node.resource, node.path, {})
    if found is None or not found.known:
        return
    mode = found.at("FullLoadSettings.TargetTablePrepMode")
    if not mode.unknown and mode.text != "DO_NOTHING":
        yield Violation(at=mode, allowed="DO_NOTHING")
    handled = found.at("ChangeProcessingDdlHandlingPolicy")
    for name in ("HandleSourceTableTruncated", "HandleSourceTableDropped"):
        if not handled.at(name).unknown and handled.at(name).flag is not False:
            yield Violation(at=handled.at(name), allowed="false: the default is true")
