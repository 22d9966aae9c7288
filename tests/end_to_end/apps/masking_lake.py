"""A lake whose contract restricts columns and promises things about them, a warehouse, and a pipeline of all."""

from pathlib import Path

import aws_cdk as cdk

from lake_blueprints.analytics.quality import Evaluate
from lake_blueprints.contracts import Contract
from lake_blueprints.databases.redshift import Load
from lake_blueprints.lake import DataLake
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.processing.curation import Curate

app = cdk.App(builtin_cloud_formation_validation=False)
stack = cdk.Stack(app, "Masking")
contract = Contract.from_file(Path(__file__).parent / "passengers.odcs.yaml")
lake = DataLake(stack, "Lake", datasets=contract.datasets, warehouse=True)
job = lake.jobs["passengers"]
assert lake.redshift is not None and job.salt is not None
pipeline = Pipeline(
    stack,
    "Pipeline",
    steps=[Curate(job=job), Load(warehouse=lake.redshift), Evaluate(ruleset=lake.rulesets["passengers"])],
    encryption_key=lake.key,
)
for name, value in {
    "Passengers": lake.deliveries["passengers"].delivery_stream_name,
    "CuratedDatabase": lake.curated_database.database_name,
    "AnalyticsDatabase": lake.analytics_database.database_name,
    "CuratedBucket": lake.curated.bucket.bucket_name,
    "Workgroup": lake.workgroup.workgroup_name,
    "Warehouse": lake.redshift.workgroup_name,
    "Job": job.job_name,
    "Salt": job.salt.secret_arn,
    "StateMachine": pipeline.state_machine.state_machine_arn,
    "Topic": pipeline.topic.topic_arn,
    "RawBucket": lake.raw.bucket.bucket_name,
    "AnalyticsBucket": lake.analytics.bucket.bucket_name,
    "ResultsBucket": lake.workgroup.results.bucket.bucket_name,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
