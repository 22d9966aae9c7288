"""Shards: a split of datasets into stacks that no other dataset changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from lake_blueprints.contracts import Column, Dataset, DatasetFormat, Masking, ServiceLevels
from lake_blueprints.lake import DataLake, Shards
from lake_blueprints.lake.shards import RESOURCES_MAX
from lake_blueprints.processing.curation import Curation, ReferenceJoin
from tests.support import nag_findings, validation_findings

Templates = dict[str, dict[str, Any]]


def dataset(name: str, kind: DatasetFormat = DatasetFormat.JSON) -> Dataset:
    columns = [Column(name="id", type="string"), Column(name=f"{name}_value", type="double")]
    return Dataset(name=name, columns=columns, primary_key=["id"], format=kind)


def numbered(count: int, kind: DatasetFormat = DatasetFormat.JSON) -> list[Dataset]:
    return [dataset(f"dataset_{number}", kind) for number in range(count)]


def app_of(datasets: Iterable[Dataset], shards: Shards, **options: Any) -> tuple[cdk.App, DataLake]:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(app, "Big")
    return app, DataLake(stack, "Lake", datasets=datasets, shards=shards, **options)


def templates(app: cdk.App) -> Templates:
    """Return the templates by the path of their stacks."""
    stacks = app.synth().stacks_recursively
    return {stack.hierarchical_id: json.loads(Path(stack.template_full_path).read_text()) for stack in stacks}


def jobs(found: Templates) -> dict[str, tuple[str, str]]:
    """Return stack and logical id of the job of each dataset."""
    return {
        resource["Properties"]["DefaultArguments"]["--table"]: (stack, logical_id)
        for stack, template in found.items()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Glue::Job"
    }


def test_a_dataset_belongs_where_its_name_says() -> None:
    # SHA-256 of "flights" begins with c8cf489ed229d3a2, that of "planes" with 5003f9b63ba86a82: counted from 1, both
    # are in the third of 4, and in the 35th and the third of 64.
    assert [Shards(count=4).stack_of(name) for name in ("flights", "planes")] == ["Datasets3", "Datasets3"]
    assert [Shards(count=64).stack_of(name) for name in ("flights", "planes")] == ["Datasets35", "Datasets3"]


def test_a_placed_dataset_belongs_where_the_app_says() -> None:
    assert Shards(count=4, placed={"flights": "Overflow"}).stack_of("flights") == "Overflow"


def test_adding_a_dataset_moves_and_changes_no_other() -> None:
    shards = Shards(count=24)
    # Files are quicker to define than streams.
    many = numbered(200, DatasetFormat.CSV)
    before = templates(app_of(many, shards)[0])
    after = templates(app_of([*many, dataset("one_more", DatasetFormat.CSV)], shards)[0])
    assert jobs(before).items() <= jobs(after).items()
    touched = {name for name in after if after[name] != before.get(name)}
    assert touched == {f"Big/Lake/{shards.stack_of('one_more')}"}
    shard = touched.pop()
    kept = before[shard]["Resources"].keys()
    assert kept <= after[shard]["Resources"].keys()
    changed = {key for key in kept if before[shard]["Resources"][key] != after[shard]["Resources"][key]}
    assert {before[shard]["Resources"][key]["Type"] for key in changed} == {
        "AWS::StepFunctions::StateMachine",
        "AWS::IAM::ManagedPolicy",
    }


def test_no_stack_of_a_thousand_datasets_is_too_large() -> None:
    """The stack of each further dataset grows by the same; benchmarks/scale.py synthesises all thousand of them."""
    sizes = [
        len(templates(app_of(numbered(count), Shards(count=1))[0])["Big/Lake/Datasets1"]["Resources"])
        for count in (10, 20)
    ]
    each = (sizes[1] - sizes[0]) / 10
    # As many as docs/many-datasets.md says.
    shards = Shards(count=100)
    largest = max(Counter(shards.stack_of(one.name) for one in numbered(1_000)).values())
    assert sizes[0] + (largest - 10) * each <= RESOURCES_MAX


def test_every_stack_passes_the_gates() -> None:
    weather = dataset("weather", DatasetFormat.CSV)
    joined = {"flights": Curation(joins=[ReferenceJoin(reference=weather, on=["id"], columns=["weather_value"])])}
    app, _ = app_of([dataset("flights"), weather], Shards(count=64), curations=joined)
    found = templates(app)
    assert [finding for template in found.values() for finding in validation_findings(template)] == []
    assert nag_findings(app) == []
    assert set(found) == {"Big", "Big/Lake/Datasets35", "Big/Lake/Datasets39", "Big/Lake/Orchestration"}


def test_a_contract_that_promises_everything_fits_into_a_shard() -> None:
    """Quality, restricted columns, an alarm on latency and a retention refer to the lake's stack, which to no shard."""
    columns = [
        Column(name="id", type="string", unique=True),
        Column(name="email", type="string", classification="restricted", masking=Masking.HASH),
        Column(name="at", type="timestamp"),
    ]
    retention: dict[str, Any] = {"retention": timedelta(days=400), "retention_by": "at"}
    levels = ServiceLevels(latency=timedelta(hours=3), frequency=timedelta(hours=1), **retention)
    many = [
        Dataset(name=f"dataset_{number}", columns=columns, primary_key=["id"], service_levels=levels)
        for number in range(10)
    ]
    app, _ = app_of(many, Shards(count=1))
    found = templates(app)
    assert {"AWS::Glue::DataQualityRuleset", "AWS::CloudWatch::Alarm"} <= kinds(found["Big/Lake/Datasets1"])
    assert [finding for template in found.values() for finding in validation_findings(template)] == []
    # As docs/many-datasets.md counts.
    assert len(found["Big/Lake/Datasets1"]["Resources"]) <= 29 * len(many)


