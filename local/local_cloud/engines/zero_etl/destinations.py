"""Databases of a warehouse that integrations write: the statements that make them, and the views that show them.

Above 200 lines: one class with the statements of Redshift on such databases, each a few lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from local_cloud.engines.redshift.warehouse import Kept, Result, Warehouse
from local_cloud.engines.zero_etl.destination import Destination, KeptDestination, Origin, origin_row
from local_cloud.engines.zero_etl.filters import DataFilter
from local_cloud.engines.zero_etl.integration import Integration
from local_cloud.engines.zero_etl.preconditions import Refused
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime
from local_cloud.sql.duck import quote
from template_checks.limits import zero_etl as limits

Place = tuple[str, ...]

_NAME = r'(?:"([^"]+)"|(\w+))'
_CREATE = re.compile(
    rf"create\s+database\s+{_NAME}\s+from\s+integration\s+'([^']+)'(?:\s+database\s+(?:\"([^\"]+)\"|'([^']+)'|(\w+)))?"
    r"(?:\s+set)?(?:\s+refresh_interval\s+(\d+))?",
    re.IGNORECASE,
)
_SET = re.compile(rf"alter\s+database\s+{_NAME}\s+integration\s+set\s+refresh_interval\s+(\d+)", re.IGNORECASE)
_REFRESH = re.compile(rf"alter\s+database\s+{_NAME}\s+integration\s+refresh\s+all\s+tables", re.IGNORECASE)
_DROP = re.compile(rf"drop\s+database\s+{_NAME}", re.IGNORECASE)
_ANY = re.compile(r"(create|alter|drop)\s+database\b", re.IGNORECASE)
_VIEW = re.compile(r"\bsvv_integration(_table_state)?\b", re.IGNORECASE)
_TYPES = {int: "bigint", str: "varchar"}
_COLUMNS: Mapping[str, Mapping[str, type]] = {
    "": {
        **dict.fromkeys(("integration_id", "target_database", "source", "state"), str),
        **dict.fromkeys(("total_tables_replicated", "total_tables_failed", "refresh_interval"), int),
        "source_database": str,
    },
    "_table_state": dict.fromkeys(
        ("integration_id", "target_database", "schema_name", "table_name", "table_state", "reason"), str
    ),
}


class Destinations:
    """The databases that integrations write, among those of all warehouses.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    warehouses: mapping
        Every database, by Region, workgroup and name.
    role: callable
        Returns the role under which a workgroup of a Region reads the lake.
    """

    def __init__(
        self, runtime: Runtime, warehouses: MutableMapping[Place, Warehouse], role: Callable[[str, str], str | None]
    ) -> None:
        self._runtime, self._warehouses, self._role = runtime, warehouses, role

    def restore(self, kept: Kept) -> Warehouse:
        """Return the database that was kept."""
        if isinstance(kept, KeptDestination):
            return Destination(self._runtime, kept.region, origin=kept.origin, role=kept.role, kept=kept)
        return Warehouse(self._runtime, kept.region, role=kept.role, kept=kept)

    def drain(self) -> None:
        """Bring every destination up to date whose integration is there still."""
        for place, found in list(self._warehouses.items()):
            if isinstance(found, Destination) and self._found(place[0], found.origin.integration.id):
                # What fails is shown by the view of integrations, and in AWS by the status.
                try:
                    found.refresh()
                except LocalCloudError:
                    continue

    def run(self, place: Place, statements: Sequence[str], started: Callable[[], bool]) -> list[Result] | None:
        """Run statements on databases, which no database runs itself; None: these are none.

        Raises
        ------
        LocalCloudError
            If one cannot be run.
        """
        found = [sql.strip().rstrip(";").strip() for sql in statements]
        if not any(map(_ANY.match, found)):
            return None
        if len(found) > 1:
            raise LocalCloudError("CREATE, ALTER and DROP DATABASE cannot run inside a transaction block")
        if not started():
            return []
        self._administer(place, found[0])
        return [([], [])]

    def shown(self, place: Place, sql: str) -> str:
        """Return a statement with the views of integrations as what they show."""
        return _VIEW.sub(lambda matched: self._view(place, (matched[1] or "").lower(), matched[0]), sql)

    def _administer(self, place: Place, sql: str) -> None:
        if matched := _CREATE.fullmatch(sql):
            one, other, integration, *source, interval = matched.groups()
            self._create(place, one or other.lower(), integration, next(filter(None, source), None), interval)
        elif matched := _SET.fullmatch(sql):
            found = self._destination(place, matched[1] or matched[2].lower())
            found.origin.interval = _checked(found.origin.integration, matched[3])
        elif matched := _REFRESH.fullmatch(sql):
            self._destination(place, matched[1] or matched[2].lower()).refresh(again=True)
        elif matched := _DROP.fullmatch(sql):
            dropped = matched[1] or matched[2].lower()
            found = self._destination(place, dropped)
            if self._found(place[0], found.origin.integration.id):
                raise LocalCloudError(f"database {dropped} is of an integration: delete the integration first")
            del self._warehouses[*place[:2], dropped]
            found.close()
        else:
            raise LocalCloudError(
                f"this statement on a database is not reproduced by the local warehouse: {sql.split(maxsplit=3)[:3]}"
            )

    def _create(self, place: Place, name: str, wanted: str, source: str | None, interval: str | None) -> None:
        region, workgroup, current = place
        if name == current or (region, workgroup, name) in self._warehouses:
            raise LocalCloudError(f'database "{name}" already exists')
        integration = self._found(region, wanted)
        if integration is None or integration.target != self._namespace(region, workgroup):
            raise LocalCloudError(f"integration {wanted} does not exist in this warehouse")
        of_table = integration.service == "redshift"
        if of_table == bool(source):
            must = "must not" if of_table else "must"
            raise LocalCloudError(f"CREATE DATABASE from this integration {must} name the source's DATABASE")
        if source and source not in DataFilter.of(str(integration.members["DataFilter"])).databases:
            raise LocalCloudError(f'the data filter of integration {wanted} does not name the database "{source}"')
        seconds = _checked(integration, interval) if interval else (900 if of_table else 0)
        origin = Origin(name=name, integration=integration, source_database=source, interval=seconds)
        made = Destination(self._runtime, region, origin=origin, role=self._role(region, workgroup))
        try:
            made.refresh()
        except LocalCloudError:
            made.close()
            raise
        self._warehouses[region, workgroup, name] = made

    def _destination(self, place: Place, name: str) -> Destination:
        found = self._warehouses.get((*place[:2], name))
        if not isinstance(found, Destination):
            raise LocalCloudError(f'database "{name}" is none that was made from an integration')
        return found

    def _found(self, region: str, wanted: str) -> Integration | None:
        return next((one for one in self._integrations(region) if one.id == wanted), None)

    def _integrations(self, region: str) -> list[Integration]:
        """Return the integrations of a Region, as the APIs describe them."""
        found = []
        for service in ("rds", "redshift"):
            for one in self._runtime.client(service, region).describe_integrations()["Integrations"]:
                *_, identity = one["IntegrationArn"].split(":")
                members = {name: value for name, value in one.items() if name not in ("CreateTime", "Errors")}
                found.append(
                    Integration(
                        service=service, region=region, account=self._runtime.account, members=members, id=identity
                    )
                )
        return found

    def _namespace(self, region: str, workgroup: str) -> str | None:
        client = self._runtime.client("redshift-serverless", region)
        name = client.get_workgroup(workgroupName=workgroup)["workgroup"]["namespaceName"]
        return str(client.get_namespace(namespaceName=name)["namespace"]["namespaceArn"])

    def _view(self, place: Place, kind: str, alias: str) -> str:
        columns = _COLUMNS[kind]
        rows = self._rows(place) if not kind else self._table_rows(place)
        shown = [f"({', '.join(_literal(row.get(name), of) for name, of in columns.items())})" for row in rows] or [
            f"({', '.join(_literal(None, of) for of in columns.values())})"
        ]
        names = ", ".join(columns)
        where = "" if rows else " where false"
        return f"(select {names} from (values {', '.join(shown)}) as shown({names}){where}) as {alias}"

    def _rows(self, place: Place) -> list[dict[str, Any]]:
        region, workgroup, _ = place
        made = self._of(place)
        namespace = self._namespace(region, workgroup)
        rows = []
        for one in self._integrations(region):
            if one.target != namespace:
                continue
            found = made.get(one.id)
            shown = origin_row(found.origin, found.tables()) if found else {"state": "PendingDbConnectState"}
            source = "DynamoDB" if one.service == "redshift" else "PostgreSQL"
            rows.append({"integration_id": one.id, "source": source, **shown})
        return rows

    def _table_rows(self, place: Place) -> list[dict[str, Any]]:
        return [
            {
                "integration_id": identity,
                "target_database": found.origin.name,
                "schema_name": table.schema,
                "table_name": table.name,
                "table_state": table.state,
                "reason": table.reason,
            }
            for identity, found in self._of(place).items()
            for table in found.tables()
        ]

    def _of(self, place: Place) -> dict[str, Destination]:
        return {
            found.origin.integration.id: found
            for where, found in list(self._warehouses.items())
            if where[:2] == place[:2] and isinstance(found, Destination)
        }


def _checked(integration: Integration, seconds: str) -> int:
    limit = limits.DYNAMODB_REFRESH_SECONDS if integration.service == "redshift" else limits.REFRESH_SECONDS
    if int(seconds) not in limit:
        raise Refused("InvalidParameterValue", f"REFRESH_INTERVAL must be {limit}, got {seconds}")
    return int(seconds)


def _literal(value: Any, of: type) -> str:
    shown = "null" if value is None else quote(value) if of is str else str(value)
    return f"cast({shown} as {_TYPES[of]})"
