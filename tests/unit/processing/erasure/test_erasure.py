"""Erasure: the places that it derives, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import aws_s3 as s3

from lake_blueprints import Column, CurationJob, Database, Dataset, Zone
from lake_blueprints.contracts import Bucket, Contract, DatasetFormat, Identity, Masking, Part
from lake_blueprints.processing.curation import Curation
from lake_blueprints.processing.erasure import Erasure, ExportedObjects
from lake_blueprints.processing.erasure.subject import subjects_of
from lake_blueprints.processing.glue import Worker
from tests.support import actions_of, resources, template_of

EMAIL = Column(name="email", type="string", source="eMail", tags=["subject"])
PEOPLE = Dataset(name="people", columns=[Column(name="id", type="int"), EMAIL], primary_key=["id"])


class Lake:
    """Zones and a database of a stack."""

    def __init__(self, stack: cdk.Stack) -> None:
        self.stack = stack
        self.raw, self.curated, self.private = (Zone(stack, name) for name in ("Raw", "Curated", "Private"))
        self.database = Database(stack, "Database", zone=self.curated)

    def curation(self, dataset: Dataset = PEOPLE, **options: Any) -> CurationJob:
        curated = options.get("curation", Curation()).curated(dataset)
        target = options.pop("target", None) or self.database.add_iceberg_table(curated)
        return CurationJob(
            self.stack, f"Curate{dataset.name}", dataset=dataset, source=self.raw, target=target, **options
        )

    def masked(self, dataset: Dataset) -> Any:
        return Database(self.stack, "Masked", zone=Zone(self.stack, "Analytics")).add_iceberg_table(dataset.masked())

    def erasure(self, **options: Any) -> Erasure:
        return Erasure(self.stack, "Erasure", requests=self.private, **options)

    def places(self) -> dict[str, dict[str, Any]]:
        jobs = resources(template_of(self.stack), "AWS::Glue::Job")
        (arguments,) = (
            job["Properties"]["DefaultArguments"] for job in jobs if "--places" in job["Properties"]["DefaultArguments"]
        )
        text = "".join(part if isinstance(part, str) else "…" for part in arguments["--places"]["Fn::Join"][1])
        return {place["name"]: place for place in json.loads(text)}


@pytest.fixture
def lake(stack: cdk.Stack) -> Lake:
    return Lake(stack)


def test_tags_can_be_read_of_what_is_written_again(lake: Lake) -> None:
    lake.erasure(curations=[lake.curation()])
    # Without it S3 counts no tags in what it answers, and a new version would lose them.
    assert {"s3:GetObjectTagging", "s3:GetObjectVersionTagging"} <= actions_of(lake.stack, "s3")


def test_a_curation_has_its_records_quarantine_and_table_by_the_names_of_each(lake: Lake) -> None:
    lake.erasure(curations=[lake.curation()])
    places = lake.places()
    assert [(name, place["kind"]) for name, place in places.items()] == [
        ("records Stack/Raw/people/", "records"),
        ("quarantine Stack/Raw/quarantine/people/", "quarantine"),
        ("iceberg Stack/Curated/people/", "iceberg"),
    ]
    assert places["records Stack/Raw/people/"]["subjects"] == [[["eMail"], "string"]]
    assert places["iceberg Stack/Curated/people/"]["subjects"] == [[["email"], "string"]]
    assert len(places["records Stack/Raw/people/"]["ledgers"]) == 1
    assert "salt" not in places["iceberg Stack/Curated/people/"]


def test_a_masked_copy_is_searched_by_the_hash(lake: Lake) -> None:
    hidden = evolve(PEOPLE, columns=[PEOPLE.columns[0], evolve(EMAIL, classification="pii", masking=Masking.HASH)])
    lake.erasure(curations=[lake.curation(hidden, masked=lake.masked(hidden))])
    assert "salt" in lake.places()["iceberg Stack/Analytics/people/"]


def test_a_key_inside_an_object_is_named_as_the_source_and_as_the_catalog_spell_it() -> None:
    text = """
    apiVersion: v3.0.2
    kind: DataContract
    id: profiles
    version: 1.0.0
    status: active
    schema:
      - name: profiles
        properties:
          - name: id
            logicalType: integer
          - name: ownerInfo
            logicalType: object
            properties:
              - {name: personId, logicalType: integer, tags: [subject]}
    """
    (dataset,) = Contract.from_text(text).datasets
    (found,) = subjects_of(dataset)
    assert (found.path, found.sent, found.type) == (("ownerinfo", "personid"), ("ownerInfo", "personId"), "bigint")


def refused(lake: Lake, message: str, **options: Any) -> None:
    with pytest.raises(ValueError, match=message):
        lake.erasure(**options)


def test_refuses_nothing_to_erase_from(lake: Lake) -> None:
    refused(lake, "there is nothing to erase from")


def test_refuses_an_early_glue(lake: Lake) -> None:
    refused(lake, "Glue 4.0 has an Iceberg", curations=[lake.curation()], worker=Worker(glue_version="4.0"))


def test_refuses_a_table_without_a_subject(lake: Lake) -> None:
    plain = evolve(PEOPLE, columns=PEOPLE.columns[:1])
    refused(lake, "table 'people' has no column tagged 'subject'", curations=[lake.curation(plain)])


def test_refuses_a_curation_that_drops_the_subject(lake: Lake) -> None:
    refused(
        lake,
        "table 'people' has no column tagged 'subject', by which a person could be found; tag one",
        curations=[lake.curation(curation=Curation(drop=["email"]))],
    )


@pytest.mark.parametrize("masking", [Masking.REDACT, Masking.DROP])
def test_refuses_a_masked_copy_in_which_nobody_can_be_found(lake: Lake, masking: Masking) -> None:
    hidden = evolve(PEOPLE, columns=[PEOPLE.columns[0], evolve(EMAIL, classification="pii", masking=masking)])
    job = lake.curation(hidden, masked=lake.masked(hidden))
    refused(lake, "the masked copy 'people' has no 'email' .* set its masking to 'hash'", curations=[job])


@pytest.mark.parametrize("kind", ["double", "timestamp", "array<string>"])
def test_refuses_a_subject_of_another_type(lake: Lake, kind: str) -> None:
    other = evolve(PEOPLE, columns=[PEOPLE.columns[0], evolve(EMAIL, type=kind)])
    refused(lake, "'email' of dataset 'people' is tagged 'subject' and is a", curations=[lake.curation(other)])


def test_refuses_a_subject_in_a_list(lake: Lake) -> None:
    column = Column(name="who", type="array<struct<id:string>>", parts=[Part(path="[].id", tags=("subject",))])
    other = evolve(PEOPLE, columns=[PEOPLE.columns[0], column])
    refused(
        lake,
        r"'who\[\].id' of dataset 'people' is tagged 'subject' and is in a list or map",
        tables=[lake.database.add_table(other)],
    )


def test_refuses_a_subject_as_the_name_of_folders(lake: Lake) -> None:
    other = evolve(PEOPLE, partition_keys=["email"])
    refused(
        lake, "'email' of dataset 'people' is tagged 'subject' and is a partition key", curations=[lake.curation(other)]
    )


def test_an_iceberg_table_may_be_partitioned_by_buckets_of_the_subject_and_not_by_itself(lake: Lake) -> None:
    buckets = lake.database.add_iceberg_table(PEOPLE, partitioning=[Bucket("email", 4)])
    lake.erasure(tables=[buckets])
    plain = lake.database.add_iceberg_table(evolve(PEOPLE, name="plain"), partitioning=[Identity("email")])
    with pytest.raises(ValueError, match="table 'plain' is partitioned by 'identity' of the key 'email'"):
        Erasure(lake.stack, "Other", requests=lake.private, tables=[plain])


def test_refuses_exports_of_dynamodb(lake: Lake) -> None:
    export = ExportedObjects(
        storage=lake.raw, prefix="served/", dataset=evolve(PEOPLE, format=DatasetFormat.DYNAMODB_JSON)
    )
    refused(lake, "the export at 'served/' is one of DynamoDB", exports=[export])


def test_refuses_overlapping_places(lake: Lake) -> None:
    export = ExportedObjects(storage=lake.raw, prefix="people/more/")
    refused(
        lake,
        "'records Stack/Raw/people/' and 'objects Stack/Raw/people/more/' overlap",
        curations=[lake.curation()],
        exports=[export],
    )


def test_refuses_the_masked_table_itself(lake: Lake) -> None:
    hidden = evolve(PEOPLE, columns=[PEOPLE.columns[0], evolve(EMAIL, classification="pii", masking=Masking.HASH)])
    refused(
        lake, "table 'people' has 'email' masked; give the curation job that writes it", tables=[lake.masked(hidden)]
    )


def locked(bucket: s3.CfnBucket) -> None:
    bucket.object_lock_enabled = True


def replicated(bucket: s3.CfnBucket) -> None:
    bucket.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(role="role", rules=[])


def suspended(bucket: s3.CfnBucket) -> None:
    bucket.versioning_configuration = s3.CfnBucket.VersioningConfigurationProperty(status="Suspended")


@pytest.mark.parametrize(
    ("change", "message"),
    [(locked, "has object lock"), (replicated, "is replicated"), (suspended, "has no versioning")],
)
def test_refuses_buckets_from_which_nothing_can_be_erased_even_if_that_is_said_later(
    lake: Lake, change: Any, message: str
) -> None:
    lake.erasure(curations=[lake.curation()])
    change(lake.raw.bucket.node.default_child)
    with pytest.raises(RuntimeError, match=f"bucket 'Stack/Raw' {message}"):
        template_of(lake.stack)
