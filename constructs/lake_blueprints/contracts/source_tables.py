"""Tables and topics that datasets are read from, by the servers of their contracts."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.governance import Placement

# Without a schema, PostgreSQL takes this one.
_DEFAULT_SCHEMA = "public"


def source_table(dataset: Dataset, *, environment: str | None = None) -> str | None:
    """Return the table that a dataset is in at its source, as `schema.table`; None if its contract names none.

    It is that of the first server of the type `postgresql`, `postgres` or `mysql`; the table has the dataset's name.
    What PostgreSQL calls a schema is a database of MySQL.

    Parameters
    ----------
    dataset: Dataset
        The dataset.
    environment: str, optional
        Servers of other environments are passed over. By default all count.

    Raises
    ------
    ValueError
        If a server of MySQL names no database.
    """
    for placement in _placements(dataset, environment):
        if placement.type in ("postgresql", "postgres"):
            return f"{placement.properties.get('schema') or _DEFAULT_SCHEMA}.{dataset.name}"
        if placement.type == "mysql":
            return f"{_database(placement)}.{dataset.name}"
    return None


def source_topic(dataset: Dataset, *, environment: str | None = None) -> str | None:
    """Return the topic that the records of a dataset come from; None if its contract names no server of Kafka.

    It is called as the object is: by its `physicalName`, else by its `name`, as the contract spells it.

    Parameters
    ----------
    dataset: Dataset
        The dataset.
    environment: str, optional
        Servers of other environments are passed over. By default all count.

    Example
    -------
        >>> topic = source_topic(contract["flights"]) or "flights"
    """
    for placement in _placements(dataset, environment):
        if placement.type == "kafka":
            return str(placement.properties.get("topic") or dataset.name)
    return None


def _placements(dataset: Dataset, environment: str | None) -> Iterator[Placement]:
    for placement in dataset.placements:
        if environment is None or placement.environment in (None, environment):
            yield placement


def _database(placement: Placement) -> str:
    database = placement.properties.get("database")
    if not database:
        raise ValueError(f"the server '{placement.server}' of the type mysql must name its database, got none")
    return str(database)
