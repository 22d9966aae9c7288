"""A table of DynamoDB as the source of a destination: its items, as columns for the keys and one for all attributes."""

from __future__ import annotations

import json

from local_cloud.engines.dynamodb.writes import images_of
from local_cloud.engines.zero_etl.integration import Integration
from local_cloud.engines.zero_etl.preconditions import table_of
from local_cloud.engines.zero_etl.rows import Catalog, ReplicatedTable, Values, in_transaction
from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session

_SCHEMA, _ITEM = "public", "value"
_KINDS = {"S": "VARCHAR", "N": "DECIMAL(38, 10)", "B": "VARCHAR"}


class DynamoDBFeed:
    """Replication of one table into a destination."""

    def __init__(self, account: str, integration: Integration) -> None:
        self._account, self._integration = account, integration

    def refresh(self, session: Session, *, again: bool = False) -> None:
        """Make the rows those of the items, in one transaction; `again` changes nothing, since they all are read.

        Raises
        ------
        LocalCloudError
            If the table does not exist.
        """
        del again
        table = table_of(self._account, self._integration.region, self._integration.source)
        if table is None:
            raise LocalCloudError(f"the source {self._integration.source} does not exist")
        kinds = {one["AttributeName"]: one["AttributeType"] for one in table.attr}
        key = list(table.table_key_attrs)
        columns = {**{name: _KINDS[kinds[name]] for name in key}, _ITEM: "JSON"}
        of = ReplicatedTable(schema=_SCHEMA, name=table.name, columns=columns, key=key)
        catalog = Catalog(session)

        def replace() -> None:
            known = catalog.all().get((of.schema, of.name))
            if known is None or not known.same_shape(of):
                catalog.define(of)
            catalog.clear(of)
            catalog.insert(of, [_row(item, key) for item in images_of(table)])

        in_transaction(session, replace)


def _row(item: dict[str, dict[str, str]], key: list[str]) -> Values:
    return {**{name: next(iter(item[name].values())) for name in key}, _ITEM: json.dumps(item)}
