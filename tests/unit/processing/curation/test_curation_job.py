"""CurationJob: the job, its plan, and exactly what its role may do."""

from __future__ import annotations

import json
import runpy
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

import lake_blueprints.processing.curation
from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import WITHOUT_OPTIMIZERS, IcebergTable
from lake_blueprints.contracts import Column, Dataset, Masking
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, HashSalt
from lake_blueprints.processing.curation import Curation, CurationJob, ReferenceJoin, Worker, WorkerType
from lake_blueprints.storage.s3 import LifecycleRule, StorageClass, Transition, Zone
from tests.support import assert_passes_the_gates, properties, resources, template_of

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="carrier", type="string", required=True),
        Column(name="origin", type="string"),
        Column(name="month", type="int", required=True),
    ],
    primary_key=["carrier"],
    partition_keys=["month"],
)
WEATHER = Dataset(
    name="weather",
    columns=[Column(name="origin", type="string"), Column(name="temp", type="double")],
    primary_key=["origin"],
)
WITH_WEATHER = Curation(joins=[ReferenceJoin(reference=WEATHER, on=["origin"], columns=["temp"])])


def lake(stack: cdk.Stack, name: str = "") -> tuple[Zone, Database]:
    raw = Zone(stack, f"{name}Raw")
    curated = Zone(stack, f"{name}Curated", encryption_key=raw.key, access_logs=raw.access_logs)
    return raw, Database(stack, f"{name}Database", zone=curated)


def job(stack: cdk.Stack, name: str = "Curate", **options: Any) -> CurationJob:
    raw, database = lake(stack, name)
    curation = options.get("curation") or Curation()
    target = database.add_iceberg_table(curation.curated(FLIGHTS), **WITHOUT_OPTIMIZERS)
    return CurationJob(stack, name, **{"dataset": FLIGHTS, "source": raw, "target": target, **options})


def arguments(stack: cdk.Stack) -> dict[str, Any]:
    found: dict[str, Any] = properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    return found


def allowed(stack: cdk.Stack) -> dict[str, set[str]]:
    """Return the actions of the job's role, with the ends of the ARNs that each is allowed on."""
    found: dict[str, set[str]] = {}
    for policy in resources(template_of(stack), "AWS::IAM::ManagedPolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions, arns = (
                [v] if not isinstance(v, list) else v for v in (statement["Action"], statement["Resource"])
            )
            for action in actions:
                found.setdefault(action, set()).update(_end(arn) for arn in arns)
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _end(arn: Any) -> str:
    if isinstance(arn, str):
        return arn
    parts = arn.get("Fn::Join", ["", ["<bucket or key>"]])[1]
    return str(parts[-1])


def test_is_glue_5_1_on_two_workers_for_an_hour_by_default(stack: cdk.Stack) -> None:
    job(stack)
    found = properties(template_of(stack), "AWS::Glue::Job")
    assert {key: found[key] for key in ("GlueVersion", "WorkerType", "NumberOfWorkers", "Timeout", "MaxRetries")} == {
        "GlueVersion": "5.1",
        "WorkerType": "G.1X",
        "NumberOfWorkers": 2,
        "Timeout": 60,
        "MaxRetries": 0,
    }
    assert found["Command"]["PythonVersion"] == "3"
    assert found["ExecutionClass"] == "STANDARD"
    # Two runs at once would both append the same rows.
    assert found["ExecutionProperty"] == {"MaxConcurrentRuns": 1}


def test_its_session_asks_the_catalog_nothing_so_that_no_default_database_is_needed(stack: cdk.Stack) -> None:
    job(stack)
    assert "--enable-glue-datacatalog" not in properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    assert "database/default" not in json.dumps(template_of(stack))


def test_takes_size_version_timeout_and_retries(stack: cdk.Stack) -> None:
    worker = Worker(glue_version="6.0", type=WorkerType.G_2X, count=10, flex=True)
    job(stack, worker=worker, timeout=Duration.minutes(90), max_retries=2)
    found = properties(template_of(stack), "AWS::Glue::Job")
    assert (found["GlueVersion"], found["WorkerType"], found["NumberOfWorkers"]) == ("6.0", "G.2X", 10)
    assert (found["ExecutionClass"], found["Timeout"], found["MaxRetries"]) == ("FLEX", 90, 2)


