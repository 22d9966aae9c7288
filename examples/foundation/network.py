"""A network without a way to the internet, from which jobs reach Glue and S3."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Network")
LakeNetwork(stack, "Network", endpoints=[ec2.InterfaceVpcEndpointAwsService.GLUE])
app.synth()
