"""A lake of Iceberg tables: orders, joined with cities, kept for 90 days by a promise that names the column."""

from datetime import timedelta

import aws_cdk as cdk

from lake_blueprints import Column, DataLake, Dataset
from lake_blueprints.contracts import (
    Comparison,
    DatasetFormat,
    Metric,
    Operator,
    QualityRule,
    ServiceLevels,
)
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.processing.curation import Curation, Newest, ReferenceJoin

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Shop")
cities = Dataset(
    name="cities",
    columns=[Column(name="city", type="string"), Column(name="country", type="string")],
    primary_key=["city"],
    format=DatasetFormat.CSV,
)
orders = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="city", type="string"),
        Column(name="ordered", type="timestamp"),
    ],
    primary_key=["id"],
    quality=[
        QualityRule(
            place="quality[0]",
            kind="library",
            metric=Metric.ROW_COUNT,
            comparison=Comparison(operator=Operator.EQUAL, value=2),
        )
    ],
    service_levels=ServiceLevels(retention=timedelta(days=90), retention_by="ordered"),
)
curation = Curation(
    joins=[ReferenceJoin(reference=cities, on=["city"], columns=["country"])], keep=Newest(by="ordered")
)
served = ServingTable(stack, "Served", dataset=orders)
lake = DataLake(
    stack,
    "Lake",
    datasets=[orders, cities],
    curations={"orders": curation},
    serving={"orders": [served]},
)
for name, value in {
    "RawBucket": lake.raw.bucket.bucket_name,
    "Database": lake.curated_database.database_name,
    "Workgroup": lake.workgroup.workgroup_name,
    "Delivery": lake.deliveries["orders"].delivery_stream_name,
    "ServedTable": served.table_name,
    "StateMachine": lake.pipeline.state_machine.state_machine_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
