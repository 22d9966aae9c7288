"""Tables for reference files that come without a contract, looked for every night."""

import aws_cdk as cdk

from lake_blueprints import Database, Zone
from lake_blueprints.ingestion.crawler import Crawler

app = cdk.App()
stack = cdk.Stack(app, "References")
raw = Zone(stack, "Raw")
database = Database(stack, "Database", zone=raw)
Crawler(
    stack,
    "References",
    database=database,
    prefixes=["references/"],
    table_prefix="ref_",
    schedule="cron(15 2 * * ? *)",
)
app.synth()
