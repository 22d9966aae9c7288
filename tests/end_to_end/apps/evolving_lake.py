"""A lake of the contracts in a folder, `-c contracts=FOLDER`, beside those that were accepted, `-c accepted=FOLDER`."""

from pathlib import Path

import aws_cdk as cdk

from lake_blueprints import Contract, ContractBaseline, DataLake
from lake_blueprints.processing.curation import Curation, ReferenceJoin

app = cdk.App(builtin_cloud_formation_validation=False)
contracts = [
    Contract.from_file(path) for path in sorted(Path(app.node.try_get_context("contracts")).glob("*.odcs.yaml"))
]
datasets = {dataset.name: dataset for contract in contracts for dataset in contract.datasets}
stack = cdk.Stack(app, "Lake")
# Spark reads the curated orders, old files and new ones, for each refund.
known = [name for name in ("amount", "note") if name in datasets["orders"].column_names]
lake = DataLake(
    stack,
    "Lake",
    datasets=datasets.values(),
    curations={
        "refunds": Curation(joins=[ReferenceJoin(reference=datasets["orders"], on=["id"], columns=known, how="inner")])
    },
    warehouse=True,
    removal_policy=cdk.RemovalPolicy.DESTROY,
)
ContractBaseline(stack, "Baseline", accepted=app.node.try_get_context("accepted"), contracts=contracts)

assert lake.redshift is not None
outputs = {
    "Orders": lake.deliveries["orders"].delivery_stream_name,
    "RawBucket": lake.raw.bucket.bucket_name,
    "Curated": lake.curated_database.database_name,
    "Athena": lake.workgroup.workgroup_name,
    "Warehouse": lake.redshift.workgroup_name,
    "Database": lake.redshift.database,
    "Secret": lake.redshift.connection["SecretArn"],
    "Machine": lake.pipeline.state_machine.state_machine_arn,
}
for name, value in outputs.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
