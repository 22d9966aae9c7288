"""A shop's tables in a warehouse by zero-ETL, from a cluster and from DynamoDB, and the cluster exported to a zone."""

from __future__ import annotations

import aws_cdk as cdk

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.aurora import AuroraCluster, ClusterExport, ExportCluster
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.databases.zero_etl import CreateDestination, ZeroEtl
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone

ORDERS = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint", required=True), Column(name="amount", type="decimal(10,2)")],
    primary_key=["id"],
)

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Shop")
key = LakeKey(stack, "Key").key
network = LakeNetwork(stack, "Network", encryption_key=key)
shop = AuroraCluster(stack, "Cluster", database="shop", network=network, encryption_key=key, zero_etl=True)
served = ServingTable(stack, "Served", dataset=ORDERS, encryption_key=key)
warehouse = Warehouse(stack, "Warehouse", network=network, encryption_key=key, case_sensitive_identifiers=True)
orders = ZeroEtl(stack, "Orders", source=shop, target=warehouse, datasets=[ORDERS])
items = ZeroEtl(
    stack, "Items", source=served, target=warehouse, database="items", refresh_interval=cdk.Duration.hours(1)
)
raw = Zone(stack, "Raw", encryption_key=key)
export = ClusterExport(stack, "Export", cluster=shop, zone=raw, prefix="exports/", tables=["public.orders"])
pipeline = Pipeline(
    stack,
    "SetUp",
    steps=[
        CreateDestination(integration=orders, readers=["analysts"]),
        CreateDestination(integration=items),
        ExportCluster(export=export),
    ],
    encryption_key=key,
)
for name, value in {
    "StateMachine": pipeline.state_machine.state_machine_arn,
    "Workgroup": warehouse.workgroup_name,
    "Table": served.table_name,
    "Bucket": raw.bucket.bucket_name,
    "Port": cdk.Token.as_string(shop.endpoint.listens_on),
    "Secret": shop.secret.secret_arn,
    "Integration": orders.integration_id,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
