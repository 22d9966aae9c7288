"""A lake in two shards, of which the context names the datasets; each orders' row is joined with its customer."""

import aws_cdk as cdk

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.lake import DataLake, Shards
from lake_blueprints.processing.curation import Curation, ReferenceJoin

app = cdk.App(builtin_cloud_formation_validation=False)


def dataset(name: str, *columns: str) -> Dataset:
    found = [Column(name=column, type="int" if column == "id" else "string") for column in ("id", *columns)]
    return Dataset(name=name, columns=found, primary_key=["id"], format=DatasetFormat.CSV)


customers, orders = dataset("customers", "city"), dataset("orders", "item")
more = [dataset(name) for name in str(app.node.try_get_context("more") or "").split()]
stack = cdk.Stack(app, "Sharded")
lake = DataLake(
    stack,
    "Lake",
    datasets=[orders, customers, *more],
    curations={"orders": Curation(joins=[ReferenceJoin(reference=customers, on=["id"], columns=["city"])])},
    shards=Shards(count=2),
)
cdk.CfnOutput(stack, "RawBucket", value=lake.raw.bucket.bucket_name)
cdk.CfnOutput(stack, "CuratedDatabase", value=lake.curated_database.database_name)
cdk.CfnOutput(stack, "Workgroup", value=lake.workgroup.workgroup_name)
cdk.CfnOutput(cdk.Stack.of(lake.pipeline), "StateMachine", value=lake.pipeline.state_machine.state_machine_arn)
app.synth()
