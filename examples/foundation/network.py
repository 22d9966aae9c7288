"""A network without a way to the internet, in which a warehouse works, and an endpoint for whatever that calls."""

import aws_cdk as cdk

from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.storage.s3 import Zone

app = cdk.App()
stack = cdk.Stack(app, "Network")
network = LakeNetwork(stack, "Network")
database = Database(stack, "Curated", zone=Zone(stack, "CuratedZone"))
airlines = Dataset(name="airlines", columns=[Column(name="code", type="string"), Column(name="name", type="string")])
warehouse = Warehouse(stack, "Warehouse", network=network, enhanced_vpc_routing=True)
warehouse.add_dataset(database.add_table(airlines))
cdk.CfnOutput(stack, "Endpoints", value=", ".join(network.services))
app.synth()
