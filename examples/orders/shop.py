"""The shop: its tables, the customers and orders that it begins with, and its business from then on."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SEED = 7
CUSTOMERS, ORDERS = 5_000, 10_000
CITIES = ("Berlin", "Bern", "Lisbon", "Oslo", "Paris", "Porto", "Rome", "Vienna")
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
create table payments (id bigint primary key, order_id bigint not null, amount numeric(12,2) not null);
alter table customers owner to shop_owner;
alter table orders owner to shop_owner;
alter table payments owner to shop_owner;
"""


class Shop:
    """The database of a shop, as its programs use it: over TLS, by the first user's password.

    Parameters
    ----------
    secrets: Any
        Client of Secrets Manager.
    outputs: dict
        Outputs of the deployed stack.
    authority: Path
        Certificates by which the server is verified.
    """

    def __init__(self, secrets: Any, outputs: dict[str, str], authority: Path) -> None:
        self._secrets = secrets
        self._outputs = outputs
        signed = self._secret("ShopSecret")
        self._database = psycopg.connect(
            host=outputs["ShopHostOutput"],
            port=int(outputs["ShopPortOutput"]),
            dbname="shop",
            user=signed["username"],
            password=signed["password"],
            sslmode="verify-full",
            sslrootcert=str(authority),
            autocommit=True,
        )
        self._chance = random.Random(SEED)
        self._next_order = ORDERS

    def close(self) -> None:
        self._database.close()

    def open(self) -> int:
        """Create the tables, fill them, and let the lake read them; return the number of rows."""
        self._database.execute(_TABLES)
        reader = self._secret("ReaderSecret")
        user = sql.Identifier(reader["username"])
        create = sql.SQL("create role {} login password {}").format(user, sql.Literal(reader["password"]))
        self._database.execute(create)
        self._database.execute(sql.SQL("grant rds_replication, shop_owner to {}").format(user))
        rows = {
            "customers": (self._customer(number) for number in range(1, CUSTOMERS + 1)),
            "orders": (self._order(number) for number in range(1, ORDERS + 1)),
        }
        for table, values in rows.items():
            with self._database.cursor().copy(f"copy {table} from stdin") as copy:
                for row in values:
                    copy.write_row(row)
        self._database.execute("insert into payments select id, id, amount from orders where id % 2 = 0")
        return sum(count for count, _ in self.facts().values())

    def trade(self, days: int) -> int:
        """Do business for some days: orders, payments, cancellations, moves, a customer's farewell; count changes."""
        changes = 0
        for _ in range(days):
            with self._database.transaction():
                for _ in range(self._chance.randint(5, 20)):
                    self._next_order += 1
                    order = self._order(self._next_order)
                    self._database.execute("insert into orders values (%s, %s, %s, %s, %s)", order)
                    self._database.execute("insert into payments values (%s, %s, %s)", (order[0], order[0], order[4]))
                    changes += 2
                shipped = self._chance.sample(range(1, ORDERS), 30)
                found = self._database.execute("update orders set status = 'shipped' where id = any(%s)", [shipped])
                changes += found.rowcount
                cancelled = self._chance.sample(range(1, ORDERS), 3)
                for table, column in (("payments", "order_id"), ("orders", "id")):
                    gone = sql.SQL("delete from {} where {} = any(%s)")
                    found = self._database.execute(
                        gone.format(sql.Identifier(table), sql.Identifier(column)), [cancelled]
                    )
                    changes += found.rowcount
                moving = self._chance.randint(1, CUSTOMERS)
                moved = "update customers set city = %s where id = %s"
                changes += self._database.execute(moved, (self._chance.choice(CITIES), moving)).rowcount
                leaving = self._chance.randint(1, CUSTOMERS)
                changes += self._database.execute("delete from customers where id = %s", [leaving]).rowcount
        return changes

    def facts(self) -> dict[str, tuple[int, str]]:
        """Return the number of rows and a sum of each table, to the cent."""
        sums = {"customers": "sum(id)::numeric", "orders": "sum(amount)", "payments": "sum(amount)"}
        return {table: self._fact(f"select count(*), {total} from {table}") for table, total in sums.items()}

    def _fact(self, query: str) -> tuple[int, str]:
        count, total = self._database.execute(query).fetchone() or (0, 0)
        return int(count), f"{total:.2f}"

    def _customer(self, number: int) -> tuple[Any, ...]:
        return number, f"Customer {number}", f"customer{number}@example.com", self._chance.choice(CITIES)

    def _order(self, number: int) -> tuple[Any, ...]:
        day, cents = self._chance.randint(1, 28), self._chance.randint(100, 99_999)
        customer = self._chance.randint(1, CUSTOMERS)
        return number, customer, f"2026-11-{day:02} 12:00:00+00", "placed", f"{cents / 100:.2f}"

    def _secret(self, output: str) -> dict[str, Any]:
        found = self._secrets.get_secret_value(SecretId=self._outputs[f"{output}Output"])["SecretString"]
        secret: dict[str, Any] = json.loads(found)
        return secret
