"""Constructs with one, ten and forty datasets, and as many as they say that they take, pass every gate."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints import Column, CurationJob, Database, DataLake, Dataset, LakeKey, Pipeline, Table, Workgroup, Zone
from lake_blueprints.analytics.athena import Query
from lake_blueprints.analytics.quality import Evaluate, QualityRuleset
from lake_blueprints.catalog.iceberg import WITHOUT_OPTIMIZERS
from lake_blueprints.contracts import DatasetFormat
from lake_blueprints.contracts.governance import Relationship
from lake_blueprints.databases.redshift import Load, Warehouse
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.crawler import Crawl, Crawler
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.machine_learning.training import InputChannel, Register, Train, TrainingJob
from lake_blueprints.orchestration import Parallel, RunPipeline
from lake_blueprints.processing.curation import Curate, Curation, ReferenceJoin
from lake_blueprints.storage.s3 import AccessLogBucket
from template_checks.core import Severity, check
from tests.support import nag_findings, new_stack, resources, template_of, validation_findings

Build = Callable[[cdk.Stack, int], object]
_KEY = Column(name="id", type="int", unique=True)
# The longest texts that references stand for; a bucket's name has 63 characters, a role's 64.
_LONGEST = {"AWS::S3::Bucket": 82, "AWS::IAM::Role": 103, "AWS::KMS::Key": 90}
_PSEUDO = {"AWS::AccountId": "1" * 12, "AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-1"}


def dataset(number: int, **options: Any) -> Dataset:
    columns = [_KEY, Column(name="delay", type="double"), *options.pop("columns", [])]
    return Dataset(name=f"flights_{number}", columns=columns, primary_key=["id"], **options)


def tables(stack: cdk.Stack, count: int, **options: Any) -> list[Table]:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"), **options)
    return [database.add_table(dataset(number)) for number in range(count)]


def crawler(stack: cdk.Stack, count: int, **options: Any) -> Crawler:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"))
    prefixes = [f"files/of_{number}/" for number in range(count)]
    return Crawler(stack, "Crawler", database=database, prefixes=prefixes, **options)


def warehouse(stack: cdk.Stack, count: int, **options: Any) -> Warehouse:
    found = Warehouse(stack, "Warehouse")
    for table in tables(stack, count, **options):
        found.add_dataset(table)
    return found


def training(stack: cdk.Stack, count: int) -> TrainingJob:
    read = tables(stack, count)
    channels = {f"of_{number}": InputChannel(table=table) for number, table in enumerate(read)}
    return TrainingJob(stack, "Training", channels=channels, output=read[0].zone)


def joins(stack: cdk.Stack, count: int) -> CurationJob:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"))
    references = [
        Dataset(name=f"of_{number}", columns=[_KEY, Column(name=f"name_{number}", type="string")], primary_key=["id"])
        for number in range(count)
    ]
    curation = Curation(
        joins=[
            ReferenceJoin(reference=reference, on=["id"], columns=[f"name_{number}"])
            for number, reference in enumerate(references)
        ]
    )
    return CurationJob(
        stack,
        "Job",
        dataset=dataset(0),
        source=Zone(stack, "Raw"),
        target=database.add_iceberg_table(curation.curated(dataset(0))),
        curation=curation,
        references=[database.add_iceberg_table(Curation().curated(reference)) for reference in references],
    )


def references(stack: cdk.Stack, count: int) -> QualityRuleset:
    read = tables(stack, count)
    names = [Column(name=f"of_{number}", type="int") for number in range(count)]
    relationships = [
        Relationship(columns=(f"of_{number}",), dataset=table.dataset.name, references=("id",))
        for number, table in enumerate(read)
    ]
    whole = Dataset(name="whole", columns=[_KEY, *names], primary_key=["id"], relationships=relationships)
    return QualityRuleset(
        stack, "Ruleset", table=Table(stack, "Whole", database=read[0].database, dataset=whole), references=read
    )


def query(stack: cdk.Stack, count: int) -> Pipeline:
    used = tables(stack, count)
    step = Query(
        workgroup=Workgroup(stack, "Workgroup"), sql="SELECT 1", database="lake", name="Ask", reads=used, writes=used
    )
    return Pipeline(stack, "Pipeline", steps=[step])


def curates(stack: cdk.Stack, count: int) -> Pipeline:
    raw, database = Zone(stack, "Raw"), Database(stack, "Database", zone=Zone(stack, "Zone"))
    jobs = []
    for number in range(count):
        target = database.add_iceberg_table(dataset(number), **WITHOUT_OPTIMIZERS)
        jobs.append(CurationJob(stack, f"Job{number}", dataset=target.dataset, source=raw, target=target))
    steps = [Curate(job=job, name=f"Curate {number}") for number, job in enumerate(jobs)]
    return Pipeline(stack, "Pipeline", steps=[Parallel(branches=steps)])


def evaluates(stack: cdk.Stack, count: int) -> Pipeline:
    rulesets = [
        QualityRuleset(stack, f"Ruleset{number}", table=table) for number, table in enumerate(tables(stack, count))
    ]
    steps = [Evaluate(ruleset=ruleset, name=f"Evaluate {number}") for number, ruleset in enumerate(rulesets)]
    return Pipeline(stack, "Pipeline", steps=[Parallel(branches=steps)])


def crawls(stack: cdk.Stack, count: int) -> Pipeline:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"))
    crawlers = [
        Crawler(stack, f"Crawler{number}", database=database, prefixes=[f"{number}/"], table_prefix=f"of_{number}_")
        for number in range(count)
    ]
    steps = [Crawl(crawler=crawler, name=f"Crawl {number}") for number, crawler in enumerate(crawlers)]
    return Pipeline(stack, "Pipeline", steps=steps)


def runs(stack: cdk.Stack, count: int) -> Pipeline:
    options: dict[str, Any] = {"encryption_key": LakeKey(stack, "Key", cloudwatch_alarms=True).key}
    workgroup = Workgroup(stack, "Workgroup")
    ask = Query(workgroup=workgroup, sql="SELECT 1", database="lake", name="Ask")
    inner = [Pipeline(stack, f"Inner{number}", steps=[ask], alarm=False, **options) for number in range(count)]
    steps = [RunPipeline(pipeline=pipeline, name=f"Run {number}") for number, pipeline in enumerate(inner)]
    return Pipeline(stack, "Pipeline", steps=[Parallel(branches=steps)], **options)


def trains(stack: cdk.Stack, count: int) -> Pipeline:
    (table,) = tables(stack, 1)
    jobs = [
        TrainingJob(
            stack,
            f"Job{number}",
            channels={"of": InputChannel(table=table)},
            output=table.zone,
            output_prefix=f"{number}/",
        )
        for number in range(count)
    ]
    train = [Train(job=job, name=f"Train {number}") for number, job in enumerate(jobs)]
    register = [Register(job=job, name=f"Register {number}") for number, job in enumerate(jobs)]
    return Pipeline(stack, "Pipeline", steps=[*train, *register])


def zones(stack: cdk.Stack, count: int) -> None:
    logs, key = AccessLogBucket(stack, "Logs"), LakeKey(stack, "Key").key
    for number in range(count):
        Zone(stack, f"Zone{number}", access_logs=logs, encryption_key=key)


def deliveries(stack: cdk.Stack, count: int) -> None:
    key = LakeKey(stack, "Key").key
    zone, source = Zone(stack, "Zone", encryption_key=key), Stream(stack, "Stream", encryption_key=key)
    for number in range(count):
        DeliveryStream(
            stack, f"Delivery{number}", source=source, destination=S3Destination(zone=zone, dataset=dataset(number))
        )


def readers(stack: cdk.Stack, count: int) -> None:
    (table,) = tables(stack, 1, lake_formation=True)
    for number in range(count):
        role = ServiceRole(stack, f"Role{number}", services=["glue.amazonaws.com"], description="Reads")
        table.grant_read(role)


def kept_out(stack: cdk.Stack, count: int) -> None:
    zone = Zone(stack, "Zone")
    zone.grant_read(ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Reads the rest"))
    database = Database(stack, "Database", zone=zone)
    restricted = [Column(name="name", type="string", classification="restricted")]
    for number in range(count):
        database.add_table(dataset(number, columns=restricted))


def lake(stack: cdk.Stack, count: int) -> DataLake:
    datasets = [dataset(number, format=DatasetFormat.CSV) for number in range(count)]
    return DataLake(stack, "Lake", datasets=datasets, warehouse=True)


def streaming_lake(stack: cdk.Stack, count: int) -> DataLake:
    return DataLake(stack, "Lake", datasets=[dataset(number, format=DatasetFormat.JSON) for number in range(count)])


# What a construct is built with, and the most of it that its docstring promises.
MANY: dict[str, tuple[Build, int]] = {
    "prefixes of a crawler": (crawler, 200),
    "prefixes of a crawler for all tables": (lambda stack, count: crawler(stack, count, table_prefix="of_"), 200),
    "tables of a warehouse": (warehouse, 100),
    "governed tables of a warehouse": (lambda stack, count: warehouse(stack, count, lake_formation=True), 100),
    "tables of a load": (
        lambda stack, count: Pipeline(stack, "Pipeline", steps=[Load(warehouse=warehouse(stack, count))]),
        # An execution that loads more could take more than 25,000 events.
        75,
    ),
    "channels of a training job": (training, 19),
    "joins of a curation job": (joins, 40),
    "references of a ruleset": (references, 100),
    "tables of a query": (query, 40),
    "curations of a pipeline": (curates, 40),
    "evaluations of a pipeline": (evaluates, 40),
    "crawls of a pipeline": (crawls, 40),
    "runs of a pipeline": (runs, 40),
    "trainings of a pipeline": (trains, 40),
    "zones of an access log bucket": (zones, 40),
    "deliveries of a stream": (deliveries, 40),
    "readers of a table": (readers, 40),
    "restricted tables of a zone": (kept_out, 100),
    "datasets of a lake with a warehouse": (lake, 25),
    "datasets of a lake with deliveries": (streaming_lake, 20),
}
CASES = [(name, count) for name, (_, most) in MANY.items() for count in sorted({1, 10, 40, most}) if count <= most]


@pytest.mark.parametrize(("name", "count"), CASES)
def test_passes_the_gates(name: str, count: int) -> None:
    stack = new_stack()
    MANY[name][0](stack, count)
    template = template_of(stack)
    assert validation_findings(template) == []
    assert nag_findings(stack) == []
    assert [str(one) for one in check(template) if one.rule.severity is Severity.ERROR] == []
    assert len(template["Resources"]) <= 500
    for length in longest_policies(template):
        assert length <= 6_144


@pytest.mark.parametrize(
    ("build", "count", "relief"),
    [
        (warehouse, 150, "load the datasets into several warehouses"),
        (crawler, 1_000, "crawl a folder above the prefixes, or divide them among several crawlers"),
        (joins, 160, "join fewer datasets, or some of them in a job that curates the result"),
        (query, 100, "make some of its steps a pipeline of their own, which the step 'RunPipeline' runs"),
        (references, 300, "name fewer 'references'"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_more_than_a_role_holds_is_refused_with_what_to_do(build: Build, count: int, relief: str) -> None:
    with pytest.raises(ValueError, match=f"needs more permissions than fit into 10 managed policies.*; {relief}$"):
        build(new_stack(), count)


def longest_policies(template: dict[str, Any]) -> list[int]:
    """Return the lengths of all managed policies where names are as long as AWS takes them."""

    def longest(value: Any) -> Any:  # noqa: PLR0911 - one case per function
        match value:
            case {"Ref": str(name)}:
                return _PSEUDO.get(name, "n" * 64)
            case {"Fn::GetAtt": [name, "Arn"]}:
                return "n" * _LONGEST.get(template["Resources"][name]["Type"], 120)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(map(longest, parts))
            case dict() if any(key.startswith("Fn::") for key in value):
                return "n" * 120
            case dict():
                return {key: longest(item) for key, item in value.items()}
            case list():
                return [longest(item) for item in value]
        return value

    policies = [one["Properties"]["PolicyDocument"] for one in resources(template, "AWS::IAM::ManagedPolicy")]
    return [len(json.dumps(longest(policy), separators=(",", ":"))) for policy in policies]
