"""Each resource type: what the template says reaches the service, and Ref and Fn::GetAtt are CloudFormation's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.cloudformation.types import all_types

Deploy = Callable[..., dict[str, Any]]
ROLE = "arn:aws:iam::123456789012:role/any"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
ANYBODY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


@pytest.fixture
def values(deploy: Deploy) -> Callable[..., dict[str, str]]:
    """Deploy resources and resolve expressions over them."""

    def values(resources: dict[str, Any], **expressions: Any) -> dict[str, str]:
        stack = deploy(resources, Outputs={name: {"Value": value} for name, value in expressions.items()})
        assert stack["StackStatus"].endswith("E_COMPLETE"), stack
        assert "ROLLBACK" not in stack["StackStatus"], stack
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    return values


Values = Callable[..., dict[str, str]]


def test_no_type_is_declared_twice() -> None:
    names = [kind.name for kind in all_types()]
    assert len(names) == len(set(names))


def test_a_bus_and_a_rule_of_it(cloud: LocalCloud, values: Values) -> None:
    found = values(
        {
            "Bus": resource("AWS::Events::EventBus", Name="alerts"),
            "Rule": resource("AWS::Events::Rule", EventBusName={"Ref": "Bus"}, EventPattern={"source": ["lake"]}),
        },
        Bus={"Ref": "Bus"},
    )
    assert found["Bus"] == "alerts"
    assert cloud.client("events").list_rules(EventBusName="alerts")["Rules"][0]["EventBusName"] == "alerts"


def test_bucket(cloud: LocalCloud, values: Values) -> None:
    found = values(
        {
            "Key": resource("AWS::KMS::Key", KeyPolicy=ANYBODY),
            "Bucket": resource(
                "AWS::S3::Bucket",
                VersioningConfiguration={"Status": "Enabled"},
                BucketEncryption={
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
                            },
                        }
                    ]
                },
                PublicAccessBlockConfiguration={"BlockPublicAcls": "true", "RestrictPublicBuckets": True},
                LifecycleConfiguration={
                    "Rules": [
                        {
                            "Id": "old",
                            "Status": "Enabled",
                            "Prefix": "raw/",
                            "ExpirationInDays": 30,
                            "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                            "Transitions": [{"StorageClass": "GLACIER_IR", "TransitionInDays": 10}],
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                        }
                    ]
                },
                NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
                Tags=[{"Key": "owner", "Value": "me"}],
            ),
        },
        Name={"Ref": "Bucket"},
        Arn={"Fn::GetAtt": ["Bucket", "Arn"]},
        Domain={"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
    )
    name, s3 = found["Name"], cloud.client("s3")
    assert name == name.lower()
    assert found["Arn"] == f"arn:aws:s3:::{name}"
    assert found["Domain"] == f"{name}.s3.us-east-1.amazonaws.com"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rule["Filter"] == {"Prefix": "raw/"}
    assert rule["Expiration"]["Days"] == 30
    assert rule["Transitions"] == [{"Days": 10, "StorageClass": "GLACIER_IR"}]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "owner", "Value": "me"}]


def test_a_policy_that_denies_unless_over_tls_does_not_lock_the_bucket(cloud: LocalCloud, values: Values) -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    name = values(
        {
            "Bucket": resource("AWS::S3::Bucket"),
            "Policy": resource("AWS::S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument={"Statement": [deny]}),
        },
        Name={"Ref": "Bucket"},
    )["Name"]
    s3 = cloud.client("s3")
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"] == [deny]
    s3.put_object(Bucket=name, Key="k", Body=b"1")
    s3.delete_object(Bucket=name, Key="k")


def test_key_and_alias(cloud: LocalCloud, values: Values) -> None:
    found = values(
        {
            "Key": resource(
                "AWS::KMS::Key", KeyPolicy=ANYBODY, EnableKeyRotation=True, Tags=[{"Key": "owner", "Value": "me"}]
            ),
            "Alias": resource("AWS::KMS::Alias", AliasName="alias/lake", TargetKeyId={"Ref": "Key"}),
        },
        Id={"Ref": "Key"},
        Arn={"Fn::GetAtt": ["Key", "Arn"]},
        Alias={"Ref": "Alias"},
    )
    kms = cloud.client("kms")
    assert found["Arn"] == f"arn:aws:kms:us-east-1:123456789012:key/{found['Id']}"
    assert found["Alias"] == "alias/lake"
    assert kms.get_key_rotation_status(KeyId=found["Id"])["KeyRotationEnabled"] is True
    assert kms.list_resource_tags(KeyId=found["Id"])["Tags"] == [{"TagKey": "owner", "TagValue": "me"}]


def test_role_with_managed_and_inline_policies(cloud: LocalCloud, values: Values) -> None:
    def deploy(action: str) -> dict[str, str]:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        return values(
            {
                "Managed": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document),
                "Role": resource(
                    "AWS::IAM::Role",
                    AssumeRolePolicyDocument=TRUST,
                    Description=action,
                    ManagedPolicyArns=[
                        {"Ref": "Managed"},
                        "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole",
                    ],
                    Policies=[{"PolicyName": "inline", "PolicyDocument": document}],
                ),
                "Policy": resource(
                    "AWS::IAM::Policy", PolicyName="apart", PolicyDocument=document, Roles=[{"Ref": "Role"}]
                ),
            },
            Role={"Ref": "Role"},
            Arn={"Fn::GetAtt": ["Role", "Arn"]},
            Managed={"Ref": "Managed"},
        )

    iam = cloud.client("iam")
    for action in ("s3:GetObject", "s3:PutObject"):
        found = deploy(action)
        role = found["Role"]
        assert found["Arn"] == f"arn:aws:iam::123456789012:role/{role}"
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert {each["PolicyArn"] for each in attached} == {
            found["Managed"],
            "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole",
        }
        assert set(iam.list_role_policies(RoleName=role)["PolicyNames"]) == {"inline", "apart"}
        for policy in ("inline", "apart"):
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            assert document["Statement"][0]["Action"] == action
        version = iam.get_policy(PolicyArn=found["Managed"])["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=found["Managed"], VersionId=version)["PolicyVersion"]["Document"]
        assert document["Statement"][0]["Action"] == action


def test_stream_and_delivery(cloud: LocalCloud, values: Values) -> None:
    found = values(
        {
            "Stream": resource(
                "AWS::Kinesis::Stream",
                StreamModeDetails={"StreamMode": "ON_DEMAND"},
                RetentionPeriodHours=48,
                StreamEncryption={"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
            ),
            "Logs": resource("AWS::Logs::LogGroup", RetentionInDays=7),
            "LogStream": resource("AWS::Logs::LogStream", LogGroupName={"Ref": "Logs"}),
            "Delivery": resource(
                "AWS::KinesisFirehose::DeliveryStream",
                DeliveryStreamType="KinesisStreamAsSource",
                KinesisStreamSourceConfiguration={
                    "KinesisStreamARN": {"Fn::GetAtt": ["Stream", "Arn"]},
                    "RoleARN": ROLE,
                },
                ExtendedS3DestinationConfiguration={
                    "BucketARN": "arn:aws:s3:::any",
                    "RoleARN": ROLE,
                    "Prefix": "events/",
                    "BufferingHints": {"IntervalInSeconds": "60", "SizeInMBs": 64},
                    "CloudWatchLoggingOptions": {
                        "Enabled": "true",
                        "LogGroupName": {"Ref": "Logs"},
                        "LogStreamName": {"Ref": "LogStream"},
                    },
                },
            ),
        },
        Stream={"Ref": "Stream"},
        Delivery={"Ref": "Delivery"},
        Arn={"Fn::GetAtt": ["Delivery", "Arn"]},
        Logs={"Ref": "Logs"},
    )
    summary = cloud.client("kinesis").describe_stream_summary(StreamName=found["Stream"])["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 48
    assert summary["EncryptionType"] == "KMS"
    name = found["Delivery"]
    assert len(name) <= 64
    assert found["Arn"] == f"arn:aws:firehose:us-east-1:123456789012:deliverystream/{name}"
    description = cloud.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    (destination,) = description["DeliveryStreamDescription"]["Destinations"]
    assert destination["ExtendedS3DestinationDescription"]["BufferingHints"]["IntervalInSeconds"] == 60
    (group,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=found["Logs"])["logGroups"]
    assert group["retentionInDays"] == 7


def test_glue(cloud: LocalCloud, values: Values) -> None:
    def deploy(column: str, workers: int) -> dict[str, str]:
        return values(
            {
                "Database": resource(
                    "AWS::Glue::Database", CatalogId={"Ref": "AWS::AccountId"}, DatabaseInput={"Description": "d"}
                ),
                "Table": resource(
                    "AWS::Glue::Table",
                    CatalogId={"Ref": "AWS::AccountId"},
                    DatabaseName={"Ref": "Database"},
                    TableInput={
                        "Name": "events",
                        "Parameters": {"classification": "json", "projection.enabled": True},
                        "StorageDescriptor": {"Columns": [{"Name": column, "Type": "string"}], "Location": "s3://b/p/"},
                    },
                ),
                "Security": resource(
                    "AWS::Glue::SecurityConfiguration",
                    Name="secure",
                    EncryptionConfiguration={"S3Encryptions": [{"S3EncryptionMode": "SSE-S3"}]},
                ),
                "Crawler": resource(
                    "AWS::Glue::Crawler",
                    Role=ROLE,
                    DatabaseName={"Ref": "Database"},
                    Targets={"S3Targets": [{"Path": "s3://b/p/"}]},
                    Schedule={"ScheduleExpression": "cron(0 1 * * ? *)"},
                    CrawlerSecurityConfiguration={"Ref": "Security"},
                ),
                "Job": resource(
                    "AWS::Glue::Job",
                    Role=ROLE,
                    Command={"Name": "glueetl", "ScriptLocation": "s3://b/job.py", "PythonVersion": "3"},
                    DefaultArguments={"--n": 1},
                    NumberOfWorkers=str(workers),
                    WorkerType="G.1X",
                    GlueVersion="5.1",
                    MaxRetries=0,
                ),
            },
            Database={"Ref": "Database"},
            Table={"Ref": "Table"},
            Crawler={"Ref": "Crawler"},
            Job={"Ref": "Job"},
        )

    glue = cloud.client("glue")
    names = []
    for column, workers in (("a", 2), ("b", 3)):
        found = deploy(column, workers)
        names.append(found)
        assert found["Database"] == found["Database"].lower()
        table = glue.get_table(DatabaseName=found["Database"], Name=found["Table"])["Table"]
        assert table["StorageDescriptor"]["Columns"] == [{"Name": column, "Type": "string"}]
        assert table["Parameters"]["projection.enabled"] == "true"
        job = glue.get_job(JobName=found["Job"])["Job"]
        assert job["NumberOfWorkers"] == workers
        assert job["DefaultArguments"] == {"--n": "1"}
        assert glue.get_crawler(Name=found["Crawler"])["Crawler"]["DatabaseName"] == found["Database"]
    assert names[0] == names[1]


def test_data_quality_ruleset_changes_in_place(cloud: LocalCloud, values: Values) -> None:
    def template(rules: str) -> dict[str, Any]:
        database, table = {"Name": "checked"}, {"Name": "checked", "StorageDescriptor": {"Location": "s3://b/c/"}}
        return {
            "Database": resource("AWS::Glue::Database", CatalogId="1", DatabaseInput=database),
            "Table": resource("AWS::Glue::Table", CatalogId="1", DatabaseName={"Ref": "Database"}, TableInput=table),
            "Rules": resource(
                "AWS::Glue::DataQualityRuleset",
                Name="checks",
                Description="of the table",
                Ruleset=rules,
                Tags={"owner": "tests"},
                TargetTable={"DatabaseName": {"Ref": "Database"}, "TableName": {"Ref": "Table"}},
            ),
        }

    glue = cloud.client("glue")
    for rules in ("Rules = [ RowCount > 0 ]", "Rules = [ RowCount > 1 ]"):
        assert values(template(rules), Name={"Ref": "Rules"}) == {"Name": "checks"}
        found = glue.get_data_quality_ruleset(Name="checks")
        assert (found["Ruleset"], found["Description"]) == (rules, "of the table")
        assert found["TargetTable"] == {"DatabaseName": "checked", "TableName": "checked"}


def test_athena(cloud: LocalCloud, values: Values) -> None:
    def deploy(cutoff: int) -> dict[str, str]:
        return values(
            {
                "Group": resource(
                    "AWS::Athena::WorkGroup",
                    Name="analysts",
                    RecursiveDeleteOption=True,
                    WorkGroupConfiguration={
                        "BytesScannedCutoffPerQuery": cutoff,
                        "EnforceWorkGroupConfiguration": True,
                        "ResultConfiguration": {"OutputLocation": "s3://b/results/"},
                    },
                ),
                "Query": resource(
                    "AWS::Athena::NamedQuery",
                    Database="d",
                    QueryString="SELECT 1",
                    Name="one",
                    WorkGroup={"Ref": "Group"},
                ),
            },
            Group={"Ref": "Group"},
            Query={"Ref": "Query"},
        )

    athena = cloud.client("athena")
    for cutoff in (10_000_000, 20_000_000):
        found = deploy(cutoff)
        configuration = athena.get_work_group(WorkGroup=found["Group"])["WorkGroup"]["Configuration"]
        assert configuration["BytesScannedCutoffPerQuery"] == cutoff
        assert configuration["ResultConfiguration"]["OutputLocation"] == "s3://b/results/"
    assert athena.get_named_query(NamedQueryId=found["Query"])["NamedQuery"]["QueryString"] == "SELECT 1"


def test_redshift_serverless(cloud: LocalCloud, values: Values) -> None:
    def deploy(capacity: int) -> dict[str, str]:
        return values(
            {
                "Namespace": resource(
                    "AWS::RedshiftServerless::Namespace",
                    NamespaceName="lake",
                    DbName="analytics",
                    ManageAdminPassword=True,
                    IamRoles=[ROLE],
                ),
                "Workgroup": resource(
                    "AWS::RedshiftServerless::Workgroup",
                    WorkgroupName="lake",
                    NamespaceName={"Ref": "Namespace"},
                    BaseCapacity=capacity,
                    ConfigParameters=[{"ParameterKey": "require_ssl", "ParameterValue": "true"}],
                ),
            },
            Namespace={"Ref": "Namespace"},
            Secret={"Fn::GetAtt": ["Namespace", "Namespace.AdminPasswordSecretArn"]},
            Address={"Fn::GetAtt": ["Workgroup", "Workgroup.Endpoint.Address"]},
            Port={"Fn::GetAtt": ["Workgroup", "Workgroup.Endpoint.Port"]},
            Arn={"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupArn"]},
        )

    client = cloud.client("redshift-serverless")
    for capacity in (8, 16):
        found = deploy(capacity)
        workgroup = client.get_workgroup(workgroupName="lake")["workgroup"]
        assert workgroup["baseCapacity"] == capacity
        assert workgroup["configParameters"] == [{"parameterKey": "require_ssl", "parameterValue": "true"}]
        assert found["Arn"] == workgroup["workgroupArn"]
    assert found["Port"] == "5439"
    assert found["Address"] == "lake.123456789012.us-east-1.redshift-serverless.amazonaws.com"
    assert client.get_namespace(namespaceName="lake")["namespace"]["dbName"] == "analytics"
    assert cloud.client("secretsmanager").describe_secret(SecretId=found["Secret"])["ARN"] == found["Secret"]
    assert client.get_credentials(workgroupName="lake", dbName="analytics")["dbUser"] == "IAM:local"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_workgroup(workgroupName="none")


def test_messages_and_their_policies(cloud: LocalCloud, values: Values) -> None:
    found = values(
        {
            "Topic": resource("AWS::SNS::Topic", DisplayName="Failures", KmsMasterKeyId="alias/aws/sns"),
            "Queue": resource("AWS::SQS::Queue"),
            "TopicPolicy": resource("AWS::SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=ANYBODY),
            "QueuePolicy": resource("AWS::SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=ANYBODY),
            "Subscription": resource(
                "AWS::SNS::Subscription",
                TopicArn={"Ref": "Topic"},
                Protocol="sqs",
                Endpoint={"Fn::GetAtt": ["Queue", "Arn"]},
                RawMessageDelivery=True,
            ),
        },
        Topic={"Ref": "Topic"},
        Queue={"Ref": "Queue"},
    )
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    assert sns.get_topic_attributes(TopicArn=found["Topic"])["Attributes"]["DisplayName"] == "Failures"
    policy = sqs.get_queue_attributes(QueueUrl=found["Queue"], AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(policy) == ANYBODY
    sns.publish(TopicArn=found["Topic"], Message="raw")
    assert sqs.receive_message(QueueUrl=found["Queue"])["Messages"][0]["Body"] == "raw"


def test_state_machine_with_definition_object_and_substitutions(cloud: LocalCloud, values: Values) -> None:
    for word in ("first", "second"):
        arn = values(
            {
                "Machine": resource(
                    "AWS::StepFunctions::StateMachine",
                    RoleArn=ROLE,
                    Definition={"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Word}", "End": True}}},
                    DefinitionSubstitutions={"Word": word},
                    LoggingConfiguration={"Level": "OFF"},
                    Tags=[{"Key": "owner", "Value": "me"}],
                )
            },
            Arn={"Ref": "Machine"},
        )["Arn"]
        assert cloud.execute(arn) == word


def test_function_with_inline_code_and_alias(cloud: LocalCloud, values: Values) -> None:
    cloud.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    for number in ("1", "2"):
        found = values(
            {
                "Function": resource(
                    "AWS::Lambda::Function",
                    Role=ROLE,
                    Runtime="python3.13",
                    Handler="index.handler",
                    Timeout="30",
                    Code={"ZipFile": f"def handler(event, context):\n    return {number}"},
                ),
                "Version": resource("AWS::Lambda::Version", FunctionName={"Ref": "Function"}),
                "Alias": resource(
                    "AWS::Lambda::Alias", FunctionName={"Ref": "Function"}, FunctionVersion="$LATEST", Name="live"
                ),
            },
            Name={"Ref": "Function"},
            Alias={"Ref": "Alias"},
        )
        assert cloud.client("lambda").invoke(FunctionName=found["Name"])["Payload"].read().decode() == number
    assert found["Alias"] == f"arn:aws:lambda:us-east-1:123456789012:function:{found['Name']}:live"


def test_network_without_nat(cloud: LocalCloud, values: Values) -> None:
    resources = {
        "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsSupport=True),
        "Subnet": resource(
            "AWS::EC2::Subnet",
            VpcId={"Ref": "Vpc"},
            CidrBlock="10.0.0.0/24",
            AvailabilityZone={"Fn::Select": [0, {"Fn::GetAZs": ""}]},
        ),
        "Routes": resource("AWS::EC2::RouteTable", VpcId={"Ref": "Vpc"}),
        "Association": resource(
            "AWS::EC2::SubnetRouteTableAssociation", RouteTableId={"Ref": "Routes"}, SubnetId={"Ref": "Subnet"}
        ),
        "S3": resource(
            "AWS::EC2::VPCEndpoint",
            VpcId={"Ref": "Vpc"},
            ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
            RouteTableIds=[{"Ref": "Routes"}],
            VpcEndpointType="Gateway",
        ),
        "Group": resource("AWS::EC2::SecurityGroup", GroupDescription="g", VpcId={"Ref": "Vpc"}),
        "Egress": resource(
            "AWS::EC2::SecurityGroupEgress",
            GroupId={"Fn::GetAtt": ["Group", "GroupId"]},
            IpProtocol="tcp",
            FromPort=443,
            ToPort=443,
            CidrIp="10.0.0.0/16",
        ),
        "Ingress": resource(
            "AWS::EC2::SecurityGroupIngress",
            GroupId={"Fn::GetAtt": ["Group", "GroupId"]},
            IpProtocol="tcp",
            FromPort=6379,
            ToPort=6379,
            Description="caches",
            SourceSecurityGroupId={"Fn::GetAtt": ["Group", "GroupId"]},
        ),
    }
    rules = {name: {"Ref": name} for name in ("Ingress", "Egress")}
    found = values(resources, Vpc={"Ref": "Vpc"}, Group={"Fn::GetAtt": ["Group", "GroupId"]}, **rules)
    ec2 = cloud.client("ec2")
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [found["Vpc"]]}])["VpcEndpoints"]
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3"
    asked = ec2.describe_security_group_rules(SecurityGroupRuleIds=[found["Ingress"], found["Egress"]])
    rules_found = {
        rule["SecurityGroupRuleId"]: (rule["IsEgress"], rule["FromPort"]) for rule in asked["SecurityGroupRules"]
    }
    assert rules_found == {found["Ingress"]: (False, 6379), found["Egress"]: (True, 443)}


def test_a_subnet_is_in_the_zone_whose_name_or_id_is_given(cloud: LocalCloud, values: Values) -> None:
    found = values(
        {
            "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.1.0.0/16"),
            "Named": resource(
                "AWS::EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.1.0.0/24", AvailabilityZone="us-east-1c"
            ),
            "Identified": resource(
                "AWS::EC2::Subnet",
                VpcId={"Ref": "Vpc"},
                CidrBlock="10.1.1.0/24",
                AvailabilityZoneId="use1-az2",
                MapPublicIpOnLaunch=False,
                Tags=[{"Key": "Name", "Value": "isolated"}],
            ),
        },
        Named={"Ref": "Named"},
        Identified={"Fn::GetAtt": ["Identified", "SubnetId"]},
        Zone={"Fn::GetAtt": ["Named", "AvailabilityZone"]},
    )
    subnets = cloud.client("ec2").describe_subnets(SubnetIds=[found["Named"], found["Identified"]])["Subnets"]
    by_id = {subnet["SubnetId"]: subnet for subnet in subnets}
    assert found["Zone"] == by_id[found["Named"]]["AvailabilityZone"] == "us-east-1c"
    identified = by_id[found["Identified"]]
    assert (identified["AvailabilityZoneId"], identified["MapPublicIpOnLaunch"]) == ("use1-az2", False)
    assert {"Key": "Name", "Value": "isolated"} in identified["Tags"]


def test_what_watches_and_guards(cloud: LocalCloud, values: Values) -> None:
    found = values(
        {
            "Logs": resource("AWS::Logs::LogGroup", LogGroupName="/watched"),
            "Filter": resource(
                "AWS::Logs::MetricFilter",
                LogGroupName={"Ref": "Logs"},
                FilterPattern="ERROR",
                MetricTransformations=[{"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}],
            ),
            "Alarm": resource(
                "AWS::CloudWatch::Alarm",
                ComparisonOperator="GreaterThanThreshold",
                EvaluationPeriods=1,
                MetricName="m",
                Namespace="n",
                Period=60,
                Statistic="Sum",
                Threshold=0,
            ),
            "Budget": resource(
                "AWS::Budgets::Budget",
                Budget={
                    "BudgetType": "COST",
                    "TimeUnit": "MONTHLY",
                    "BudgetLimit": {"Amount": 10, "Unit": "USD"},
                },
            ),
            "Secret": resource(
                "AWS::SecretsManager::Secret",
                GenerateSecretString={
                    "SecretStringTemplate": '{"username": "admin"}',
                    "GenerateStringKey": "password",
                    "ExcludePunctuation": True,
                    "PasswordLength": 20,
                },
            ),
            "Schedule": resource(
                "AWS::Scheduler::Schedule",
                FlexibleTimeWindow={"Mode": "OFF"},
                ScheduleExpression="rate(1 day)",
                Target={"Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "RoleArn": ROLE},
            ),
            "Rule": resource(
                "AWS::Events::Rule",
                EventPattern={"source": ["aws.s3"]},
                State="ENABLED",
                Targets=[{"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "Id": "t"}],
            ),
            "Group": resource("AWS::SageMaker::ModelPackageGroup", ModelPackageGroupName="models"),
            "Admins": resource("AWS::LakeFormation::DataLakeSettings", Admins=[{"DataLakePrincipalIdentifier": ROLE}]),
            "Location": resource(
                "AWS::LakeFormation::Resource", ResourceArn="arn:aws:s3:::b", UseServiceLinkedRole=True
            ),
            "Grant": resource(
                "AWS::LakeFormation::PrincipalPermissions",
                Principal={"DataLakePrincipalIdentifier": ROLE},
                Resource={"Database": {"CatalogId": {"Ref": "AWS::AccountId"}, "Name": "d"}},
                Permissions=["DESCRIBE"],
                PermissionsWithGrantOption=[],
            ),
            "Metadata": resource("AWS::CDK::Metadata", Analytics="v2"),
        },
        Secret={"Ref": "Secret"},
        Group={"Ref": "Group"},
        Alarm={"Fn::GetAtt": ["Alarm", "Arn"]},
        Rule={"Fn::GetAtt": ["Rule", "Arn"]},
    )
    secret = json.loads(cloud.client("secretsmanager").get_secret_value(SecretId=found["Secret"])["SecretString"])
    assert secret["username"] == "admin"
    assert len(secret["password"]) == 20
    assert secret["password"].isalnum()
    assert found["Group"] == "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/models"
    assert found["Alarm"].startswith("arn:aws:cloudwatch:us-east-1:123456789012:alarm:")
    settings = cloud.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    assert settings["DataLakeAdmins"] == [{"DataLakePrincipalIdentifier": ROLE}]
    (metric_filter,) = cloud.client("logs").describe_metric_filters(logGroupName="/watched")["metricFilters"]
    assert metric_filter["filterPattern"] == "ERROR"


def test_empties_a_bucket_that_the_cdk_was_told_to_empty(cloud: LocalCloud, deploy: Deploy) -> None:
    deploy(
        {
            "Bucket": resource("AWS::S3::Bucket", BucketName="emptied", VersioningConfiguration={"Status": "Enabled"}),
            "Empty": resource("Custom::S3AutoDeleteObjects", ServiceToken="t", BucketName={"Ref": "Bucket"}),
        },
        stack="emptying",
    )
    s3 = cloud.client("s3")
    s3.put_object(Bucket="emptied", Key="k", Body=b"1")
    s3.delete_object(Bucket="emptied", Key="k")
    cloud.client("cloudformation").delete_stack(StackName="emptying")
    assert "emptied" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
