"""Rides in an Iceberg table, exported at a snapshot, and a model that is trained on the export."""

import aws_cdk as cdk

from lake_blueprints import Column, Database, Dataset, LakeKey, Workgroup, Zone
from lake_blueprints.analytics.athena import Export, ExportFormat
from lake_blueprints.machine_learning.training import InputChannel, Register, Train, TrainingJob
from lake_blueprints.orchestration import Pipeline

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Exports")
rides = Dataset(
    name="rides",
    version="2.1.0",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="at", type="timestamp"),
        Column(name="carrier", type="string"),
        Column(name="hour", type="int"),
        Column(name="delay", type="double"),
    ],
    primary_key=["id"],
)
key = LakeKey(stack, "Key").key
curated = Zone(stack, "Curated", encryption_key=key)
analytics = Zone(stack, "Analytics", encryption_key=key, access_logs=curated.access_logs)
database = Database(stack, "Database", zone=curated)
# As Athena writes, whatever a table says; the local one wants it said.
modes = {f"write.{change}.mode": "merge-on-read" for change in ("delete", "update")}
table = database.add_iceberg_table(rides, properties=modes)
workgroup = Workgroup(stack, "Queries", encryption_key=key, access_logs=curated.access_logs)
export = Export(workgroup=workgroup, table=table, zone=analytics, prefix="exports/rides/")
late = Export(
    workgroup=workgroup,
    table=table,
    zone=analytics,
    prefix="exports/late/",
    sql="SELECT id, 'it''s {late}' AS note, carrier FROM rides WHERE delay > 15 -- {}",
    file_format=ExportFormat.JSON,
    partitioned_by=["carrier"],
    name="Export late",
)
job = TrainingJob(
    stack,
    "Delays",
    channels={"train": InputChannel(export=export)},
    output=analytics,
    hyperparameters={"target": "delay", "features": "hour,carrier", "time_column": "at", "max_iter": 20},
)
pipeline = Pipeline(stack, "Pipeline", steps=[export, late, Train(job=job), Register(job=job)], encryption_key=key)
for name, value in {
    "AnalyticsBucket": analytics.bucket.bucket_name,
    "DatabaseName": database.database_name,
    "Workgroup": workgroup.workgroup_name,
    "PackageGroup": job.model_package_group_name,
    "StateMachine": pipeline.state_machine.state_machine_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
