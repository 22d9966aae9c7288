"""Flights that are searched by their text: a collection that costs nothing while nobody asks, filled by a delivery."""

import aws_cdk as cdk

from lake_blueprints import Column, Dataset, LakeKey, Zone
from lake_blueprints.contracts import DatasetFormat
from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.firehose import DeliveryStream, OpenSearchServerlessDestination

app = cdk.App()
stack = cdk.Stack(app, "Search")
key = LakeKey(stack, "Key").key
flights = Dataset(
    name="flights",
    columns=[Column(name="id", type="bigint"), Column(name="remarks", type="string")],
    format=DatasetFormat.JSON,
)
search = SearchCollection(stack, "Flights", encryption_key=key)
failures = Zone(stack, "Failures", encryption_key=key)
destination = OpenSearchServerlessDestination(collection=search, zone=failures, dataset=flights)
DeliveryStream(stack, "Delivery", destination=destination)
website = ServiceRole(stack, "Website", services=["lambda.amazonaws.com"], description="Searches flights")
search.grant_search(website, index="flights")
app.synth()
