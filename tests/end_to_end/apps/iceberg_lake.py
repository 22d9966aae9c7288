"""Orders curated into an Iceberg table and a masked copy; the context `contract` is the version of the contract."""

import aws_cdk as cdk

from lake_blueprints import Column, CurationJob, Database, Dataset, LakeKey, Zone
from lake_blueprints.contracts import Masking, Month
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate, Curation, Newest

COLUMNS = {
    "1": [
        Column(name="id", type="bigint", required=True),
        Column(name="ordered", type="timestamp", required=True),
        Column(name="amount", type="decimal(9,2)"),
        Column(name="quantity", type="int"),
        Column(name="version", type="int", required=True),
        Column(name="lines", type="array<struct<sku:string,number:int>>"),
        Column(name="buyer", type="string", classification="restricted", masking=Masking.HASH),
        Column(name="op", type="string"),
    ],
}
# Each compatible change: a column more, in the midst, and three wider types.
COLUMNS["2"] = [
    COLUMNS["1"][0],
    Column(name="city", type="string"),
    COLUMNS["1"][1],
    Column(name="amount", type="decimal(12,2)"),
    Column(name="quantity", type="bigint"),
    *COLUMNS["1"][4:],
]

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Orders")
orders = Dataset(name="orders", columns=COLUMNS[app.node.try_get_context("contract") or "1"], primary_key=["id"])
curation = Curation(keep=Newest(by="version", deleted="op = 'D'"), drop=["op"])
key = LakeKey(stack, "Key").key
raw, curated, analytics = (Zone(stack, name, encryption_key=key) for name in ("Raw", "Curated", "Analytics"))
database = Database(stack, "Database", zone=curated)
copies = Database(stack, "Copies", zone=analytics)
table, copy = (
    owner.add_iceberg_table(dataset, partitioning=[Month("ordered")])
    for owner, dataset in ((database, curation.curated(orders)), (copies, curation.curated(orders).masked()))
)
job = CurationJob(stack, "Curate", dataset=orders, source=raw, target=table, masked=copy, curation=curation)
assert job.salt
pipeline = Pipeline(stack, "Pipeline", steps=[Curate(job=job)], encryption_key=key)
for name, value in {
    "RawBucket": raw.bucket.bucket_name,
    "DatabaseName": database.database_name,
    "CopiesName": copies.database_name,
    "AnalyticsBucket": analytics.bucket.bucket_name,
    "Salt": job.salt.secret_arn,
    "StateMachine": pipeline.state_machine.state_machine_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
