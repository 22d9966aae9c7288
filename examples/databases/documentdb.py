"""A catalogue of products as documents, which one role signs in to."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from lake_blueprints.databases.documentdb import DocumentCluster
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Documents")
network = LakeNetwork(stack, "Network")
catalogue = DocumentCluster(stack, "Catalogue", network=network, encryption_key=network.key)
shop = ServiceRole(stack, "Shop", services=["lambda.amazonaws.com"], description="Shows the catalogue")
catalogue.grant_connect(shop)
group = ec2.SecurityGroup(stack, "Functions", vpc=network.vpc, allow_all_outbound=False)
catalogue.connections.allow_default_port_from(group, "Functions that show the catalogue")
app.synth()