def test_ships_the_script_and_the_plan_of_the_contract(stack: cdk.Stack) -> None:
    made = job(stack)
    cdk.App.of(stack).synth()  # type: ignore[union-attr]
    folder = Path(str(cdk.App.of(stack).outdir))  # type: ignore[union-attr]
    plan = json.loads((folder / f"asset.{made.plan.asset_hash}.json").read_text())
    assert plan == json.loads(json.dumps(Curation().plan(FLIGHTS)))
    assert "def main" in (folder / f"asset.{made.script.asset_hash}.py").read_text()
    with zipfile.ZipFile(folder / f"asset.{made.package.asset_hash}.zip") as package:
        assert {"lake_curation/__init__.py", "lake_curation/plan.py"} <= set(package.namelist())


def test_leaves_no_file_behind(stack: cdk.Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    job(stack)
    assert list(tmp_path.iterdir()) == []


def test_may_read_the_script_its_package_and_the_plan(stack: cdk.Stack) -> None:
    made = job(stack)
    keys = {f"/{asset.s3_object_key}" for asset in (made.script, made.package, made.plan)}
    assert keys <= {end if end.startswith("/") else f"/{end.rpartition('/')[2]}" for end in assets_read(stack)}


def assets_read(stack: cdk.Stack) -> set[str]:
    return allowed(stack)["s3:GetObject"]


def test_is_told_where_everything_lies(stack: cdk.Stack) -> None:
    job(stack)
    found = arguments(stack)
    ends = {key: found[key]["Fn::Join"][1][-1] for key in ("--source", "--quarantine", "--state")}
    assert ends == {
        "--source": "/flights/",
        "--quarantine": "/quarantine/flights/",
        "--state": "/_state/flights/",
    }
    assert found["--table"] == "flights"
    assert "--joins" not in found


def tables(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    found = [one["Properties"] for one in resources(template_of(stack), "AWS::Glue::Table")]
    return {one["TableInput"]["Name"]: one["TableInput"] for one in found if "TableInput" in one}


def test_what_it_refuses_is_a_table_beside_the_curated_one(stack: cdk.Stack) -> None:
    made = job(stack)
    found = tables(stack)["flights_quarantine"]
    assert made.quarantine_table and made.quarantine_table.table_name == "flights_quarantine"
    storage = found["StorageDescriptor"]
    assert storage["Location"] == arguments(stack)["--quarantine"]
    # It has no partitions that anybody would have to register.
    assert found["PartitionKeys"] == []
    scripts = Path(lake_blueprints.processing.curation.__file__).parent / "scripts"
    columns = runpy.run_path(str(scripts / "lake_curation" / "quarantine_columns.py"))["COLUMNS"]
    assert {column["Name"]: column["Type"] for column in storage["Columns"]} == columns


def test_refuses_an_archived_quarantine(stack: cdk.Stack) -> None:
    archive = LifecycleRule(transitions=[Transition(storage_class=StorageClass.GLACIER, after=Duration.days(90))])
    with pytest.raises(ValueError, match="moves '\\*' to GLACIER, but table 'flights_quarantine' reads"):
        job(stack, quarantine=Zone(stack, "Archived", lifecycle=[archive]))


def test_reads_the_tables_that_it_joins(stack: cdk.Stack) -> None:
    raw, database = lake(stack)
    weather = database.add_iceberg_table(WEATHER, **WITHOUT_OPTIMIZERS)
    target = database.add_iceberg_table(WITH_WEATHER.curated(FLIGHTS), **WITHOUT_OPTIMIZERS)
    CurationJob(
        stack, "Curate", dataset=FLIGHTS, source=raw, target=target, curation=WITH_WEATHER, references=[weather]
    )
    joins = json.loads(arguments(stack)["--joins"])
    assert joins == {"weather": {"database": database.database_name, "table": "weather"}}
    assert "/weather/*" in allowed(stack)["s3:GetObject"]
    assert "/weather/*" not in allowed(stack)["s3:PutObject"]


def test_its_role_writes_only_below_its_own_prefixes_and_never_deletes_raw_data(stack: cdk.Stack) -> None:
    job(stack)
    assert allowed(stack)["s3:PutObject"] == {"/flights/*", "/_state/flights/*", "/quarantine/flights/*"}
    # What Spark stages, and what a killed run has left; files of the table are removed by its optimizers.
    assert allowed(stack)["s3:DeleteObject"] == {"/quarantine/flights/*"}
    raw, curated = resources(template_of(stack), "AWS::S3::Bucket")[1:]
    assert raw != curated


def test_everything_that_glue_keeps_for_it_is_encrypted(stack: cdk.Stack) -> None:
    job(stack)
    template = template_of(stack)
    security = properties(template, "AWS::Glue::SecurityConfiguration")
    assert properties(template, "AWS::Glue::Job")["SecurityConfiguration"] == security["Name"]
    assert "logs:AssociateKmsKey" in allowed(stack)


def test_jobs_can_share_a_security_configuration(stack: cdk.Stack) -> None:
    shared = GlueSecurityConfiguration(stack, "Shared", encryption_key=Zone(stack, "Keyed").key)
    found = job(stack, security_configuration=shared)
    assert found.key is shared.key
    assert len(resources(template_of(stack), "AWS::Glue::SecurityConfiguration")) == 1
    with pytest.raises(ValueError, match="'encryption_key' is that of 'security_configuration'; give one of the two"):
        job(stack, "Other", security_configuration=shared, encryption_key=shared.key)


@pytest.mark.parametrize("version", ["5.0", "5.1", "6.0"])
def test_its_logs_are_in_groups_that_exist_before_glue_would_make_them(stack: cdk.Stack, version: str) -> None:
    """The names are Glue's: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html."""
    found = job(stack, worker=Worker(glue_version=version), log_retention=logs.RetentionDays.ONE_MONTH)
    template = template_of(stack)
    security = properties(template, "AWS::Glue::SecurityConfiguration")["Name"]
    role = stack.resolve(found.role.role_name)
    groups = {
        name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == "AWS::Logs::LogGroup"
    }
    assert [(one["LogGroupName"]["Fn::Join"][1], one["RetentionInDays"]) for one in groups.values()] == [
        ([f"/aws-glue/jobs/{security}-role/", role, "/error"], 30),
        ([f"/aws-glue/jobs/{security}-role/", role, "/output"], 30),
    ]
    assert all(one["KmsKeyId"] == stack.resolve(found.key.key_arn) for one in groups.values())
    (of_job,) = resources(template, "AWS::Glue::Job")
    assert set(groups) < set(of_job["DependsOn"])
    assert allowed(stack)["logs:PutLogEvents"] == {f":log-group:/aws-glue/jobs/{security}-role/*/*"}


def test_logs_of_glue_4_are_where_it_puts_them(stack: cdk.Stack) -> None:
    found = job(stack, worker=Worker(glue_version="4.0"))
    template = template_of(stack)
    security = properties(template, "AWS::Glue::SecurityConfiguration")["Name"]
    role = stack.resolve(found.role.role_name)
    names = [one["Properties"]["LogGroupName"] for one in resources(template, "AWS::Logs::LogGroup")]
    assert names == [
        *({"Fn::Join": ["", ["/aws-glue/jobs-", role, f"-{security}/{name}"]]} for name in ("error", "output")),
        f"/aws-glue/jobs/logs-v2-{security}",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": Duration.days(7)}, "'timeout' must be 1 to 10079 minutes, got 10080 minutes"),
        ({"max_retries": 11}, "'max_retries' must be 0 to 10, got 11"),
        ({"curation": WITH_WEATHER}, "'references' has no table of the joined dataset 'weather'; given are: none"),
    ],
)
def test_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        job(stack, **options)


def test_refuses_a_table_of_other_columns_than_it_writes(stack: cdk.Stack) -> None:
    raw, database = lake(stack)
    contract_only = database.add_iceberg_table(FLIGHTS)
    with pytest.raises(ValueError, match=r"'target' has the columns carrier, origin, month, but .*temp"):
        CurationJob(stack, "Curate", dataset=FLIGHTS, source=raw, target=contract_only, curation=WITH_WEATHER)


PASSENGERS = Dataset(
    name="passengers",
    columns=[
        Column(name="ticket", type="string", classification="restricted", masking=Masking.HASH),
        Column(name="name", type="string", classification="restricted"),
        Column(name="seat", type="string"),
    ],
    primary_key=["ticket"],
)


def masking(stack: cdk.Stack, name: str = "Mask", dataset: Dataset = PASSENGERS, **options: Any) -> CurationJob:
    raw, database = lake(stack, name)
    analytics = Zone(stack, f"{name}Analytics", encryption_key=raw.key, access_logs=raw.access_logs)
    copies = Database(stack, f"{name}Copies", zone=analytics)
    return CurationJob(
        stack,
        name,
        **{
            "dataset": dataset,
            "source": raw,
            "target": database.add_iceberg_table(dataset),
            "masked": copies.add_iceberg_table(dataset.masked()),
            **options,
        },
    )


def test_a_masking_job_passes_the_gates() -> None:
    assert_passes_the_gates(masking)


def test_is_told_where_the_masked_copy_lies_and_which_secret_is_the_salt(stack: cdk.Stack) -> None:
    made = masking(stack)
    found = arguments(stack)
    assert made.salt is not None and isinstance(made.masked, IcebergTable)
    assert found["--salt"] == stack.resolve(made.salt.secret_arn)
    assert (found["--masked_database"], found["--masked_table"]) == (made.masked.database.database_name, "passengers")
    assert allowed(stack)["secretsmanager:GetSecretValue"]


def test_defines_no_salt_where_nothing_is_hashed(stack: cdk.Stack) -> None:
    columns = [column for column in PASSENGERS.columns if column.name != "ticket"]
    assert masking(stack, dataset=evolve(PASSENGERS, columns=columns, primary_key=())).salt is None
    assert resources(template_of(stack), "AWS::SecretsManager::Secret") == []


def test_shares_a_salt_that_is_given(stack: cdk.Stack) -> None:
    salt = HashSalt(stack, "Shared")
    assert masking(stack, salt=salt).salt is salt
    assert len(resources(template_of(stack), "AWS::SecretsManager::Secret")) == 1


def test_readers_of_the_zones_see_neither_records_nor_quarantine_nor_the_table(stack: cdk.Stack) -> None:
    made = masking(stack)
    reader = iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal())
    assert isinstance(made.target, IcebergTable)
    for zone in (made.source, made.target.zone):
        zone.grant_read(reader)
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    denied = [_end(arn) for s in statements if s["Effect"] == "Deny" for arn in _as_list(s["Resource"])]
    assert denied == ["/passengers/*", "/quarantine/passengers/*", "/passengers/*"]


def test_the_table_of_its_quarantine_is_as_restricted_as_the_records(stack: cdk.Stack) -> None:
    made = masking(stack)
    reader = iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal())
    assert made.quarantine_table
    with pytest.raises(ValueError, match="'passengers_quarantine' has the restricted columns record, header, reasons"):
        made.quarantine_table.grant_read(reader)


def test_refuses_a_masked_table_of_other_columns(stack: cdk.Stack) -> None:
    other = Database(stack, "Other", zone=Zone(stack, "OtherZone")).add_iceberg_table(FLIGHTS)
    with pytest.raises(ValueError, match=r"'masked' has the columns .*, but the masked copy has ticket, name, seat"):
        masking(stack, masked=other)


def test_refuses_to_mask_what_is_not_restricted(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="dataset 'flights' has no restricted columns to mask; leave 'masked' out"):
        masking(stack, dataset=FLIGHTS)
