"""A role for a Glue job of one's own, which reads one zone and writes another."""

import aws_cdk as cdk

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.storage.s3 import Zone

app = cdk.App()
stack = cdk.Stack(app, "Access")
raw = Zone(stack, "Raw")
curated = Zone(stack, "Curated", encryption_key=raw.key, access_logs=raw.access_logs)
role = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Enriches flights")
raw.grant_read(role, prefix="flights/")
curated.grant_read_write(role, prefix="flights/")
app.synth()
