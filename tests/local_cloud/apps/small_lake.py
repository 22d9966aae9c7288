"""A lake in plain CDK, as anybody might write it: `-c broken=true` adds what the local cloud does not know."""

import aws_cdk as cdk
from aws_cdk import aws_appsync as appsync
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
from aws_cdk import aws_stepfunctions_tasks as tasks

app = cdk.App(builtin_cloud_formation_validation=False)
cdk.Tags.of(app).add("owner", "tests")

storage = cdk.Stack(app, "Storage")
key = kms.Key(storage, "Key", enable_key_rotation=True, removal_policy=cdk.RemovalPolicy.DESTROY)
raw = s3.Bucket(
    storage,
    "Raw",
    versioned=True,
    encryption=s3.BucketEncryption.KMS,
    encryption_key=key,
    enforce_ssl=True,
    lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=cdk.Duration.days(7))],
    removal_policy=cdk.RemovalPolicy.DESTROY,
    auto_delete_objects=True,
)

flow = cdk.Stack(app, "Flow")
stream = kinesis.Stream(flow, "Stream", encryption=kinesis.StreamEncryption.KMS, encryption_key=key)
role = iam.Role(
    flow,
    "Role",
    assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"),
    managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWSGlueServiceRole")],
)
raw.grant_read_write(role)
stream.grant_read(role)
delivery = firehose.CfnDeliveryStream(
    flow,
    "Delivery",
    delivery_stream_type="KinesisStreamAsSource",
    kinesis_stream_source_configuration=firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty(
        kinesis_stream_arn=stream.stream_arn, role_arn=role.role_arn
    ),
    extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
        bucket_arn=raw.bucket_arn, role_arn=role.role_arn, prefix="events/", error_output_prefix="errors/"
    ),
)
database = glue.CfnDatabase(
    flow,
    "Database",
    catalog_id=flow.account,
    database_input=glue.CfnDatabase.DatabaseInputProperty(name="events"),
)
table = glue.CfnTable(
    flow,
    "Table",
    catalog_id=flow.account,
    database_name=database.ref,
    table_input=glue.CfnTable.TableInputProperty(
        name="raw",
        storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
            location=raw.s3_url_for_object("events/"),
            columns=[glue.CfnTable.ColumnProperty(name="id", type="string")],
        ),
    ),
)
job = glue.CfnJob(
    flow,
    "Job",
    role=role.role_arn,
    command=glue.CfnJob.JobCommandProperty(name="glueetl", script_location=raw.s3_url_for_object("job.py")),
)
athena.CfnWorkGroup(
    flow,
    "WorkGroup",
    name="analysts",
    work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
        result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
            output_location=raw.s3_url_for_object("results/")
        )
    ),
)
vpc = ec2.Vpc(
    flow,
    "Vpc",
    max_azs=3,
    nat_gateways=0,
    subnet_configuration=[ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)],
    gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
)
group = ec2.SecurityGroup(flow, "Group", vpc=vpc, allow_all_outbound=False)
namespace = redshift.CfnNamespace(flow, "Namespace", namespace_name="lake", manage_admin_password=True)
workgroup = redshift.CfnWorkgroup(
    flow,
    "Workgroup",
    workgroup_name="lake",
    namespace_name=namespace.ref,
    subnet_ids=vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
    security_group_ids=[group.security_group_id],
)
topic = sns.Topic(flow, "Topic", master_key=key)
answer = tasks.SnsPublish(
    flow,
    "Tell",
    topic=topic,
    message=sfn.TaskInput.from_text("ran"),
    result_path=sfn.JsonPath.DISCARD,
)
done = sfn.Pass(flow, "Done", parameters={"job": job.ref, "workgroup": workgroup.attr_workgroup_workgroup_name})
machine = sfn.StateMachine(
    flow, "Machine", definition_body=sfn.DefinitionBody.from_chainable(answer.next(done)), timeout=cdk.Duration.hours(1)
)
if app.node.try_get_context("broken"):
    appsync.CfnGraphQLApi(flow, "Api", name="api", authentication_type="API_KEY")

cdk.CfnOutput(flow, "MachineArn", value=machine.state_machine_arn)
cdk.CfnOutput(flow, "StreamName", value=stream.stream_name)
cdk.CfnOutput(flow, "BucketName", value=raw.bucket_name)
app.synth()
