"""Orders from JSON to an Iceberg table; what breaks a rule of the dataset goes to quarantine with the reason."""

import aws_cdk as cdk

from lake_blueprints import Column, CurationJob, Database, Dataset, Zone
from lake_blueprints.contracts import Constraints, DatasetFormat

app = cdk.App()
stack = cdk.Stack(app, "Curation")
orders = Dataset(
    name="orders",
    columns=[
        Column(name="order_id", type="string", required=True),
        Column(name="amount", type="decimal(10,2)", constraints=Constraints(minimum=0)),
        Column(name="day", type="date", required=True),
    ],
    primary_key=["order_id"],
    partition_keys=["day"],
    format=DatasetFormat.JSON,
)
raw = Zone(stack, "Raw")
curated = Zone(stack, "Curated", encryption_key=raw.key, access_logs=raw.access_logs)
table = Database(stack, "Database", zone=curated).add_iceberg_table(orders)
CurationJob(stack, "Orders", dataset=orders, source=raw, target=table)
app.synth()
