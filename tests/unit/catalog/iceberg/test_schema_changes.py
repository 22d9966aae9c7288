"""Changes of a contract, deployed one after the other to the local cloud; pyiceberg reads tables and old snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import aws_cdk as cdk
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog, load_catalog

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import Bucket, Day, Identity, Month, PartitionTransform
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.storage.s3 import Zone
from local_cloud.cloud import LocalCloud

# What `customer` had before it was called `buyer`.
CUSTOMER = 492713032
FIRST = [
    Column(name="id", type="int"),
    Column(name="customer", type="string"),
    Column(name="total", type="decimal(9,2)"),
    Column(name="ordered", type="date"),
    Column(name="note", type="string"),
    Column(name="address", type="struct<city:string,tags:array<string>>"),
]
SECOND = [
    Column(name="added", type="boolean"),
    Column(name="id", type="bigint"),
    Column(name="buyer", type="string", field_id=CUSTOMER),
    Column(name="total", type="decimal(12,2)"),
    Column(name="ordered", type="date"),
    Column(name="address", type="struct<zip:int,tags:array<string>,city:string>"),
]


@pytest.fixture(scope="module")
def catalog(cloud: LocalCloud) -> Iterator[Catalog]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        settings = {"rest.sigv4-enabled": "true", "rest.signing-name": "glue", "rest.signing-region": "us-east-1"}
        yield load_catalog("local", type="rest", uri=f"{cloud.endpoint}/iceberg", **settings)


def deploy(cloud: LocalCloud, name: str, columns: list[Column], partitioning: Sequence[PartitionTransform]) -> None:
    """Create or update the stack of a table of orders."""
    app = cdk.App(builtin_cloud_formation_validation=False)
    synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    stack = cdk.Stack(app, name, synthesizer=synthesizer)
    database = Database(stack, "Database", zone=Zone(stack, "Zone"), database_name=name)
    database.add_iceberg_table(Dataset(name="orders", columns=columns), partitioning=partitioning)
    template = json.dumps(app.synth().get_stack_by_name(name).template)
    client: Any = cloud.client("cloudformation")
    there = any(one["StackName"] == name for one in client.describe_stacks()["Stacks"])
    (client.update_stack if there else client.create_stack)(
        StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    (found,) = client.describe_stacks(StackName=name)["Stacks"]
    events = client.describe_stack_events(StackName=found["StackId"])["StackEvents"]
    reasons = [one["ResourceStatusReason"] for one in events if one["ResourceStatus"].endswith("_FAILED")]
    assert found["StackStatus"] == ("UPDATE_COMPLETE" if there else "CREATE_COMPLETE"), reasons


def append(catalog: Catalog, name: str, *rows: dict[str, Any]) -> None:
    table = catalog.load_table(f"{name}.orders")
    table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))


def row(number: int) -> dict[str, Any]:
    return {"id": number, "customer": "Ada", "note": "new", "address": {"city": "Rome", "tags": ["home"]}}


def test_every_compatible_change_in_one_deployment(cloud: LocalCloud, catalog: Catalog) -> None:
    deploy(cloud, "changes", FIRST, [Identity("ordered")])
    append(catalog, "changes", row(1))
    before = catalog.load_table("changes.orders")
    (old,) = (snapshot.snapshot_id for snapshot in before.snapshots())
    files = set(before.inspect.files()["file_path"].to_pylist())

    deploy(cloud, "changes", SECOND, [Identity("ordered"), Identity("added")])
    changed = catalog.load_table("changes.orders")
    assert (changed.metadata.table_uuid, changed.location()) == (before.metadata.table_uuid, before.location())
    assert set(changed.inspect.files()["file_path"].to_pylist()) == files
    append(catalog, "changes", {"id": 2**40, "buyer": "Bob", "added": True, "address": {"zip": 1, "city": "Bonn"}})

    found = catalog.load_table("changes.orders").scan().to_arrow().sort_by("id").to_pylist()
    assert [(one["id"], one["buyer"], one["added"]) for one in found] == [(1, "Ada", None), (2**40, "Bob", True)]
    assert found[0]["address"] == {"zip": None, "tags": ["home"], "city": "Rome"}
    assert "note" not in found[0]
    (past,) = changed.scan(snapshot_id=old).to_arrow().to_pylist()
    assert (past["customer"], past["note"], past["address"]["city"]) == ("Ada", "new", "Rome")


def test_what_went_and_comes_back_is_the_same(cloud: LocalCloud, catalog: Catalog) -> None:
    deploy(cloud, "returns", FIRST, [Identity("ordered")])
    append(catalog, "returns", row(1))
    without = [column for column in FIRST if column.name != "note"]
    deploy(cloud, "returns", without, [])
    append(catalog, "returns", {"id": 2})
    deploy(cloud, "returns", FIRST, [Identity("ordered")])
    table = catalog.load_table("returns.orders")
    found = table.scan().to_arrow().sort_by("id").to_pylist()
    assert [one["note"] for one in found] == ["new", None]
    assert len({spec.fields for spec in table.specs().values()}) == len(table.specs()) == 2


def test_the_same_template_again_changes_nothing(cloud: LocalCloud, catalog: Catalog) -> None:
    deploy(cloud, "again", FIRST, [Month("ordered")])
    before = catalog.load_table("again.orders").metadata_location
    described = [*FIRST[:-1], Column(name="address", type=FIRST[-1].type, description="Where to.")]
    deploy(cloud, "again", described, [Month("ordered")])
    deploy(cloud, "again", FIRST, [Month("ordered")])
    table = catalog.load_table("again.orders")
    assert len(table.schemas()) == 2
    assert table.schema().schema_id == 0
    assert before != table.metadata_location


def test_another_transform_is_another_partition_field(cloud: LocalCloud, catalog: Catalog) -> None:
    other: list[PartitionTransform] = [Day("ordered"), Bucket("id", 4)]
    for partitioning in ([Month("ordered")], other, [Month("ordered")]):
        deploy(cloud, "transforms", FIRST, partitioning)
    specs = catalog.load_table("transforms.orders").specs()
    fields = [(field.field_id, str(field.transform), field.name) for spec in specs.values() for field in spec.fields]
    assert [(transform, name) for _, transform, name in fields] == [
        ("month", "ordered_month"),
        ("day", "ordered_day"),
        ("bucket[4]", "id_bucket_4"),
    ]
    assert len({number for number, _, _ in fields}) == 3
    assert catalog.load_table("transforms.orders").spec().spec_id == 0


def test_optimizers_are_configured_with_the_table(cloud: LocalCloud) -> None:
    deploy(cloud, "optimized", FIRST, [])
    client: Any = cloud.client("glue")
    for kind in ("compaction", "retention", "orphan_file_deletion"):
        found = client.get_table_optimizer(
            CatalogId=cloud.account, DatabaseName="optimized", TableName="orders", Type=kind
        )
        assert found["TableOptimizer"]["configuration"]["enabled"] is True
