"""A workgroup with a scan limit, a saved query, and a role that may run it on one table."""

import aws_cdk as cdk
from aws_cdk import Size

from lake_blueprints import Column, Database, Dataset, Workgroup, Zone
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "Queries")
flights = Dataset(name="flights", columns=[Column(name="carrier", type="string"), Column(name="delay", type="double")])
curated = Zone(stack, "Curated")
database = Database(stack, "Database", zone=curated)
table = database.add_table(flights)
workgroup = Workgroup(
    stack,
    "Analysts",
    encryption_key=curated.key,
    access_logs=curated.access_logs,
    scan_limit=Size.gibibytes(10),
)
sql = "SELECT carrier, avg(delay) FROM flights GROUP BY carrier"
workgroup.add_query("Delays", name="Delays by carrier", sql=sql, database=database.database_name)
analyst = ServiceRole(stack, "Analyst", services=["lambda.amazonaws.com"], description="Asks for delays")
workgroup.grant_run_queries(analyst)
table.grant_read(analyst)
app.synth()
