"""The shop: its tables, and the customers and orders that it begins with."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SEED = 7
CUSTOMERS, ORDERS = 4_000, 5_000
# A customer who will leave, and nobody else before.
LEAVER = 7
CITIES = ("Berlin", "Bern", "Lisbon", "Oslo", "Paris", "Porto", "Rome", "Vienna")
ARTICLES = ("bowl", "cup", "jug", "lamp", "plate", "vase")
Row = tuple[Any, ...]
_TABLES = """
create role shop_owner;
grant shop_owner to current_user;
grant create on database shop to shop_owner;
grant usage, create on schema public to shop_owner;
create table customers (id bigint primary key, name text not null, email text not null, city text not null);
create table orders (
  id bigint primary key, customer_id bigint not null, ordered_at timestamptz not null, status text not null,
  amount numeric(12,2) not null
);
create table lines (
  order_id bigint, line bigint, customer_id bigint not null, article text not null, amount numeric(12,2) not null,
  primary key (order_id, line)
);
create table payments (
  id bigint primary key, order_id bigint not null, customer_id bigint not null, amount numeric(12,2) not null
);
alter table customers owner to shop_owner;
alter table orders owner to shop_owner;
alter table lines owner to shop_owner;
alter table payments owner to shop_owner;
"""


class Shop:
    """The database of a shop, as its programs use it: over TLS, by the first user's password.

    Parameters
    ----------
    secrets: Any
        Client of Secrets Manager.
    outputs: dict
        Outputs of the deployed stack, by name.
    authority: Path
        Certificates by which the server is verified.
    """

    def __init__(self, secrets: Any, outputs: dict[str, str], authority: Path) -> None:
        self._secrets, self._outputs, self._authority = secrets, outputs, authority
        self._database = self.connect()

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection, which commits each statement."""
        signed = self._secret("ShopSecret")
        return psycopg.connect(
            host=self._outputs["ShopHost"],
            port=int(self._outputs["ShopPort"]),
            dbname="shop",
            user=signed["username"],
            password=signed["password"],
            sslmode="verify-full",
            sslrootcert=str(self._authority),
            autocommit=True,
        )

    def close(self) -> None:
        self._database.close()

    def ask(self, query: str) -> list[Row]:
        """Return the rows of a query."""
        return self._database.execute(query).fetchall()

    def open(self) -> int:
        """Create the tables, fill them, and let the lake read them; return the number of rows."""
        self._database.execute(_TABLES)
        reader = self._secret("ReaderSecret")
        user = sql.Identifier(reader["username"])
        create = sql.SQL("create role {} login password {}").format(user, sql.Literal(reader["password"]))
        self._database.execute(create)
        self._database.execute(sql.SQL("grant rds_replication, shop_owner to {}").format(user))
        chance = random.Random(SEED)
        orders = [order(chance, number, datetime(2026, 11, number % 28 + 1, tzinfo=UTC)) for number in _up_to(ORDERS)]
        rows = {
            "customers": [_customer(chance, number) for number in _up_to(CUSTOMERS)],
            "orders": [found for found, _ in orders],
            "lines": [line for _, lines in orders for line in lines],
            "payments": [payment(found) for found, _ in orders if found[0] % 2],
        }
        for table, values in rows.items():
            with self._database.cursor().copy(f"copy {table} from stdin") as copy:
                for row in values:
                    copy.write_row(row)
        return sum(map(len, rows.values()))

    def sell(self, number: int, customer: int) -> datetime:
        """Sell something to a customer; return when."""
        found, lines = order(random.Random(number), number, datetime.now(UTC), customer)
        with self._database.transaction():
            insert(self._database, found, lines)
        return datetime.now(UTC)

    def forget(self, customer: int) -> int:
        """Delete all that is known of a customer; return the number of rows."""
        with self._database.transaction():
            return sum(
                self._database.execute(
                    sql.SQL("delete from {} where {} = %s").format(sql.Identifier(table), sql.Identifier(column)),
                    [customer],
                ).rowcount
                for table, column in (
                    ("payments", "customer_id"),
                    ("lines", "customer_id"),
                    ("orders", "customer_id"),
                    ("customers", "id"),
                )
            )

    def position(self) -> str:
        """Return the position in the log at which all that has been written is in it."""
        return str(self.ask("select pg_current_wal_lsn()")[0][0])

    def _secret(self, output: str) -> dict[str, Any]:
        found = self._secrets.get_secret_value(SecretId=self._outputs[output])["SecretString"]
        secret: dict[str, Any] = json.loads(found)
        return secret


def order(chance: random.Random, number: int, at: datetime, customer: int | None = None) -> tuple[Row, list[Row]]:
    """Return an order and its lines, whose amounts make the order's."""
    who = customer or chance.randint(1, CUSTOMERS)
    cents = [chance.randint(100, 50_000) for _ in range(chance.randint(1, 2))]
    lines = [
        (number, line, who, chance.choice(ARTICLES), f"{amount / 100:.2f}")
        for line, amount in enumerate(cents, start=1)
    ]
    return (number, who, at, "placed", f"{sum(cents) / 100:.2f}"), lines


def payment(found: Row) -> Row:
    """Return the payment of an order."""
    number, customer, *_, amount = found
    return number, number, customer, amount


def insert(database: psycopg.Connection[Any], found: Row, lines: list[Row]) -> int:
    """Insert an order with its lines and payment; return the number of rows."""
    columns = "(id, customer_id, ordered_at, status, amount)"
    database.execute(f"insert into orders {columns} values (%s, %s, %s, %s, %s)", found)
    for line in lines:
        database.execute("insert into lines values (%s, %s, %s, %s, %s)", line)
    database.execute("insert into payments values (%s, %s, %s, %s)", payment(found))
    return len(lines) + 2


def _customer(chance: random.Random, number: int) -> Row:
    return number, name_of(number), f"customer{number:05}@example.com", chance.choice(CITIES)


def name_of(customer: int) -> str:
    """Return the name of a customer, which no other text has in it."""
    return f"Customer {customer:05}"


def _up_to(last: int) -> range:
    return range(1, last + 1)