def test_the_lake_has_one_schedule_and_one_topic_that_hears_of_every_failure() -> None:
    app, lake = app_of(numbered(8), Shards(count=3), schedule=events.Schedule.cron(hour="3", minute="0"))
    found = templates(app)
    rules = [name for name, template in found.items() if "AWS::Events::Rule" in kinds(template)]
    assert rules == ["Big/Lake/Orchestration"]
    failed = [name for name, template in found.items() if "AWS/States" in json.dumps(template)]
    assert failed == ["Big/Lake/Orchestration"]
    topics = [name for name, template in found.items() if "AWS::SNS::Topic" in kinds(template)]
    assert topics == ["Big"]
    assert cdk.Stack.of(lake.pipeline).node.path == "Big/Lake/Orchestration"


def kinds(template: dict[str, Any]) -> set[str]:
    return {resource["Type"] for resource in template["Resources"].values()}


def test_a_dataset_that_joins_runs_after_those_of_other_stacks() -> None:
    weather = dataset("weather")
    joined = {"flights": Curation(joins=[ReferenceJoin(reference=weather, on=["id"], columns=["weather_value"])])}
    found = templates(app_of([dataset("flights"), weather], Shards(count=64), curations=joined)[0])
    text = json.dumps(found["Big/Lake/Orchestration"])
    assert text.index("Run Datasets39 Pipeline1") < text.index("Run Datasets35 Pipeline2")


def test_many_shards_run_in_parts_whose_roles_have_room_for_them() -> None:
    app, _ = app_of(numbered(45, DatasetFormat.CSV), Shards(count=999))
    found = templates(app)
    assert len(found) > 2 + 40
    resources = found["Big/Lake/Orchestration"]["Resources"].values()
    assert len([one for one in resources if one["Type"] == "AWS::StepFunctions::StateMachine"]) == 3
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    policies = [len(one["Properties"]["ManagedPolicyArns"]) for one in resources if one["Type"] == "AWS::IAM::Role"]
    assert max(policies) <= 5


def test_a_lake_is_started_from_a_stack_that_no_shard_needs() -> None:
    app, lake = app_of([dataset("flights")], Shards(count=2))
    operator = iam.Role(lake.pipeline, "Operator", assumed_by=iam.AccountRootPrincipal())
    lake.pipeline.grant_start(operator)
    lake.grant_put_records(operator, "flights")
    lake.grant_query(operator)
    assert "states:StartExecution" in json.dumps(templates(app)["Big/Lake/Orchestration"])


def test_shards_are_where_the_lake_is_and_have_its_tags() -> None:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    environment = cdk.Environment(account="123456789012", region="eu-central-1")
    stack = cdk.Stack(cdk.Stage(app, "Prod"), "Big", env=environment)
    cdk.Tags.of(stack).add("owner", "us")
    lake = DataLake(stack, "Lake", datasets=[dataset("flights", DatasetFormat.CSV)], shards=Shards(count=1))
    shard = cdk.Stack.of(lake.jobs["flights"])
    assert (shard.account, shard.region) == ("123456789012", "eu-central-1")
    found = templates(app)
    assert set(found) == {"Prod/Big", "Prod/Big/Lake/Datasets1", "Prod/Big/Lake/Orchestration"}
    (job,) = (one for one in found["Prod/Big/Lake/Datasets1"]["Resources"].values() if one["Type"] == "AWS::Glue::Job")
    assert job["Properties"]["Tags"]["owner"] == "us"


def test_refuses_a_stack_that_is_too_large_and_says_how_to_split_it() -> None:
    stack = cdk.Stack(cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False), "Big")
    with pytest.raises(
        ValueError, match=r"stack 'Big' has \d+ resources, more than 480; split .* for instance Shards\(count=16\)"
    ):
        DataLake(stack, "Lake", datasets=numbered(50))


def test_refuses_a_shard_that_is_too_large_and_says_how_to_go_on_without_moving_a_dataset() -> None:
    message = r"stack 'Datasets1' has \d+ resources, more than 480; give the datasets that are new a stack of their own"
    with pytest.raises(ValueError, match=message):
        app_of(numbered(40), Shards(count=1))
    placed = {f"dataset_{number}": "Overflow" for number in range(20, 40)}
    app_of(numbered(40), Shards(count=1, placed=placed))


@pytest.mark.parametrize("count", [0, 1_000])
def test_refuses_a_count_out_of_range(count: int) -> None:
    with pytest.raises(ValueError, match=f"'count' must be 1 to 999 shards, got {count}"):
        Shards(count=count)


def test_refuses_an_id_that_is_none() -> None:
    with pytest.raises(ValueError, match="'placed' names a stack 'not valid' for 'flights'; use 1 to 64 letters"):
        Shards(count=1, placed={"flights": "not valid"})


def test_refuses_a_warehouse_of_every_dataset() -> None:
    with pytest.raises(ValueError, match="'warehouse' holds every dataset, too many for one role"):
        app_of([dataset("flights")], Shards(count=2), warehouse=True)
