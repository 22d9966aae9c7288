"""Files that a partner puts into a bucket: a pipeline copies what is new into the raw zone and curates it."""

import aws_cdk as cdk
from aws_cdk import aws_events as events

from lake_blueprints import Column, CurationJob, Database, Dataset, Pipeline, Zone
from lake_blueprints.ingestion.datasync import FileTransfer, S3Location, StartTransfer
from lake_blueprints.processing.curation import Curate

app = cdk.App()
stack = cdk.Stack(app, "Transfer")
partner = Zone(stack, "Partner")
raw = Zone(stack, "Raw")
curated = Zone(stack, "Curated")
flights = Dataset(name="flights", columns=[Column(name="id", type="int"), Column(name="carrier", type="string")])
source = S3Location(bucket=partner.bucket, key=partner.key, prefix="exports/")
transfer = FileTransfer(stack, "Flights", source=source, zone=raw, prefix="flights/", exclude=["*.tmp"])
table = Database(stack, "Database", zone=curated).add_iceberg_table(flights)
job = CurationJob(stack, "CurateFlights", source=transfer.landing(flights), target=table)
nightly = events.Schedule.rate(cdk.Duration.days(1))
Pipeline(stack, "Nightly", steps=[StartTransfer(transfer=transfer), Curate(job=job)], schedule=nightly)
app.synth()
