"""A table of a shop's database, replicated and merged into an Iceberg table."""

from __future__ import annotations

import aws_cdk as cdk

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.dms import Replication, StartReplication, StopReplication
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate, CurationJob, merge_changes
from lake_blueprints.storage.s3 import Zone

HOST = "shop.example.com"
ORDERS = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="customer", type="string", required=True),
        Column(name="amount", type="decimal(10,2)", required=True),
        Column(name="at", type="timestamp"),
    ],
    primary_key=["id"],
)

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Shop")
key = LakeKey(stack, "Key").key
raw, curated = Zone(stack, "Raw", encryption_key=key), Zone(stack, "Curated", encryption_key=key)
user = DatabaseSecret(stack, "User", username="lake_reader", host=HOST, port=5432, encryption_key=key)
shop = DatabaseEndpoint(engine=DatabaseEngine.POSTGRESQL, host=HOST, database="postgres", secret=user.secret)
network = LakeNetwork(stack, "Network", encryption_key=key)
replication = Replication(
    stack,
    "Replication",
    source=shop,
    datasets=[ORDERS],
    zone=raw,
    network=network,
    file_interval=cdk.Duration.seconds(1),
    create_account_roles=True,
)
landing = replication.landing(ORDERS)
merged = merge_changes(landing)
table = IcebergTable(
    stack, "Orders", database=Database(stack, "Database", zone=curated), dataset=merged.curated(landing.dataset)
)
job = CurationJob(stack, "CurateOrders", source=landing, target=table, curation=merged)
ended = [StopReplication(replication=replication), Curate(job=job)]
refresh = Pipeline(stack, "Refresh", steps=[StartReplication(replication=replication), *ended])
reload = Pipeline(stack, "Reload", steps=[StartReplication(replication=replication, reload=True), *ended])
outputs = {
    "SecretArn": user.secret.secret_arn,
    "StateMachine": refresh.state_machine.state_machine_arn,
    "ReloadMachine": reload.state_machine.state_machine_arn,
    "RawBucket": raw.bucket.bucket_name,
    "ReplicationArn": replication.arn,
    "DatabaseName": table.database.database_name,
    "TableName": table.table_name,
    "Results": curated.bucket.bucket_name,
}
for name, value in outputs.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
