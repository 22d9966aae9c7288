"""CreateTable and UpdateTable for Iceberg tables, and Iceberg's REST API at `/iceberg`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.glue.responses import GlueResponse

from local_cloud.engines.engine import Engine
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.signatures import signature_of

_create_table = GlueResponse.create_table
_update_table = GlueResponse.update_table
_ONE_DESCRIPTION = (
    "Table metadata is expected only via TableInput or via IcebergTableInputProperties inside OpenTableFormatInput"
)


class IcebergEngine(Engine):
    """Writes the metadata of Iceberg tables."""

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.glue.responses", "GlueResponse.create_table")
        def create_table(self: Any) -> ActionResult:
            iceberg = (self.parameters.get("OpenTableFormatInput") or {}).get("IcebergInput")
            if iceberg is None:
                return _create_table(self)
            engine._create(self, iceberg)
            return EmptyResult()

        @patches.replace("moto.glue.responses", "GlueResponse.update_table")
        def update_table(self: Any) -> ActionResult:
            given = self.parameters
            iceberg = (given.get("UpdateOpenTableFormatInput") or {}).get("UpdateIcebergInput")
            if iceberg is not None:
                engine._update(self, iceberg["UpdateIcebergTableInput"]["Updates"])
                return EmptyResult()
            _check_version(self)
            return _update_table(self)

        return patches

    def applications(self) -> Mapping[tuple[str, str], Callable[..., Iterable[bytes]]]:
        # pyiceberg takes a second to import, which a cloud without Iceberg tables need not wait for.
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            from local_cloud.iceberg.rest import IcebergRest  # noqa: PLC0415

            signature: Any = signature_of(environ)
            return IcebergRest(self.runtime, signature.region, key=signature.key)(environ, start_response)

        return {("glue", "/iceberg/"): answer}

    def _create(self, response: Any, iceberg: dict[str, Any]) -> None:
        from local_cloud.iceberg.table_inputs import created  # noqa: PLC0415

        given = response.parameters
        described = iceberg.get("CreateIcebergTableInput")
        if described is None:
            raise JsonRESTError(
                "InvalidInputException",
                "OpenTableFormatInput without CreateIcebergTableInput is not supported by the local cloud",
            )
        if given.get("TableInput"):
            raise JsonRESTError("InvalidInputException", _ONE_DESCRIPTION)
        database, name = given["DatabaseName"], given["Name"]
        # Fails as Glue does where there is none, or a table of that name.
        tables = response.glue_backend.get_database(database).tables
        if name in tables:
            raise JsonRESTError("AlreadyExistsException", "Table already exists.")
        with _refused_as_invalid():
            updates = created(described, iceberg.get("Version") or "2")
            self._catalog(response).apply(database, name, requirements=[{"type": "assert-create"}], updates=updates)

    def _update(self, response: Any, updates: list[dict[str, Any]]) -> None:
        from local_cloud.iceberg.table_inputs import changed  # noqa: PLC0415

        given = response.parameters
        catalog = self._catalog(response)
        database, name = given["DatabaseName"], given["Name"]
        # Fails as Glue does where there is none.
        response.glue_backend.get_table(database, name)
        with _refused_as_invalid():
            table = catalog.load_table((database, name))
            if found := changed(table.metadata, updates):
                catalog.apply(database, name, updates=found)

    def _catalog(self, response: Any) -> Any:
        from local_cloud.iceberg.catalog import IcebergCatalog  # noqa: PLC0415

        role = self.runtime.recording.role_of(response.headers.get("Authorization", ""))
        return IcebergCatalog(self.runtime, response.region, role=role)


@contextmanager
def _refused_as_invalid() -> Iterator[None]:
    """Answer a description that is no Iceberg table as Glue answers it."""
    try:
        yield
    except (ValueError, LocalCloudError) as error:
        raise JsonRESTError("InvalidInputException", str(error)) from None


def _check_version(response: Any) -> None:
    """Refuse to replace another version of a table than the caller has seen."""
    given = response.parameters
    version, name = given.get("VersionId"), (given.get("TableInput") or {}).get("Name")
    if version is None or name is None:
        return
    table = response.glue_backend.get_table(given["DatabaseName"], name)
    if str(table._current_version) != str(version):
        raise JsonRESTError(
            "ConcurrentModificationException", f"Update table failed due to concurrent modifications of {name}."
        )
