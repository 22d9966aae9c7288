"""Names: nothing that has one is in the way of another, wherever the two are defined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lake_blueprints.catalog import Table
from lake_blueprints.databases.redshift import Warehouse
from template_checks.pytest_plugin.stateful import create_only
from tests.conformance.controls import NamedGroup, StackNamedGroup, control
from tests.conformance.subject import Resources, Subject, subjects

# Athena tells saved queries apart by ids of its own, and ElastiCache users: each group has one named `default`. A
# location names a bucket that is there.
_FREE = {"AWS::Athena::NamedQuery", "AWS::DataSync::LocationObjectStorage", "AWS::ElastiCache::User"}


def names(resources: Resources, template: dict[str, Any]) -> Counter[tuple[str, ...]]:
    """Return the physical names that resources are given, each with its type and, of a table, its database."""
    return Counter(_names(resources, template["Resources"]))


def _names(found: Resources, template: Resources) -> Iterator[tuple[str, ...]]:
    for resource in found.values():
        create = create_only(resource["Type"], resource.get("Properties", {}))
        given = [_text(value, template) for path, value in create.items() if path.endswith("Name")]
        # Of a table's optimizers there is one of each type.
        kinds = [value for path, value in create.items() if path.endswith("Type") and isinstance(value, str)]
        # A name that is made of another resource's or of the stack's is as unique as that.
        if given and all(given) and resource["Type"] not in _FREE:
            yield (resource["Type"], *kinds, *(name for name in given if name))


def _text(value: Any, template: Resources) -> str | None:
    if isinstance(value, dict) and value.get("Ref") in template:
        database = template[value["Ref"]]
        name = database.get("Properties", {}).get("DatabaseInput", {}).get("Name")
        return name if isinstance(name, str) else None
    return value if isinstance(value, str) else None


def repeated(subject: Subject) -> list[tuple[str, ...]]:
    """Return the names that are given more than once in one stack."""
    template = subject.shared.template("Dev")
    return [name for name, times in names(template["Resources"], template).items() if times > 1]


def shared(subject: Subject) -> set[tuple[str, ...]]:
    """Return the names that two stacks give."""
    dev, prod = (subject.shared.template(name) for name in ("Dev", "Prod"))
    return set(names(dev["Resources"], dev)) & set(names(prod["Resources"], prod))


def test_two_of_a_construct_fit_into_one_stack(subject: Subject) -> None:
    assert repeated(subject) == []


def test_two_stacks_with_a_construct_fit_into_one_account(subject: Subject) -> None:
    assert shared(subject) == set()


def test_what_moves_to_another_scope_is_not_in_its_own_way(subject: Subject) -> None:
    """CloudFormation makes the new resource before it deletes the old one: under one name it could not."""
    dev = subject.shared.template("Dev")
    before, after = (names(subject.shared.below(one), dev) for one in (subject.one, subject.moved))
    assert before.keys() & after.keys() == set()


def test_a_physical_name_is_noticed() -> None:
    group = ("AWS::Logs::LogGroup", "/lake/flights")
    assert repeated(control(NamedGroup)) == [group]
    assert shared(control(NamedGroup)) == {group}


def test_a_name_per_stack_is_noticed_when_there_are_two_in_one() -> None:
    assert repeated(control(StackNamedGroup)) == [("AWS::Logs::LogGroup", "/lake/Dev")]
    assert shared(control(StackNamedGroup)) == set()


def test_names_of_databases_tables_and_warehouses_are_found() -> None:
    found = {
        name[0]
        for subject in subjects()
        if subject.sample.construct in {Table, Warehouse}
        for name in names(subject.shared.template("Dev")["Resources"], subject.shared.template("Dev"))
    }
    assert {"AWS::Glue::Database", "AWS::Glue::Table", "AWS::RedshiftServerless::Namespace"} <= found
