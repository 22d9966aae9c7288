"""Changes of the order of columns in files of CSV, which raw tables read by position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lake_blueprints.contracts.dataset import Dataset, DatasetFormat
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.evolution.changes import Change, Place


def position_changes(of: Place, old: Dataset, new: Dataset, csv_columns: Sequence[str] = ()) -> Iterator[Change]:
    """Return the changes after which the raw table would show values of older files under other names.

    Parameters
    ----------
    of: Place
        The dataset.
    old, new: Dataset
        Its versions. Other formats than CSV are read by names, and nothing is returned of them.
    csv_columns: sequence of str
        The order of the columns in the files, as `DataLake` takes it; by default the contract's.

    Raises
    ------
    ContractError
        If `csv_columns` lacks a column.

    References
    ----------
    https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
    """
    if not old.format == new.format == DatasetFormat.CSV:
        return
    if missing := [name for name in new.column_names if csv_columns and name not in csv_columns]:
        raise ContractError(f"'csv_columns' of '{new.name}' lacks {', '.join(missing)}; add new columns at its end")
    known = {*old.column_names, *new.column_names}
    after = [name for name in csv_columns or new.column_names if name in known]
    # The order of the older files is the same as far as it is said, and else that of the older contract.
    said = [name for name in after if name in old.column_names] if csv_columns else []
    before = said if len(said) == len(old.column_names) else list(old.column_names)
    if moved := [name for name in before if name in after and after.index(name) != before.index(name)]:
        yield of.major(
            "columns moved",
            f"{', '.join(moved)}: raw tables read CSV by position, so older files show up under wrong names; put new "
            "columns last, or say the order of the files with csv_columns",
            moved,
        )
