"""A lake with one dataset, which arrives through a data stream, and a pipeline of its curation alone."""

from pathlib import Path

import aws_cdk as cdk

from lake_blueprints.contracts import Contract
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.lake import DataLake
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Faults")
(orders,) = Contract.from_file(Path(__file__).parent / "faults.odcs.yaml").datasets
lake = DataLake(stack, "Lake", datasets=[orders])
stream = Stream(stack, "Events", shards=1, encryption_key=lake.key)
# To the prefix that the job reads, beside the delivery to which producers put records directly.
streamed = DeliveryStream(stack, "Streamed", source=stream, destination=S3Destination(zone=lake.raw, dataset=orders))
pipeline = Pipeline(
    stack,
    "Pipeline",
    steps=[Curate(job=lake.jobs["orders"])],
    encryption_key=lake.key,
)
for name, value in {
    "Stream": stream.stream.stream_name,
    "Delivery": lake.deliveries["orders"].delivery_stream_name,
    "RawBucket": lake.raw.bucket.bucket_name,
    "CuratedBucket": lake.curated.bucket.bucket_name,
    "CuratedDatabase": lake.curated_database.database_name,
    "Workgroup": lake.workgroup.workgroup_name,
    "StateMachine": pipeline.state_machine.state_machine_arn,
    "Topic": pipeline.topic.topic_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
