"""An inventory of the raw zone, which an analyst asks what the zone costs."""

import aws_cdk as cdk

from lake_blueprints.analytics.athena import Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.catalog.inventory import Inventory
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.storage.s3 import Zone

app = cdk.App()
stack = cdk.Stack(app, "Inventories")
raw = Zone(stack, "Raw", analyzed_prefixes=["flights/"])
reports = Database(stack, "Reports", zone=Zone(stack, "ReportZone"))
inventory = Inventory(stack, "RawObjects", zone=raw, database=reports)
analyst = ServiceRole(stack, "Analyst", services=["lambda.amazonaws.com"], description="Looks at costs")
inventory.grant_read(analyst)
Workgroup(stack, "Workgroup").grant_run_queries(analyst)
app.synth()
