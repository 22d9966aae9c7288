"""TrainingJob: what it asks SageMaker for, and what its role may do."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from syrupy.assertion import SnapshotAssertion

from lake_blueprints.analytics.athena import Export, Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.machine_learning.training import (
    Compute,
    InputChannel,
    MetricDefinition,
    Register,
    Spot,
    Train,
    TrainingImage,
    TrainingJob,
    TrainingNetwork,
)
from lake_blueprints.machine_learning.training.source import SHIPPED_SCRIPT, _pack
from lake_blueprints.orchestration import Parallel, Pipeline
from lake_blueprints.storage.s3 import Zone
from tests.support import new_stack, properties, resources, template_of


def job(stack: cdk.Stack, name: str = "Delays", **options: Any) -> TrainingJob:
    zone = Zone(stack, f"{name}Zone")
    channels = {"train": InputChannel(zone=zone, prefix="flights/")}
    return TrainingJob(stack, name, **{"channels": channels, "output": zone, **options})


def request(stack: cdk.Stack, training: TrainingJob) -> dict[str, Any]:
    found: dict[str, Any] = stack.resolve(training.create_training_job())
    return found


def spotted(stack: cdk.Stack, name: str) -> TrainingJob:
    network = TrainingNetwork(
        subnets=[ec2.Subnet.from_subnet_id(stack, f"{name}Subnet", "subnet-1")],
        security_groups=[ec2.SecurityGroup.from_security_group_id(stack, f"{name}Group", "sg-1")],
    )
    return job(stack, name, network=network, compute=Compute(spot=Spot(max_wait=Duration.hours(2))))


def allowed(stack: cdk.Stack) -> dict[str, list[Any]]:
    """Return the actions of the training role with the resources of each."""
    found: dict[str, list[Any]] = {}
    for statement in properties(template_of(stack), "AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]:
        for action in as_list(statement["Action"]):
            found.setdefault(action, []).extend(as_list(statement["Resource"]))
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_its_request_matches_its_snapshot(stack: cdk.Stack, template_snapshot: SnapshotAssertion) -> None:
    assert request(stack, job(stack)) == template_snapshot


def test_reads_a_table_and_its_prefix_only(stack: cdk.Stack) -> None:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"))
    flights = database.add_table(Dataset(name="flights", columns=[Column(name="id", type="int")]))
    training = job(stack, channels={"train": InputChannel(table=flights)})
    channel = request(stack, training)["InputDataConfig"][0]
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == stack.resolve(flights.uri)
    assert channel["ContentType"] == "application/x-parquet"
    granted = allowed(stack)
    table = stack.resolve(flights.zone.bucket.arn_for_objects("flights/*"))
    script = stack.resolve(training.script.bucket.arn_for_objects(training.script.s3_object_key))
    assert granted["s3:GetObject"] == [script, table]
    assert not [action for action in granted if action.startswith("glue:")]


def test_writes_models_under_the_key_of_their_zone_and_cannot_read_them(stack: cdk.Stack) -> None:
    training = job(stack, output_prefix="delays/")
    output = request(stack, training)["OutputDataConfig"]
    assert output["S3OutputPath"] == stack.resolve(training.output.uri("delays/"))
    assert output["KmsKeyId"] == stack.resolve(training.output.key.key_arn)
    models = stack.resolve(training.output.bucket.arn_for_objects("delays/*"))
    granted = allowed(stack)
    assert granted["s3:PutObject"] == [models]
    assert models not in granted["s3:GetObject"]


def test_has_exactly_the_documented_permissions(stack: cdk.Stack) -> None:
    job(stack)
    assert set(allowed(stack)) == {
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:AbortMultipartUpload",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:DescribeKey",
        "kms:CreateGrant",
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "cloudwatch:PutMetricData",
    }


def test_brings_the_script_along_as_a_channel_since_an_isolated_container_cannot_fetch_it(stack: cdk.Stack) -> None:
    training = job(stack)
    asked = request(stack, training)
    code = asked["InputDataConfig"][-1]
    archive = training.script.s3_object_key
    assert asked["EnableNetworkIsolation"] is True
    assert code["ChannelName"] == "code"
    assert stack.resolve(code["DataSource"]["S3DataSource"]["S3Uri"]) == stack.resolve(training.script.s3_object_url)
    assert asked["HyperParameters"]["sagemaker_program"] == "train.py"
    assert asked["HyperParameters"]["sagemaker_submit_directory"] == f"/opt/ml/input/data/code/{archive}"


def test_packs_the_script_alone_and_always_the_same() -> None:
    packed = _pack(SHIPPED_SCRIPT)
    assert packed == _pack(SHIPPED_SCRIPT)
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        (member,) = archive.getmembers()
        content = archive.extractfile(member)
        assert content is not None
        assert (member.name, member.mtime) == ("train.py", 0)
        assert content.read() == SHIPPED_SCRIPT.read_bytes()


def test_takes_another_script(stack: cdk.Stack, tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text("print('hello')")
    training = job(stack, script=script)
    assert request(stack, training)["HyperParameters"]["sagemaker_program"] == "mine.py"


def test_writes_hyperparameters_as_script_mode_reads_them(stack: cdk.Stack) -> None:
    given = {"target": "delay", "max_iter": 100, "learning_rate": 0.1, "early_stopping": True}
    found = request(stack, job(stack, hyperparameters=given))["HyperParameters"]
    texts = {"target": "delay", "max_iter": "100", "learning_rate": "0.1", "early_stopping": "true"}
    assert {name: found[name] for name in given} == texts


def test_job_names_are_valid_and_differ_between_executions_and_attempts_at_redriving(stack: cdk.Stack) -> None:
    training = job(stack, "AVeryLongNameOfATrainingJobThatIsCutSomewhere")
    expression = request(stack, training)["TrainingJobName.$"]
    assert "$$.Execution.Id" in expression
    assert "$$.State.EnteredTime" in expression
    name = training.job_names.replace("*", "d41d8cd98f00b204e9800998ecf8427e")
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)
    assert expression.startswith(f"States.Format('{training.job_names.removesuffix('*')}{{}}'")


def test_takes_the_image_of_the_region_from_a_table(stack: cdk.Stack) -> None:
    job(stack)
    (table,) = template_of(stack)["Mappings"].values()
    assert table["us-east-1"] == {"account": "683313688378"}
    assert table["cn-north-1"] == {"account": "450853457545"}
    assert len(table) == 37


def test_another_stack_that_runs_the_job_has_a_table_of_its_own(stack: cdk.Stack) -> None:
    training = job(stack)
    other = cdk.Stack(cdk.App.of(stack), "Other")
    cdk.CfnOutput(other, "Request", value=other.to_json_string(training.create_training_job()))
    assert template_of(other)["Mappings"] == template_of(stack)["Mappings"]
    notes = cdk.assertions.Annotations.from_stack(other).find_info("*", cdk.assertions.Match.any_value())
    assert notes == []


def test_needs_no_table_if_the_region_is_known() -> None:
    stack = new_stack(region="eu-west-1")
    image = request(stack, job(stack))["AlgorithmSpecification"]["TrainingImage"]
    parts = image["Fn::Join"][1]
    assert parts[0] == "141502667606.dkr.ecr.eu-west-1."
    assert parts[-1] == "/sagemaker-scikit-learn:1.4-2-cpu-py3"
    assert "Mappings" not in template_of(stack)


def test_refuses_a_region_without_an_image() -> None:
    with pytest.raises(ValueError, match=r"no scikit-learn image in 'mx-central-1'; pass an 'image' of your own"):
        job(new_stack(region="mx-central-1"))


def test_takes_an_image_of_ones_own(stack: cdk.Stack) -> None:
    repository = ecr.Repository(stack, "Repository")
    training = job(stack, image=TrainingImage.from_repository(repository, tag="2"))
    assert allowed(stack)["ecr:BatchGetImage"] == [stack.resolve(repository.repository_arn)]
    image = request(stack, training)["AlgorithmSpecification"]["TrainingImage"]
    assert image == stack.resolve(repository.repository_uri_for_tag("2"))


def test_refuses_a_version_that_aws_does_not_publish(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"'version' must be 1.2-1 or 1.4-2, got '0.20.0'"):
        TrainingImage.scikit_learn(stack, version="0.20.0")


def test_uses_spot_capacity_with_checkpoints_in_a_folder_of_each_job(stack: cdk.Stack) -> None:
    asked = request(stack, job(stack, compute=Compute(spot=Spot(max_wait=Duration.hours(3)))))
    assert asked["EnableManagedSpotTraining"] is True
    assert asked["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 10800}
    assert list(asked["CheckpointConfig"]) == ["S3Uri.$"]


def test_runs_in_a_network(stack: cdk.Stack) -> None:
    asked = request(stack, spotted(stack, "Delays"))
    assert asked["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert "ec2:CreateNetworkInterface" in allowed(stack)


def test_encrypts_traffic_between_several_instances(stack: cdk.Stack) -> None:
    asked = request(stack, job(stack, compute=Compute(instance_count=2)))
    assert asked["EnableInterContainerTrafficEncryption"] is True


def test_hardware_encrypts_local_storage_without_a_key(stack: cdk.Stack) -> None:
    asked = request(stack, job(stack, compute=Compute(instance_type="ml.g5.xlarge", encrypt_volume=False)))
    assert "VolumeKmsKeyId" not in asked["ResourceConfig"]
    assert "kms:CreateGrant" not in allowed(stack)


@pytest.mark.parametrize("family", ["m5d", "c5d", "r6id", "g4dn", "g5", "p4d", "p5", "trn1"])
def test_refuses_a_volume_key_on_local_storage(family: str) -> None:
    with pytest.raises(ValueError, match=rf"'ml.{family}.xlarge' has local NVMe storage.*'encrypt_volume' to False"):
        Compute(instance_type=f"ml.{family}.xlarge")


@pytest.mark.parametrize("family", ["m5", "c5n", "m6i", "m7g", "p3", "t3"])
def test_accepts_a_volume_key_elsewhere(family: str) -> None:
    assert Compute(instance_type=f"ml.{family}.xlarge").encrypt_volume


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"instance_type": "m5.large"}, r"'instance_type' must look like 'ml.m5.xlarge', got 'm5.large'"),
        ({"instance_count": 0}, r"'instance_count' must be at least 1, got 0"),
        ({"volume_size_gb": 0}, r"'volume_size_gb' must be 1 to 16384, got 0"),
        ({"max_runtime": Duration.days(29)}, r"'max_runtime' must be 1 second to 28 days, got 2505600 seconds"),
        (
            {"spot": Spot(max_wait=Duration.minutes(59))},
            r"must be at least 'max_runtime' \(3600 seconds\), got 3540 seconds",
        ),
    ],
)
def test_refuses_values_that_sagemaker_would_refuse(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Compute(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "", "regex": "a=(.)"}, "'name' must have 1 to 255 characters, got 0"),
        ({"name": "a", "regex": "a=."}, "must have one group, the value, got 0"),
        ({"name": "a", "regex": "a=(."}, "is not a regular expression"),
    ],
)
def test_refuses_metrics_that_find_nothing(values: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MetricDefinition(**values)


def test_refuses_channels_without_a_single_source(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    with pytest.raises(ValueError, match="either a 'table', an 'export', or a 'zone'"):
        InputChannel()
    with pytest.raises(ValueError, match="'prefix' must name a folder and end in '/', got 'flights'"):
        InputChannel(zone=zone, prefix="flights")


@pytest.mark.parametrize("names", [[], ["code"]])
def test_refuses_no_channel_and_the_name_of_its_own(stack: cdk.Stack, names: list[str]) -> None:
    zone = Zone(stack, "Zone")
    channels = {name: InputChannel(zone=zone, prefix="a/") for name in names}
    with pytest.raises(ValueError, match="'channels' must be 1 to 19, none of them 'code'"):
        TrainingJob(stack, "Job", channels=channels, output=zone)


def test_refuses_a_script_that_is_not_there(stack: cdk.Stack, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'script' must be a file, got"):
        job(stack, script=tmp_path / "missing.py")


def test_tells_the_name_of_its_model_package_group(stack: cdk.Stack) -> None:
    training = job(stack)
    group = properties(template_of(stack), "AWS::SageMaker::ModelPackageGroup")
    assert group["ModelPackageGroupName"] == training.model_package_group_name


def test_registers_a_model_that_serves_itself(stack: cdk.Stack) -> None:
    training = job(stack)
    asked = stack.resolve(training.create_model_package(model_data="$.model", approval_status="Approved"))
    (container,) = asked["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl.$"] == "$.model"
    assert container["Environment"]["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert asked["ModelPackageGroupName"] == training.model_package_group_name


def test_grants_running_and_registering(stack: cdk.Stack) -> None:
    training = job(stack)
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())
    training.grant_run(caller)
    training.grant_register(caller)
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    by_action = {action: statement for statement in statements for action in as_list(statement["Action"])}
    assert by_action["iam:PassRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}
    }
    assert by_action["iam:PassRole"]["Resource"] == stack.resolve(training.role.role_arn)
    rule = by_action["events:PutRule"]["Resource"]["Fn::Join"][1][-1]
    assert rule.endswith(":rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule")
    assert {"sagemaker:CreateTrainingJob", "sagemaker:AddTags", "sagemaker:CreateModelPackage"} <= set(by_action)


def exported(stack: cdk.Stack, dataset: Dataset, **options: Any) -> Export:
    zone = Zone(stack, "Lake")
    workgroup = Workgroup(stack, "Queries", encryption_key=zone.key, access_logs=zone.access_logs)
    table = Database(stack, "Database", zone=zone).add_iceberg_table(dataset)
    return Export(workgroup=workgroup, table=table, zone=zone, prefix="exports/", **options)


def test_reads_the_export_of_the_same_execution_and_says_so_in_the_package(stack: cdk.Stack) -> None:
    export = exported(stack, Dataset(name="flights", columns=[Column(name="id", type="int")]))
    training = job(stack, channels={"train": InputChannel(export=export)})
    path = export.output_path
    source = request(stack, training)["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    assert source["S3Uri.$"] == f"{path}.location"
    package = training.create_model_package(model_data="$.model", approval_status="Approved")
    assert package["CustomerMetadataProperties"] == {
        "train.table.$": f"States.Format('{{}}.{{}}', {path}.database, {path}.table)",
        "train.snapshot.$": f"{path}.snapshot",
        "train.contract.$": f"States.Format('{{}} {{}}', {path}.contract.dataset, {path}.contract.version)",
    }
    assert {consumer.dataset for consumer in training.consumers()} == {"flights"}
    Pipeline(stack, "Pipeline", steps=[export, Train(job=training), Register(job=training)])


def test_an_export_that_is_read_comes_before_the_training_in_its_sequence(stack: cdk.Stack) -> None:
    export = exported(stack, Dataset(name="flights", columns=[Column(name="id", type="int")]))
    train = Train(job=job(stack, channels={"train": InputChannel(export=export)}))
    message = "reads step 'Export flights' as channel 'train', which must be before it in its sequence"
    for number, steps in enumerate(([train, export], [Parallel(branches=[export]), train])):
        with pytest.raises(ValueError, match=message):
            Pipeline(stack, f"Pipeline{number}", steps=steps)


def test_refuses_an_export_of_restricted_columns_unless_the_model_may_learn_from_them(stack: cdk.Stack) -> None:
    export = exported(stack, SECRET, restricted=True)
    with pytest.raises(ValueError, match="'crews' has the restricted columns name; grant"):
        InputChannel(export=export)
    assert InputChannel(export=export, restricted=True).source == (export.zone, "exports/")


SECRET = Dataset(
    name="crews",
    columns=[Column(name="hours", type="int"), Column(name="name", type="string", classification="restricted")],
)


def test_refuses_to_learn_from_restricted_columns_unless_told_so(stack: cdk.Stack) -> None:
    table = Database(stack, "Database", zone=Zone(stack, "Zone")).add_table(SECRET)
    with pytest.raises(ValueError, match="'crews' has the restricted columns name; grant"):
        InputChannel(table=table)
    job(stack, channels={"train": InputChannel(table=table, restricted=True)})
    assert "Deny" not in str(resources(template_of(stack), "AWS::IAM::ManagedPolicy"))


def test_a_channel_of_a_zone_reads_nothing_restricted(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    Database(stack, "Database", zone=zone).add_table(SECRET, prefix="people/crews/")
    job(stack, channels={"train": InputChannel(zone=zone, prefix="people/")})
    policies = [
        item["Properties"]["PolicyDocument"] for item in resources(template_of(stack), "AWS::IAM::ManagedPolicy")
    ]
    (denial,) = [s for policy in policies for s in policy["Statement"] if s["Effect"] == "Deny"]
    assert denial["Resource"]["Fn::Join"][1][-1] == "/people/crews/*"
