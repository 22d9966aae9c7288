"""A table that serves customers by id: one role writes, another reads, nothing is paid for while it is idle."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb

from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "Customers")
customers = ServingTable(
    stack,
    "Customers",
    partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
    time_to_live="expires",
    max_read_request_units=1_000,
)
website = ServiceRole(stack, "Website", services=["lambda.amazonaws.com"], description="Shows customers")
importer = ServiceRole(stack, "Importer", services=["lambda.amazonaws.com"], description="Keeps customers")
customers.grant_read(website)
customers.grant_write(importer)
app.synth()
