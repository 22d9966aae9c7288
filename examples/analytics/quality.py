"""Rules of a dataset, evaluated by Glue Data Quality on its table."""

import aws_cdk as cdk

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.analytics.quality import QualityRuleset
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "Quality")
airports = Dataset(
    name="airports",
    columns=[Column(name="code", type="string", required=True, unique=True), Column(name="city", type="string")],
    primary_key=["code"],
)
table = Database(stack, "Database", zone=Zone(stack, "Curated")).add_table(airports)
ruleset = QualityRuleset(stack, "Airports", table=table)
steward = ServiceRole(stack, "Steward", services=["lambda.amazonaws.com"], description="Checks airports")
ruleset.grant_run(steward)
app.synth()
