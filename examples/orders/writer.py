"""The shop's business while the lake follows it: a thread that writes as fast as the database takes it."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime
from typing import Any, Self

import psycopg

from examples.orders.shop import CITIES, CUSTOMERS, LEAVER, ORDERS, SEED, Shop, insert, order

# Before it, the shop has orders of its own.
FIRST = 100_001
# After so many transactions a column is added, which no contract declares.
_ADDS_COLUMN = 50


class Writer:
    """A writer, which inserts, updates and deletes, and once adds a column.

    Parameters
    ----------
    shop: Shop
        Where it writes.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._chance = random.Random(SEED)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._write, name="writer")
        self._failure: Exception | None = None
        self.changes = 0
        self.transactions = 0
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        if self._failure:
            raise self._failure

    def _write(self) -> None:
        started = time.monotonic()
        try:
            with self._shop.connect() as database:
                while not self._ends.is_set():
                    with database.transaction():
                        self.changes += self._transaction(database)
                    self.transactions += 1
                    if self.transactions == _ADDS_COLUMN:
                        database.execute("alter table orders add column note text")
        except psycopg.Error as error:
            self._failure = error
        self.seconds = time.monotonic() - started

    def _transaction(self, database: psycopg.Connection[Any]) -> int:
        """Sell something, ship orders, cancel one, and let customers move and leave; return the number of changes."""
        chance, number = self._chance, FIRST + self.transactions
        changes = insert(database, *order(chance, number, datetime.now(UTC), chance.randint(LEAVER + 1, CUSTOMERS)))
        if self.transactions > _ADDS_COLUMN:
            changes += database.execute("update orders set note = 'a gift' where id = %s", [number]).rowcount
        for statement, values in (
            ("update orders set status = 'shipped' where id = any(%s)", [chance.sample(range(1, ORDERS), 5)]),
            ("delete from lines where order_id = %s", [cancelled := chance.randint(1, ORDERS)]),
            ("delete from payments where order_id = %s", [cancelled]),
            ("delete from orders where id = %s", [cancelled]),
            ("update customers set city = %s where id = %s", [chance.choice(CITIES), chance.randint(1, CUSTOMERS)]),
        ):
            changes += database.execute(statement, values).rowcount
        if self.transactions % 20 == 0:
            leaving = chance.randint(LEAVER + 1, CUSTOMERS)
            changes += database.execute("delete from customers where id = %s", [leaving]).rowcount
        return changes
