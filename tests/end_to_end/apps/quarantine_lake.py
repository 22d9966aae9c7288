"""A lake of CSV files whose contract is mended: a pipeline that curates, and one that replays the quarantine."""

import aws_cdk as cdk

from lake_blueprints.contracts import Column, Constraints, Dataset, DatasetFormat
from lake_blueprints.lake import DataLake
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate, Replay

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Quarantine")
# After it was mended, the contract knows one more status, and one more column in its midst.
mended = app.node.try_get_context("mended") == "yes"
amount = [Column(name="amount", type="decimal(10,2)")] if mended else []
status = Column(
    name="status", type="string", constraints=Constraints(enum=("open", "closed", "lost")[: 3 if mended else 2])
)
orders = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint", required=True), *amount, status],
    primary_key=["id"],
    format=DatasetFormat.CSV,
)
lake = DataLake(
    stack,
    "Lake",
    datasets=[orders],
    csv_columns={"orders": ["id", "status", "amount"]} if mended else {},
)
job = lake.jobs["orders"]
steps = {"Curate": Curate(job=job), "Replay": Replay(job=job)}
for name, step in steps.items():
    pipeline = Pipeline(stack, name, steps=[step], encryption_key=lake.key, topic=lake.topic)
    cdk.CfnOutput(stack, f"{name}Machine", value=pipeline.state_machine.state_machine_arn)
for name, value in {
    "RawBucket": lake.raw.bucket.bucket_name,
    "Raw": lake.raw_database.database_name,
    "Curated": lake.curated_database.database_name,
    "Athena": lake.workgroup.workgroup_name,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
