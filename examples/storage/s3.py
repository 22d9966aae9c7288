"""Two zones under one key: a producer writes raw records, an analyst reads one prefix of the curated ones."""

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.storage.s3 import AccessLogBucket, LifecycleRule, Zone

app = cdk.App()
stack = cdk.Stack(app, "Zones")
key = LakeKey(stack, "Key").key
logs = AccessLogBucket(stack, "AccessLogs")
raw = Zone(
    stack,
    "Raw",
    encryption_key=key,
    access_logs=logs,
    lifecycle=[LifecycleRule(expire_after=Duration.days(365))],
)
curated = Zone(stack, "Curated", encryption_key=key, access_logs=logs)
producer = ServiceRole(stack, "Producer", services=["lambda.amazonaws.com"], description="Writes raw flights")
analyst = ServiceRole(stack, "Analyst", services=["lambda.amazonaws.com"], description="Reads curated flights")
raw.grant_write(producer, prefix="flights/")
curated.grant_read(analyst, prefix="flights/")
app.synth()
