"""Base class of the Glue jobs that load a curated table into a store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast
from weakref import WeakKeyDictionary

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.processing.curation.script_package import curation_script, package_asset
from lake_blueprints.processing.glue.spark_job import SparkJob
from lake_blueprints.processing.glue.table_source import read_table
from lake_blueprints.processing.glue.worker import Worker

_SCRIPTS = Path(__file__).parent / "scripts"
# Id of what all loads of a stack share.
_SHARED = "LoadScript"
# The jobs that load each place of a target.
_LOADS: WeakKeyDictionary[Construct, dict[str, LoadJob]] = WeakKeyDictionary()


class LoadJob(SparkJob):
    """A Glue job that brings a store to what a curated table holds; its subclasses say which store.

    Parameters
    ----------
    source: IcebergTable or Table
        The curated table.
    store: Construct
        The store.
    service: str
        Name of its service.
    place: str
        Where in the store the rows go, such as an index.
    keys: sequence of str
        The columns of the key.
    arguments: mapping
        Arguments of the script that name the store.
    grant: Callable
        Lets the role of the job write and read the store.
    key: kms.IKey
        Key of the store, with which logs are encrypted by default.
    mirror, restricted, worker, timeout, security_configuration, log_retention, removal_policy
        As of the subclasses.

    Raises
    ------
    ValueError
        If the source has restricted columns, the timeout is out of range, or two jobs would delete each other's rows.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: IcebergTable | Table,
        store: Construct,
        service: str,
        place: str,
        keys: Sequence[str],
        arguments: Mapping[str, str],
        grant: Callable[[ServiceRole], object],
        key: kms.IKey,
        mirror: bool,
        restricted: bool,
        worker: Worker | None,
        timeout: Duration | None,
        security_configuration: GlueSecurityConfiguration | None,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id, worker=worker, timeout=timeout or Duration.hours(1))
        source.require_unmasked_access(restricted)
        self.mirror = mirror
        self._claim(store, place)
        self._choose_security(security_configuration, default=key)
        described = f"Loads the table {source.dataset.name} into {service}"
        self.role = ServiceRole(self, "Role", services=["glue.amazonaws.com"], description=described)
        self.script, *packages = _load_script(self)
        read = read_table(self.role, source, restricted=restricted)
        grant(self.role)
        self._define_logs(self.script, *packages, retention=log_retention, removal_policy=removal_policy)
        self._define_job(
            self.script,
            {
                **read,
                "--columns": json.dumps([(column.name, column.type.spark) for column in source.dataset.columns]),
                "--keys": json.dumps([*keys]),
                "--mirror": json.dumps(mirror),
                **arguments,
                "--extra-py-files": ",".join(package.s3_object_url for package in packages),
            },
            description=described,
        )

    def _claim(self, store: Construct, place: str) -> None:
        other = _LOADS.setdefault(store, {}).setdefault(place, self)
        if other is not self and (self.mirror or other.mirror):
            raise ValueError(
                f"'target' is loaded by '{other.node.path}' already, and each of the two jobs would delete what the "
                "other has put; give both mirror=False"
            )


def _load_script(scope: Construct) -> tuple[s3_assets.Asset, ...]:
    """Return the script of loads and its packages, which all jobs of a stack share."""
    stack = Stack.of(scope)
    home = stack.node.try_find_child(_SHARED)
    if home is None:
        home = Construct(stack, _SHARED)
        s3_assets.Asset(home, "Script", path=str(_SCRIPTS / "load.py"))
        package_asset(home, "Package", _SCRIPTS / "lake_load")
    script, package = (cast(s3_assets.Asset, home.node.find_child(part)) for part in ("Script", "Package"))
    # Its Iceberg table tells what changed between two snapshots.
    _, shared = curation_script(stack)
    return script, package, shared
