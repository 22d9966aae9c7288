"""A lake whose contract promises quality, and a pipeline that evaluates it."""

from pathlib import Path

import aws_cdk as cdk

from lake_blueprints.analytics.quality import Evaluate
from lake_blueprints.contracts import Contract
from lake_blueprints.lake import DataLake
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Quality")
lake = DataLake(stack, "Lake", datasets=Contract.from_file(Path(__file__).parent / "quality.odcs.yaml").datasets)
pipeline = Pipeline(
    stack,
    "Pipeline",
    steps=[Curate(job=lake.jobs["orders"]), Evaluate(ruleset=lake.rulesets["orders"])],
    encryption_key=lake.key,
)
for name, value in {
    "Orders": lake.deliveries["orders"].delivery_stream_name,
    "CuratedBucket": lake.curated.bucket.bucket_name,
    "RawBucket": lake.raw.bucket.bucket_name,
    "StateMachine": pipeline.state_machine.state_machine_arn,
    "Topic": pipeline.topic.topic_arn,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
