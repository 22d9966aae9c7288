"""A lake of plain constructs of aws-cdk-lib: the parts of the reference app, without anything that makes them safe."""

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_redshiftserverless as redshift
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

DATASETS = ("flights", "weather")


class PlainLake(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(self, "Key", enable_key_rotation=True)
        logs = s3.Bucket(self, "Logs")
        raw, curated, analytics = (
            s3.Bucket(
                self,
                name,
                encryption_key=key,
                versioned=True,
                enforce_ssl=True,
                server_access_logs_bucket=logs,
                block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            )
            for name in ("Raw", "Curated", "Analytics")
        )
        stream = kinesis.Stream(self, "Stream", encryption_key=key)
        firehose.DeliveryStream(
            self,
            "Delivery",
            source=firehose.KinesisStreamSource(stream),
            destination=firehose.S3Bucket(raw, error_output_prefix="errors/!{firehose:error-output-type}/"),
        )
        account = self.account
        for name in ("raw", "curated", "analytics"):
            properties = glue.CfnDatabase.DatabaseInputProperty(name=name)
            glue.CfnDatabase(self, f"{name}Database", catalog_id=account, database_input=properties)
        for name in DATASETS:
            role = iam.Role(self, f"{name}Role", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
            raw.grant_read(role)
            curated.grant_read_write(role)
            glue.CfnTable(
                self,
                f"{name}Table",
                catalog_id=account,
                database_name="curated",
                table_input=glue.CfnTable.TableInputProperty(name=name),
            )
            command = glue.CfnJob.JobCommandProperty(name="glueetl", script_location=f"s3://scripts/{name}.py")
            glue.CfnJob(self, f"{name}Job", role=role.role_arn, command=command, glue_version="5.1")
        crawler = iam.Role(self, "CrawlerRole", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        raw.grant_read(crawler)
        target = glue.CfnCrawler.S3TargetProperty(path=raw.s3_url_for_object("reference/"))
        glue.CfnCrawler(self, "Crawler", role=crawler.role_arn, targets={"s3Targets": [target]}, database_name="raw")
        athena.CfnWorkGroup(self, "Queries", name="queries")
        vpc = ec2.Vpc(self, "Network", nat_gateways=0)
        warehouse = iam.Role(self, "WarehouseRole", assumed_by=iam.ServicePrincipal("redshift.amazonaws.com"))
        curated.grant_read(warehouse)
        redshift.CfnNamespace(self, "Namespace", namespace_name="lake", iam_roles=[warehouse.role_arn])
        redshift.CfnWorkgroup(
            self, "Warehouse", workgroup_name="lake", subnet_ids=[subnet.subnet_id for subnet in vpc.public_subnets]
        )
        training = iam.Role(self, "TrainingRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        curated.grant_read(training)
        analytics.grant_read_write(training)
        topic = sns.Topic(self, "Failures", master_key=key)
        body = sfn.DefinitionBody.from_chainable(sfn.Pass(self, "Start").next(sfn.Succeed(self, "Done")))
        machine = sfn.StateMachine(self, "Pipeline", definition_body=body)
        topic.grant_publish(machine)


app = cdk.App(builtin_cloud_formation_validation=False)
PlainLake(app, "Plain")
app.synth()
