"""The places that have the shop's numbers, each asked in its own way for the same facts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Protocol

import pyarrow.parquet as pq
from opensearchpy import OpenSearch

# Rows, and a sum to the cent.
Fact = tuple[int, str]
SUMS = {"customers": "id", "orders": "amount", "lines": "amount", "payments": "amount"}


class Place(Protocol):
    """A place that has some of the shop's tables, among them the orders."""

    def totals(self) -> dict[str, Fact]:
        """Return the facts of each table."""

    def by_status(self) -> dict[str, Fact]:
        """Return how much was ordered, by status."""

    def newest(self) -> int:
        """Return the number of the newest order."""

    def has(self, order: int) -> bool:
        """Tell whether an order has arrived."""

    def of_customer(self, customer: int) -> int:
        """Return how many rows name a customer."""


class SqlPlace:
    """Tables that are asked by SQL, the same in PostgreSQL, Athena and Redshift.

    Parameters
    ----------
    ask: callable
        Returns the rows of a query.
    schema: str
        Where the tables are.
    tables: sequence of str
        Their names. By default all.
    """

    def __init__(
        self, ask: Callable[[str], Iterable[Sequence[Any]]], schema: str, tables: Sequence[str] = tuple(SUMS)
    ) -> None:
        self._ask, self._schema, self._tables = ask, schema, tables

    def totals(self) -> dict[str, Fact]:
        queries = [
            f"SELECT '{table}', count(*), CAST(sum({SUMS[table]}) AS varchar) FROM {self._schema}.{table}"
            for table in self._tables
        ]
        return _facts(self._ask(" UNION ALL ".join(queries)))

    def by_status(self) -> dict[str, Fact]:
        query = f"SELECT status, count(*), CAST(sum(amount) AS varchar) FROM {self._schema}.orders GROUP BY status"
        return _facts(self._ask(query))

    def newest(self) -> int:
        return self._number(f"SELECT max(id) FROM {self._schema}.orders")

    def has(self, order: int) -> bool:
        return self._number(f"SELECT count(*) FROM {self._schema}.orders WHERE id = {order}") > 0

    def of_customer(self, customer: int) -> int:
        counts = " + ".join(
            f"(SELECT count(*) FROM {self._schema}.{table} "
            f"WHERE {'id' if table == 'customers' else 'customer_id'} = {customer})"
            for table in self._tables
        )
        return self._number(f"SELECT {counts}")

    def _number(self, query: str) -> int:
        ((number,),) = self._ask(query)
        return int(number)


class ItemsPlace:
    """The orders as items of DynamoDB."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def totals(self) -> dict[str, Fact]:
        return {"orders": _fact([Decimal(item["amount"]["N"]) for item in self._items()])}

    def by_status(self) -> dict[str, Fact]:
        amounts: dict[str, list[Decimal]] = {}
        for item in self._items():
            amounts.setdefault(item["status"]["S"], []).append(Decimal(item["amount"]["N"]))
        return {status: _fact(found) for status, found in sorted(amounts.items())}

    def newest(self) -> int:
        return max(int(item["id"]["N"]) for item in self._items())

    def has(self, order: int) -> bool:
        return "Item" in self._client.get_item(TableName=self._table, Key={"id": {"N": str(order)}})

    def of_customer(self, customer: int) -> int:
        return sum(item["customer_id"]["N"] == str(customer) for item in self._items())

    def _items(self) -> Iterator[dict[str, Any]]:
        # Page by page: on a busy machine all of it would take longer than a client waits for an answer.
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, PaginationConfig={"PageSize": 1_000})
        return (item for page in pages for item in page["Items"])


class SearchPlace:
    """The orders as documents of OpenSearch."""

    def __init__(self, client: OpenSearch) -> None:
        self._client = client

    def totals(self) -> dict[str, Fact]:
        found = self._search(aggs={"total": {"sum": {"field": "amount"}}})
        return {"orders": (found["hits"]["total"]["value"], _money(found["aggregations"]["total"]["value"]))}

    def by_status(self) -> dict[str, Fact]:
        total = {"total": {"sum": {"field": "amount"}}}
        found = self._search(aggs={"status": {"terms": {"field": "status.keyword"}, "aggs": total}})
        buckets = found["aggregations"]["status"]["buckets"]
        return {one["key"]: (one["doc_count"], _money(one["total"]["value"])) for one in buckets}

    def newest(self) -> int:
        return int(self._search(aggs={"newest": {"max": {"field": "id"}}})["aggregations"]["newest"]["value"])

    def has(self, order: int) -> bool:
        return self._count({"term": {"id": order}}) > 0

    def of_customer(self, customer: int) -> int:
        return self._count({"term": {"customer_id": customer}})

    def _count(self, query: dict[str, Any]) -> int:
        return int(self._search(query=query)["hits"]["total"]["value"])

    def _search(self, **asked: Any) -> Any:
        return self._client.search(index="orders", body={"size": 0, "track_total_hits": True, **asked})


class ChangeFiles:
    """The files of changes that DMS writes, of one table."""

    def __init__(self, s3: Any, bucket: str, table: str) -> None:
        self._s3, self._bucket, self._table = s3, bucket, table

    def has(self, order: int) -> bool:
        return any(row["id"] == order for row in self.rows())

    def rows(self) -> Iterator[dict[str, Any]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        for key in keys:
            *_, table, name = key.split("/")
            if table == self._table and name.endswith(".parquet") and not name.startswith("LOAD"):
                content = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
                yield from pq.read_table(io.BytesIO(content)).to_pylist()


def _facts(rows: Iterable[Sequence[Any]]) -> dict[str, Fact]:
    return {name: (int(count), _money(total)) for name, count, total in sorted(map(tuple, rows))}


def _fact(amounts: Sequence[Decimal]) -> Fact:
    return len(amounts), _money(sum(amounts))


def _money(amount: Any) -> str:
    return f"{Decimal(amount or 0):.2f}"
