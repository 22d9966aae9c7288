"""One column of a dataset and what its values must be like.

Above 200 lines: half of it is the documentation of the classes that contracts in Python are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from attrs import asdict, evolve, field, frozen

from lake_blueprints.contracts.arguments import checked
from lake_blueprints.contracts.classification import Classifications, Verdict
from lake_blueprints.contracts.contradictions import contradiction
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.governance import Link
from lake_blueprints.contracts.masking import HASH_LENGTH, REDACTED, Masking
from lake_blueprints.contracts.types import DataType, ScalarType, as_type

# Glue folds names to lower case and Athena takes only letters, digits and underscores unquoted:
# https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
NAME = re.compile(r"[a-z_][a-z0-9_]{0,254}")
# Types whose every value has one spelling that can be a folder's name.
_FOLDER_TYPES = frozenset({"string", "tinyint", "smallint", "int", "bigint", "date"})


def as_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return values as a tuple; mypy does not understand `tuple` itself as a converter of attrs."""
    return tuple(values)


@checked
@frozen(kw_only=True)
class Constraints:
    """Constraints on a value; a row that violates one is quarantined.

    Parameters
    ----------
    minimum, maximum, exclusive_minimum, exclusive_maximum: float or str, optional
        Bounds of a number, or of a date or timestamp as ISO 8601 text.
    multiple_of: float, optional
        A number that the value must be a multiple of.
    min_length, max_length: int, optional
        Bounds of a string's length in characters.
    pattern: str, optional
        Regular expression that the whole string must match.
    enum: tuple, optional
        The values allowed.

    Raises
    ------
    ContractError
        If no value could meet two of them.
    """

    minimum: float | str | None = None
    maximum: float | str | None = None
    exclusive_minimum: float | str | None = None
    exclusive_maximum: float | str | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    enum: tuple[Any, ...] | None = None

    def __attrs_post_init__(self) -> None:
        if problem := contradiction(self.as_dict()):
            raise ContractError(problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the constraints that are set."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@frozen(kw_only=True)
class Part:
    """A field, an element, a key or a value inside a column, as the contract describes it.

    Parameters
    ----------
    path: str
        Where it is, after the column's name: `.address.street`, `[].sku`.
    declared_type: str, optional
        Its types as the contract writes them. By default it writes none.
    description, business_name, classification: str, optional
        For people.
    tags: tuple of str
        Labels. By default none.
    """

    path: str
    declared_type: str | None = None
    description: str | None = None
    business_name: str | None = None
    classification: str | None = None
    tags: tuple[str, ...] = ()


@checked
@frozen(kw_only=True)
class Column:
    """A column of a dataset.

    Parameters
    ----------
    name: str
        Name in the catalog: lower case letters, digits and underscores, not starting with a digit.
    type: DataType or str
        Type, or its text as Glue writes it: `bigint`, `decimal(10,2)`, `struct<lat:double,lon:double>`.
    source: str, optional
        Name in the source records. By default the column's name.
    required: bool
        Whether a row without a value is quarantined. By default it is not.
    unique: bool
        Whether the contract promises that no two rows share a value.
    format: str, optional
        Pattern of a date or timestamp in the source, as Java's DateTimeFormatter reads it. By default ISO 8601.
    time_zone: str, optional
        Zone of timestamps in the source that say none, for instance `Europe/Berlin`. By default UTC.
    description, classification: str, optional
        For people and for access rules; written into the catalog.
    constraints: Constraints
        What a value must be like. By default anything of the type.
    masking: Masking
        What becomes of the column in the analytics zone if its classification is restricted. By default it is
        redacted.
    critical: bool
        Whether the contract calls it a critical data element. By default it does not.
    tags: sequence of str
        Labels, written into the catalog; one such as `pii` restricts the column. By default none.
    classifications: Classifications
        How classification and tags are judged. By default by words that many use; one that is not known restricts.
    business_name: str, optional
        For people.
    links: sequence of Link
        Definitions kept elsewhere. By default none.
    declared_type: str, optional
        Logical and physical type as the contract writes them, for instance `integer, NUMBER(10)`. By default none.
    parts: sequence of Part
        What is inside the column, as the contract describes it. By default nothing.
    field_id: int, optional
        Id of the column in Iceberg tables, by which their files know it. By default it is calculated from the name, so
        that a column that is renamed keeps its values only with the id of its older name.
    """

    name: str
    type: DataType = field(converter=as_type)
    source: str | None = None
    required: bool = False
    unique: bool = False
    format: str | None = None
    time_zone: str | None = None
    description: str | None = None
    classification: str | None = None
    constraints: Constraints = Constraints()
    masking: Masking = field(default=Masking.REDACT, converter=Masking)
    critical: bool = False
    tags: tuple[str, ...] = field(default=(), converter=as_tuple)
    classifications: Classifications = field(factory=Classifications, repr=False)
    business_name: str | None = None
    links: tuple[Link, ...] = field(default=(), converter=as_tuple)
    declared_type: str | None = None
    parts: tuple[Part, ...] = field(default=(), converter=as_tuple)
    field_id: int | None = None

    def __attrs_post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ContractError(
                f"column name '{self.name}' is not valid in the catalog: use lower case letters, digits and "
                "underscores, not starting with a digit, at most 255"
            )

    @property
    def restricted(self) -> bool:
        """Whether few may see the column's values."""
        judge = self.classifications
        return self.masking is not Masking.NONE and (
            judge.restricts(self.classification) or any(judge.verdict(tag) is Verdict.RESTRICTED for tag in self.tags)
        )

    @property
    def classified(self) -> bool:
        """Whether its classification or a tag says who may see it; otherwise it is as its dataset is."""
        judge = self.classifications
        return bool((self.classification or "").strip()) or any(
            judge.verdict(tag) is not Verdict.UNKNOWN for tag in self.tags
        )

    def masked(self) -> Column | None:
        """Return the column as it is in a masked copy: itself if it is not restricted, None if it is left out."""
        if not self.restricted:
            return self
        if self.masking is Masking.DROP:
            return None
        hashed = self.masking is Masking.HASH
        how = "Hashed." if hashed else "Redacted."
        return evolve(
            self,
            type=self._masked_type(),
            required=self.required and hashed,
            unique=self.unique and hashed,
            format=None,
            time_zone=None,
            description=f"{self.description} {how}" if self.description else how,
            classification="masked",
            constraints=Constraints(),
            masking=Masking.NONE,
            declared_type=None,
            parts=(),
        )

    def _masked_type(self) -> DataType:
        if self.masking is Masking.HASH:
            return ScalarType("string", length=HASH_LENGTH)
        is_text = isinstance(self.type, ScalarType) and self.type.name == "string"
        return ScalarType("string", length=len(REDACTED)) if is_text else self.type

    @property
    def partitionable(self) -> bool:
        """Whether the column's values can be written as a folder's name."""
        return isinstance(self.type, ScalarType) and self.type.name in _FOLDER_TYPES
