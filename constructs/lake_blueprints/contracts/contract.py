"""A contract file of the Open Data Contract Standard (ODCS v3), read into datasets."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import open_data_contract_standard
import yaml
from attrs import frozen
from jsonschema import Draft201909Validator
from jsonschema.exceptions import best_match

from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.odcs import read_dataset


@frozen(kw_only=True)
class Contract:
    """The datasets that one contract promises.

    Parameters
    ----------
    id, version: str
        As the contract says.
    datasets: tuple of Dataset
        One for each schema object, in the contract's order.
    """

    id: str
    version: str
    datasets: tuple[Dataset, ...]

    @classmethod
    def from_file(cls, path: str | Path) -> Contract:
        """Read a contract from a YAML (or JSON) file.

        Raises
        ------
        ContractError
            If the file is missing, is not YAML, breaks the standard's JSON schema, or promises what a lake
            cannot hold; the message starts with the file's name and names the place inside.

        Example
        -------
            >>> contract = Contract.from_file("contracts/flights.odcs.yaml")
            >>> contract["flights"].primary_key
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ContractError(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ContractError(f"{path}: is not UTF-8 text") from None
        try:
            return cls.from_text(text)
        except ContractError as error:
            raise ContractError(f"{path}: {error}") from None

    @classmethod
    def from_text(cls, text: str) -> Contract:
        """Read a contract from YAML text; see `from_file`."""
        document = _parse(text)
        error = best_match(_validator().iter_errors(document))
        if error is not None:
            raise ContractError(f"{_place(error.absolute_path)}: {error.message}")
        objects = document.get("schema") or []
        if not objects:
            raise ContractError("schema: the contract promises no data; add at least one schema object")
        datasets = []
        for number, item in enumerate(objects):
            try:
                datasets.append(read_dataset(item, document))
            except ContractError as problem:
                raise ContractError(f"schema[{number}]: {problem}") from None
        names = [dataset.name for dataset in datasets]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ContractError(f"schema: two schema objects have the catalog name '{twice[0]}'; rename one")
        return cls(id=document["id"], version=document["version"], datasets=tuple(datasets))

    def __getitem__(self, name: str) -> Dataset:
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        known = ", ".join(dataset.name for dataset in self.datasets)
        raise ContractError(f"contract '{self.id}' has no dataset '{name}'; it has {known}")


if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    # libyaml's takes a tenth of the time, where PyYAML was built with it.
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(SafeLoader):
    """YAML without tags that run code, in which a key given twice is an error rather than the last one's value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise ContractError(f"line {key_node.start_mark.line + 1}: key '{key}' is given twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


# YAML turns an unquoted 2013-01-01 into a date; the standard means text.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parse(text: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ContractError(f"{line}not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ContractError(f"not valid YAML: {error}") from None
    if not isinstance(document, Mapping):
        raise ContractError("the contract is empty; it needs at least version, apiVersion, kind, id and schema")
    return dict(document)


@cache
def _validator() -> Draft201909Validator:
    schema = json.loads(files(open_data_contract_standard).joinpath("schema.json").read_text(encoding="utf-8"))
    _require_tested_properties(schema)
    return Draft201909Validator(schema)


def _require_tested_properties(schema: Any) -> None:
    """Make each `if` of a JSON schema false for an absent property.

    The standard's schema (3.2.0) tests `logicalType` without requiring it, so that a property that leaves it out,
    as the standard allows, would have to be a map, an array and a string at once.
    """
    if isinstance(schema, list):
        for item in schema:
            _require_tested_properties(item)
    if isinstance(schema, dict):
        condition = schema.get("if", {})
        for test in condition.get("anyOf", [condition]):
            if "properties" in test:
                test.setdefault("required", list(test["properties"]))
        for value in schema.values():
            _require_tested_properties(value)


def _place(path: Any) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return place or "contract"
