"""Table: columns, formats, partitions and grants derived from a dataset."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_iam as iam

from lake_blueprints.catalog import ArrivalTime, Database, Table, Unpartitioned
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.storage.s3 import LifecycleRule, StorageClass, Transition, Zone
from tests.support import properties, template_of


def table(stack: cdk.Stack, dataset: Dataset, **options: Any) -> Table:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"), database_name="lake")
    return Table(stack, "Table", database=database, dataset=dataset, **options)


def input_of(stack: cdk.Stack) -> dict[str, Any]:
    found: dict[str, Any] = properties(template_of(stack), "AWS::Glue::Table")["TableInput"]
    return found


def test_columns_carry_types_descriptions_and_classifications(stack: cdk.Stack, flights: Dataset) -> None:
    table(stack, flights)
    assert input_of(stack)["StorageDescriptor"]["Columns"] == [
        {"Name": "carrier_code", "Type": "string", "Comment": "Two letters. [name: Carrier-Code]"},
        {"Name": "delay", "Type": "double", "Comment": "[restricted]"},
        {"Name": "origin", "Type": "string", "Comment": "[name: ORIGIN]"},
        {"Name": "legs", "Type": "array<struct<dest:string,miles:int>>"},
    ]
    assert input_of(stack)["PartitionKeys"] == [{"Name": "month", "Type": "int"}]


def test_a_long_description_leaves_room_for_the_classification(stack: cdk.Stack) -> None:
    long = Column(name="note", type="string", description="x" * 300, classification="secret")
    table(stack, Dataset(name="notes", columns=[long]))
    (column,) = input_of(stack)["StorageDescriptor"]["Columns"]
    assert column["Comment"] == "x" * 246 + " [secret]"


def test_parameters_say_format_version_and_classification(stack: cdk.Stack, flights: Dataset) -> None:
    table(stack, flights)
    assert input_of(stack)["Parameters"] == {
        "EXTERNAL": "TRUE",
        "classification": "parquet",
        "contract_version": "1.2.0",
        "data_classification": "internal",
    }


def test_lies_below_the_datasets_name_by_default(stack: cdk.Stack, flights: Dataset) -> None:
    found = table(stack, flights)
    assert found.prefix == "flights/"
    assert input_of(stack)["StorageDescriptor"]["Location"] == stack.resolve(found.zone.uri("flights/"))


def test_json_finds_keys_in_lower_case_and_skips_broken_lines(stack: cdk.Stack, flights: Dataset) -> None:
    table(stack, flights, format=DatasetFormat.JSON)
    serde = input_of(stack)["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    # ORIGIN needs no mapping: in lower case it is the column's name.
    assert serde["Parameters"] == {
        "case.insensitive": "TRUE",
        "ignore.malformed.json": "TRUE",
        "mapping.carrier_code": "carrier-code",
    }


def test_quoted_csv_is_text_with_a_header(stack: cdk.Stack) -> None:
    rows = Dataset(name="rows", columns=[Column(name="n", type="int")], format=DatasetFormat.CSV, delimiter=";")
    table(stack, rows, format=rows.format)
    found = input_of(stack)
    assert found["StorageDescriptor"]["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde",
        "Parameters": {"separatorChar": ";", "quoteChar": '"', "escapeChar": "\\"},
    }
    assert found["StorageDescriptor"]["Columns"] == [{"Name": "n", "Type": "string"}]
    assert found["Parameters"]["skip.header.line.count"] == "1"


def test_csv_columns_come_in_the_order_of_the_files_and_a_removed_one_keeps_its_place(stack: cdk.Stack) -> None:
    mended = Dataset(name="rows", columns=[Column(name=name, type="int") for name in ("a", "new", "b")])
    table(stack, mended, format=DatasetFormat.CSV, quoted=False, csv_columns=["a", "gone", "b", "new"])
    assert input_of(stack)["StorageDescriptor"]["Columns"] == [
        {"Name": "a", "Type": "int"},
        {"Name": "gone", "Type": "string"},
        {"Name": "b", "Type": "int"},
        {"Name": "new", "Type": "int"},
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"csv_columns": ["a"]}, "'csv_columns' lacks b; add new columns at its end"),
        ({"csv_columns": ["a", "b", "a"]}, "'csv_columns' has a twice"),
        (
            {"csv_columns": ["a", "b"], "format": DatasetFormat.PARQUET},
            "'csv_columns' is for CSV, .* parquet is read by",
        ),
    ],
)
def test_refuses_csv_columns_that_do_not_fit(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    rows = Dataset(name="rows", columns=[Column(name=name, type="int") for name in ("a", "b")])
    with pytest.raises(ValueError, match=message):
        table(stack, rows, **{"format": DatasetFormat.CSV, **options})


def test_data_may_lie_in_another_zone_than_the_databases(stack: cdk.Stack, flights: Dataset) -> None:
    other = Zone(stack, "Other")
    found = table(stack, flights, zone=other)
    assert input_of(stack)["StorageDescriptor"]["Location"] == stack.resolve(other.uri("flights/"))
    assert found.zone is other


def test_csv_without_quotes_has_the_contracts_types(stack: cdk.Stack) -> None:
    rows = Dataset(name="rows", columns=[Column(name="n", type="int")], delimiter="\t")
    table(stack, rows, format=DatasetFormat.CSV, quoted=False)
    found = input_of(stack)["StorageDescriptor"]
    assert found["SerdeInfo"]["SerializationLibrary"] == "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
    assert found["SerdeInfo"]["Parameters"]["field.delim"] == "\t"
    assert found["Columns"] == [{"Name": "n", "Type": "int"}]


def test_arrival_time_is_projected_with_the_template_of_the_delivery(stack: cdk.Stack, flights: Dataset) -> None:
    found = table(stack, flights, layout=ArrivalTime())
    parameters = input_of(stack)["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.ingest_date.range"] == "2024-01-01,NOW"
    template = stack.resolve(found.zone.uri("flights/ingest_date=${ingest_date}/"))
    assert parameters["storage.location.template"] == template
    assert [column["Name"] for column in input_of(stack)["PartitionKeys"]] == ["ingest_date"]


def test_registered_partitions_are_not_projected(stack: cdk.Stack, flights: Dataset) -> None:
    table(stack, flights)
    assert not [name for name in input_of(stack)["Parameters"] if name.startswith("projection")]


def test_unpartitioned_has_every_column_in_its_files(stack: cdk.Stack, flights: Dataset) -> None:
    table(stack, flights, layout=Unpartitioned())
    assert input_of(stack)["PartitionKeys"] == []
    assert len(input_of(stack)["StorageDescriptor"]["Columns"]) == 5


def test_a_reader_gets_the_data_and_this_tables_entry(stack: cdk.Stack, flights: Dataset) -> None:
    found = table(stack, flights)
    Table(stack, "Other", database=found.database, dataset=flights, table_name="other", prefix="other/")
    found.grant_read(iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal()))
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    database, catalog = [s for s in statements if str(s["Action"]).count("glue:")]
    assert database["Action"] == ["glue:GetDatabase", "glue:GetDatabases"]
    assert [arn["Fn::Join"][1][-1] for arn in database["Resource"]] == [":catalog", ":database/lake"]
    assert catalog["Action"] == [
        "glue:GetTable",
        "glue:GetTables",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:BatchGetPartition",
    ]
    assert [arn["Fn::Join"][1][-1] for arn in catalog["Resource"]] == [
        ":catalog",
        ":database/lake",
        ":table/lake/flights",
    ]
    (objects,) = [s for s in statements if s["Action"] == "s3:GetObject"]
    assert objects["Resource"]["Fn::Join"][1][-1] == "/flights/*"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table_name": "Flights"}, r"a table name must be .* lower case .* got 'Flights'"),
        ({"prefix": "flights"}, r"got 'flights'; use 'flights/'"),
        ({"prefix": "/raw//flights/"}, r"use 'raw/flights/'"),
        ({"prefix": ""}, "a prefix ends in one slash"),
    ],
)
def test_refuses_names_and_prefixes_that_the_catalog_changes(
    stack: cdk.Stack, flights: Dataset, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        table(stack, flights, **options)


def test_refuses_a_second_table_of_the_same_name(stack: cdk.Stack, flights: Dataset) -> None:
    database = table(stack, flights).database
    with pytest.raises(ValueError, match="database 'lake' already has a table 'flights'"):
        Table(stack, "Second", database=database, dataset=flights)


def test_refuses_a_prefix_that_the_zone_archives(stack: cdk.Stack, flights: Dataset) -> None:
    move = Transition(storage_class=StorageClass.GLACIER, after=Duration.days(90))
    zone = Zone(stack, "Zone", lifecycle=[LifecycleRule(transitions=[move])])
    with pytest.raises(ValueError, match="GLACIER, but table 'flights' reads 'flights/'"):
        Database(stack, "Database", zone=zone).add_table(flights)


SECRET = Dataset(
    name="passengers",
    columns=[
        Column(name="seat", type="string"),
        Column(name="name", type="string", classification="restricted"),
        Column(name="phone", type="string", classification="pii"),
    ],
)


@pytest.mark.parametrize("grant", ["grant_read", "grant_read_write"])
def test_refuses_to_grant_restricted_columns_unless_told_so(stack: cdk.Stack, grant: str) -> None:
    found, reader = table(stack, SECRET), iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal())
    with pytest.raises(ValueError, match=r"'passengers' has the restricted columns name, phone; .* restricted=True"):
        getattr(found, grant)(reader)
    getattr(found, grant)(reader, restricted=True)
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Allow"}


def test_a_grant_on_the_zone_is_denied_the_files_of_restricted_columns(stack: cdk.Stack) -> None:
    found, reader = table(stack, SECRET), iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal())
    found.zone.grant_read(reader)
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    (denial,) = [statement for statement in statements if statement["Effect"] == "Deny"]
    assert denial["Resource"]["Fn::Join"][1][-1] == "/passengers/*"


def test_the_masked_copy_is_granted_like_any_table(stack: cdk.Stack) -> None:
    table(stack, SECRET.masked()).grant_read(iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal()))


def test_refuses_folders_named_after_restricted_values(stack: cdk.Stack) -> None:
    columns = [*SECRET.columns, Column(name="country", type="string", classification="restricted")]
    keyed = Dataset(name="passengers", columns=columns, partition_keys=["country"])
    with pytest.raises(ValueError, match="partition key 'country' of dataset 'passengers' is restricted"):
        table(stack, keyed)
