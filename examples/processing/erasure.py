"""Orders of customers, erased by their e-mail address: a private zone for requests, and a nightly pipeline."""

import aws_cdk as cdk
from aws_cdk import aws_events as events

from lake_blueprints import Column, CurationJob, Database, Dataset, LakeKey, Pipeline, Zone
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.processing.curation import Curate
from lake_blueprints.processing.erasure import Erase, Erasure

app = cdk.App()
stack = cdk.Stack(app, "Erasing")
key = LakeKey(stack, "Key", eventbridge=True).key
raw, curated, private = (Zone(stack, name, encryption_key=key) for name in ("Raw", "Curated", "Private"))
orders = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint"), Column(name="email", type="string", tags=["subject"])],
    primary_key=["id"],
)
table = Database(stack, "Database", zone=curated).add_iceberg_table(orders)
curate = CurationJob(stack, "CurateOrders", dataset=orders, source=raw, target=table)
erasure = Erasure(stack, "Erasure", requests=private, curations=[curate])
office = ServiceRole(stack, "Office", services=["lambda.amazonaws.com"], description="Asks for erasures")
erasure.grant_request(office)
Pipeline(
    stack,
    "Nightly",
    steps=[Curate(job=curate), Erase(job=erasure)],
    schedule=events.Schedule.rate(cdk.Duration.days(1)),
    encryption_key=key,
)
app.synth()
