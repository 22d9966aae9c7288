"""A stream of clicks for a week: one role writes, another reads."""

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.kinesis import Stream

app = cdk.App()
stack = cdk.Stack(app, "Clicks")
clicks = Stream(stack, "Clicks", retention=Duration.days(7))
website = ServiceRole(stack, "Website", services=["lambda.amazonaws.com"], description="Sends clicks")
counter = ServiceRole(stack, "Counter", services=["lambda.amazonaws.com"], description="Counts clicks")
clicks.grant_write(website)
clicks.grant_read(counter)
app.synth()
