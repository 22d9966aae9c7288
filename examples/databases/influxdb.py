"""Metrics of turbines in InfluxDB, which one role writes."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from lake_blueprints.databases.influxdb import TimeSeries
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork

app = cdk.App()
stack = cdk.Stack(app, "Metrics")
network = LakeNetwork(stack, "Network")
metrics = TimeSeries(stack, "Turbines", bucket="turbines", network=network, encryption_key=network.key)
gateway = ServiceRole(stack, "Gateway", services=["lambda.amazonaws.com"], description="Writes what turbines measure")
metrics.grant_connect(gateway)
group = ec2.SecurityGroup(stack, "Functions", vpc=network.vpc, allow_all_outbound=False)
metrics.connections.allow_default_port_from(group, "Functions that write metrics")
app.synth()
