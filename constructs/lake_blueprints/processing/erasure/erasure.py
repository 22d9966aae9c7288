"""The Glue job that removes persons from a lake."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.foundation.units import KnownDurationInMinutes
from lake_blueprints.processing.curation import CurationJob
from lake_blueprints.processing.curation.script_package import curation_script, package_asset
from lake_blueprints.processing.erasure import permissions
from lake_blueprints.processing.erasure.erasable import check_at_synth
from lake_blueprints.processing.erasure.exported_objects import ExportedObjects
from lake_blueprints.processing.erasure.place import Place
from lake_blueprints.processing.erasure.places import places_of
from lake_blueprints.processing.glue.iceberg_session import glue_session
from lake_blueprints.processing.glue.spark_job import SparkJob
from lake_blueprints.processing.glue.worker import Worker
from lake_blueprints.storage.s3 import Zone

_TOO_OLD = ("4.0",)
_SCRIPTS = Path(__file__).parent / "scripts"


@checked
class Erasure(SparkJob):
    """Define a Glue Spark job that erases persons, by the key that contracts tag as `subject`.

    A request is an object below `requests_prefix`, `{"keys": ["anna@example.com"]}`; a run carries out all that there
    are, removes them and leaves a report. From Iceberg tables rows are deleted, and every older snapshot expires; from
    Parquet files, records and quarantines rows are left out; of every object that held one, all older versions are
    removed. docs/governance.md says what is not touched.

    Parameters
    ----------
    requests: Zone
        Where requests and reports lie, below `erasure/`. Who may write there may erase.
    curations: sequence of CurationJob
        Jobs whose records, quarantine, table and masked copy hold persons. By default none.
    tables: sequence of Table or IcebergTable
        Tables beside theirs. By default none.
    exports: sequence of ExportedObjects
        Objects that something else has written, such as results of queries. By default none.
    worker: Worker
        Glue version, 5.0 or later, size and number of workers. By default two G.1X workers of Glue 5.1.
    timeout: Duration
        Time after which a run is stopped, whole minutes, 1 to 10,079: less than 7 days. By default 2 hours.
    encryption_key: kms.IKey, optional
        Key for logs and bookmarks; its policy must let CloudWatch Logs use it. By default that of `requests`.
    security_configuration: GlueSecurityConfiguration, optional
        How logs and bookmarks are encrypted instead; an account has 250 of them, so many jobs share one. By default a
        new one is defined, with the key.
    log_retention: logs.RetentionDays
        How long the logs of runs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the logs when the job leaves the stack, subject to the removal guard. By default they are
        retained.

    Defines
    -------
    The job, named `job_name`, with its `role`; log groups, as `log_groups`; the script and its packages as assets; a
    security configuration, unless it is given.

    Raises
    ------
    ValueError
        If there is no place, persons cannot be found in one, two places overlap, the timeout is out of range, Glue is
        older than 5.0, or both a key and a security configuration are given. At synth, if a bucket has object lock,
        replication or no versioning.

    Example
    -------
        >>> erasure = Erasure(self, "Erasure", requests=zone, curations=[curate_members])
        >>> erasure.grant_request(steward)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        requests: Zone,
        curations: Sequence[CurationJob] = (),
        tables: Sequence[Table | IcebergTable] = (),
        exports: Sequence[ExportedObjects] = (),
        worker: Worker | None = None,
        timeout: KnownDurationInMinutes | None = None,
        encryption_key: kms.IKey | None = None,
        security_configuration: GlueSecurityConfiguration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id, worker=worker, timeout=timeout or Duration.hours(2))
        if worker and worker.glue_version in _TOO_OLD:
            raise ValueError(
                f"Glue {worker.glue_version} has an Iceberg that cannot list a table's statistics; use 5.0 or later"
            )
        self._places = places_of(curations, tables, exports)
        self.requests = requests
        self.requests_prefix, self.reports_prefix = "erasure/requests/", "erasure/reports/"
        requests.restrict("erasure/", columns=["keys"])
        check_at_synth(self, [requests, *(place.storage for place in self._places)])
        self.key = self._choose_security(security_configuration, key=encryption_key, default=requests.key).key
        self.role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description="Erases persons",
            relief="erase from some of the places by another Erasure",
        )
        _, shared = curation_script(self)
        self.script = s3_assets.Asset(self, "Script", path=str(_SCRIPTS / "erase.py"))
        package = package_asset(self, "Package", _SCRIPTS / "lake_erasure")
        for place in self._places:
            self._allow(place)
        self._allow_requests()
        if curations:
            allow(self.role, permissions.find_runs([job.job_arn for job in curations]))
        self._define_logs(self.script, package, shared, retention=log_retention, removal_policy=removal_policy)
        self._define_job(
            self.script,
            {
                "--places": json.dumps([place.describe() for place in self._places]),
                "--jobs": json.dumps([job.job_name for job in curations]),
                "--requests": requests.uri(self.requests_prefix),
                "--state": requests.uri("erasure/state/"),
                "--reports": requests.uri(self.reports_prefix),
                "--extra-py-files": f"{package.s3_object_url},{shared.s3_object_url}",
                **glue_session(requests.uri("erasure/")),
            },
            description="Erases persons",
        )

    def grant_request(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow asking for an erasure: putting a request, not reading one."""
        because = "asks for an erasure"
        return allow(grantee, *permissions.replace_objects(self.requests, self.requests_prefix, because))

    def _allow(self, place: Place) -> None:
        because = f"erases persons from {place.kind}"
        if place.table:
            with self.role.used_for(because):
                place.table.grant_erase(self.role, restricted=True)
        else:
            allow(self.role, *permissions.read_versions(place.storage, place.prefix, because))
            allow(self.role, permissions.read_tags(place.storage, place.prefix, because))
            if place.kind != "objects":
                allow(self.role, *permissions.replace_objects(place.storage, place.prefix, because))
                allow(self.role, permissions.compare_objects(place.storage, place.prefix, because))
        allow(self.role, *permissions.erase_versions(place.storage, place.prefix, because))
        for zone, prefix in place.ledgers:
            self._keep(zone, prefix, "notes rewritten objects in the ledger")
        if place.salt:
            with self.role.used_for("finds hashed keys"):
                place.salt.grant_read(self.role)

    def _allow_requests(self) -> None:
        because = "reads requests, and removes them"
        allow(
            self.role,
            *permissions.read_versions(self.requests, self.requests_prefix, because),
            *permissions.erase_versions(self.requests, self.requests_prefix, because),
        )
        self._keep(self.requests, "erasure/state/", "keeps its state")
        allow(self.role, *permissions.replace_objects(self.requests, self.reports_prefix, "writes reports"))

    def _keep(self, zone: Zone, prefix: str, because: str) -> None:
        """Let the script keep small documents; listing the prefix tells a missing one from a forbidden one."""
        with self.role.used_for(because):
            zone.grant_objects(self.role, prefix=prefix, restricted=True)
        allow(self.role, *permissions.replace_objects(zone, prefix, because))
