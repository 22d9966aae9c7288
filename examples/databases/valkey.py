"""Features that a model asks for in a millisecond: a cache that one role signs in to, without a password."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from lake_blueprints import LakeKey
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Features")
key = LakeKey(stack, "Key").key
network = LakeNetwork(stack, "Network", encryption_key=key)
cache = ServerlessCache(stack, "Cache", network=network, encryption_key=key, max_storage=5)
predictor = ServiceRole(stack, "Predictor", services=["lambda.amazonaws.com"], description="Predicts delays")
cache.grant_connect(predictor)
group = ec2.SecurityGroup(stack, "Functions", vpc=network.vpc, allow_all_outbound=False)
cache.connections.allow_default_port_from(group, "Functions that predict")
app.synth()
