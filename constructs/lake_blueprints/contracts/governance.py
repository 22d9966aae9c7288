"""Ownership, service levels, roles, support and relationships of a dataset."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attrs import field, frozen

from lake_blueprints.contracts.arguments import checked


@frozen(kw_only=True)
class Note:
    """Something of the contract that the lake treats otherwise than the contract's author may expect.

    Parameters
    ----------
    place: str
        Where it stands in the contract, for instance `schema[0].properties[2]`.
    text: str
        What is done instead, and why.
    warning: bool
        Whether it is worth a synth warning. By default it is for the data dictionary only.
    """

    place: str
    text: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@checked
@frozen(kw_only=True)
class ServiceLevels:
    """Promises about time.

    Parameters
    ----------
    latency: timedelta, optional
        Longest time from an event to its row in the curated table.
    retention: timedelta, optional
        Age at which data may be deleted.
    retention_by: str, optional
        Column from whose time on the age counts. By default the time at which the data was written.
    frequency: timedelta, optional
        How often new data is curated.
    schedule: str, optional
        Cron expression of five fields at which new data is curated.
    others: tuple of (str, str)
        Everything else the contract promises, as name and text, for the data dictionary.
    """

    latency: timedelta | None = None
    retention: timedelta | None = None
    retention_by: str | None = None
    frequency: timedelta | None = None
    schedule: str | None = None
    others: tuple[tuple[str, str], ...] = ()


@checked
@frozen(kw_only=True)
class AccessRole:
    """A role that the contract names; the app binds principals to it.

    Parameters
    ----------
    name: str
        As the contract calls it.
    access: str
        `read`, `write` or `read_write`.
    restricted: bool
        Whether it also sees restricted columns unmasked. By default it does not.
    description: str, optional
        For people.
    """

    name: str
    access: str = "read"
    restricted: bool = False
    description: str | None = None


@checked
@frozen(kw_only=True)
class Relationship:
    """Columns whose values are keys of another dataset.

    Parameters
    ----------
    columns: tuple of str
        Catalog names of this dataset's columns.
    dataset: str
        Catalog name of the other dataset.
    references: tuple of str
        Catalog names of its columns, in the same order.
    contract: str, optional
        File or id of the contract that holds the other dataset. By default this one.
    """

    columns: tuple[str, ...]
    dataset: str
    references: tuple[str, ...]
    contract: str | None = None


@checked
@frozen(kw_only=True)
class Link:
    """A definition kept elsewhere."""

    url: str
    type: str


@checked
@frozen(kw_only=True)
class SupportChannel:
    """Support channel: where consumers get help, and where failures may be announced.

    Parameters
    ----------
    name: str
        As the contract calls it.
    url: str, optional
        For instance `mailto:flights@example.com`.
    tool, scope, description: str, optional
        For instance `email`, `notifications`.
    """

    name: str
    url: str | None = None
    tool: str | None = None
    scope: str | None = None
    description: str | None = None


@checked
@frozen(kw_only=True)
class Placement:
    """Names of the dataset on the contract's servers, as far as these are a lake's or sources that it reads.

    Parameters
    ----------
    server: str
        The server's name in the contract.
    type: str
        `s3`, `glue`, `athena`, `kinesis` or `redshift`; `postgresql`, `postgres`, `mysql` or `kafka` of a source.
    environment: str, optional
        As the contract says.
    properties: mapping
        The server's own properties, for instance `location`, `database`, `streamName`; of a source without its address,
        and of Kafka with the `topic`.
    """

    server: str
    type: str
    environment: str | None = None
    properties: dict[str, Any] = field(hash=False)


@checked
@frozen(kw_only=True)
class Governance:
    """Ownership and names of a dataset.

    Parameters
    ----------
    contract: str, optional
        Id of its contract.
    team: str, optional
        The owning team.
    owner: str, optional
        User name of its owner.
    domain, data_product, tenant, status: str, optional
        As the contract says.
    tags: tuple of str
        Of the contract and the dataset.
    support: tuple of SupportChannel
        Where consumers get help.
    price: str, optional
        In words, for instance `9.95 USD per megabyte`.
    links: tuple of Link
        Definitions kept elsewhere.
    """

    contract: str | None = None
    team: str | None = None
    owner: str | None = None
    domain: str | None = None
    data_product: str | None = None
    tenant: str | None = None
    status: str | None = None
    tags: tuple[str, ...] = ()
    support: tuple[SupportChannel, ...] = ()
    price: str | None = None
    links: tuple[Link, ...] = ()
