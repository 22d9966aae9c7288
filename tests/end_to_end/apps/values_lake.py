"""A lake with a column for each type: records come as JSON, and the same ones converted to Parquet by Firehose.

A warehouse loads the curated files, nested values included, from where they are copied to.
"""

from pathlib import Path

import aws_cdk as cdk
from attrs import evolve

from lake_blueprints.catalog import ArrivalTime
from lake_blueprints.contracts import Contract, DatasetFormat
from lake_blueprints.databases.redshift import Load, Warehouse
from lake_blueprints.ingestion.firehose import DeliveryStream, ParquetDestination
from lake_blueprints.lake import DataLake
from lake_blueprints.orchestration import Pipeline

(sent,) = Contract.from_file(Path(__file__).parent / "values.odcs.yaml").datasets
# The local Firehose converts no binary values.
converted = evolve(sent, name="converted", columns=[column for column in sent.columns if column.name != "raw"])

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Values")
lake = DataLake(stack, "Lake", datasets=[sent, evolve(converted, format=DatasetFormat.PARQUET)])
arrivals = lake.raw_database.add_table(
    converted, table_name="converted_arrivals", prefix="converted/", layout=ArrivalTime()
)
conversion = DeliveryStream(stack, "Conversion", destination=ParquetDestination(table=arrivals))

warehouse = Warehouse(stack, "Redshift", encryption_key=lake.key)
for dataset in (sent, converted):
    files = evolve(dataset, format=DatasetFormat.PARQUET)
    warehouse.add_dataset(
        lake.curated_database.add_table(files, table_name=f"{dataset.name}_files", prefix=f"files/{dataset.name}/")
    )
load = Pipeline(stack, "Loading", steps=[Load(warehouse=warehouse)], encryption_key=lake.key)
for name, value in {
    "RawDatabase": lake.raw_database.database_name,
    "CuratedDatabase": lake.curated_database.database_name,
    "Workgroup": lake.workgroup.workgroup_name,
    "CuratedBucket": lake.curated.bucket.bucket_name,
    "Warehouse": warehouse.workgroup_name,
    "LoadMachine": load.state_machine.state_machine_arn,
    "Sent": lake.deliveries["sent"].delivery_stream_name,
    "Converted": conversion.delivery_stream_name,
    "StateMachine": lake.pipeline.state_machine.state_machine_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
