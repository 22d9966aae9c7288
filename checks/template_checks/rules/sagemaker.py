"""SageMaker: models, endpoints, notebooks, features and pipelines.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import at_least, between, matching, only_one, required

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
ENDPOINT_CONFIG = "AWS::SageMaker::EndpointConfig"
# Families with local NVMe disks, which SageMaker encrypts itself.
_LOCAL_DISKS = re.compile(
    r"ml\.(g4dn|g5|g6|g6e|gr6|p3dn|p4d|p4de|p5|p5e|p5en|trn1|trn1n|trn2|inf2|[cmr]\d\w*d|i\d\w*)\."
)
_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"


@rule(
    "LAKE-SAGEMAKER-001",
    ENDPOINT_CONFIG,
    "AWS::SageMaker::*JobDefinition",
    "AWS::SageMaker::ProcessingJob",
    title="A key for volumes is given only where there is a volume",
    fix="remove the key, or choose an instance type without local disks",
    source=f"{_API}/API_ResourceConfig.html",
)
def volume_key(resource: Resource) -> Iterator[Violation]:
    """SageMaker refuses a key for instances with NVMe disks, which are encrypted by the hardware."""
    key = resource.at("KmsKeyId") if resource.kind == ENDPOINT_CONFIG else None
    for node in resource.properties.every("InstanceType"):
        volume = key or _beside(node, "VolumeKmsKeyId")
        if volume.present and node.text and _LOCAL_DISKS.match(node.text):
            yield Violation(at=volume, allowed=f"nothing with {node.text}")


@rule(
    "LAKE-SAGEMAKER-002",
    "AWS::SageMaker::*",
    title="Instance types are those of SageMaker",
    fix="write ml. before the type, for instance ml.m5.large",
    source=f"{_API}/API_ProductionVariant.html",
)
def instance_type(resource: Resource) -> Iterator[Violation]:
    """SageMaker refuses the types of EC2."""
    for node in resource.properties.every("InstanceType"):
        yield from matching(node, r"(ml\.[a-z0-9-]+\.[a-z0-9-]+|system)", "ml.<family>.<size>")


@rule(
    "LAKE-SAGEMAKER-003",
    "AWS::SageMaker::Endpoint",
    title="An endpoint is made when its model is there",
    fix="create the endpoint after a model is registered, from a pipeline or an EventBridge rule",
    source="https://github.com/aws/amazon-sagemaker-examples/issues/379",
    severity=Severity.WARNING,
)
def endpoint(endpoint: Resource) -> Iterator[Violation]:
    """The deployment waits for the endpoint, up to hours, and rolls back if artefact, image or /ping is missing."""
    configuration = endpoint.at("EndpointConfigName").target
    models = (
        [item.at("ModelName").target for item in configuration.at("ProductionVariants").items()]
        if configuration
        else []
    )
    if any(model is not None for model in models):
        yield Violation(
            at=endpoint.at("EndpointConfigName"), found="a model of the same app", allowed="a registered model"
        )


@rule(
    "LAKE-SAGEMAKER-004",
    ENDPOINT_CONFIG,
    title="A variant is served by instances or serverless",
    fix="give InstanceType with InitialInstanceCount, or ServerlessConfig",
    source=f"{_API}/API_ProductionVariant.html",
)
def variants(configuration: Resource) -> Iterator[Violation]:
    """SageMaker refuses both, neither, and memory that is not in steps of 1 GB from 1 to 6."""
    for variant in configuration.at("ProductionVariants").items():
        serverless = variant.at("ServerlessConfig")
        yield from only_one(serverless, variant.at("InstanceType"))
        if variant.known and not serverless.present and not variant.at("InstanceType").present:
            yield Violation(at=variant, found="neither", allowed="InstanceType or ServerlessConfig")
        memory = serverless.at("MemorySizeInMB")
        if memory.number is not None and memory.number not in range(1024, 6145, 1024):
            yield Violation(at=memory, allowed="1024 to 6144 in steps of 1024")
        yield from between(serverless.at("MaxConcurrency"), 1, 200)
        yield from at_least(variant.at("InitialVariantWeight"), 0)


@rule(
    "LAKE-SAGEMAKER-005",
    "AWS::SageMaker::Model",
    title="A model is one container, or several in a row",
    fix="set PrimaryContainer or Containers, with an Image or a ModelPackageName",
    source=f"{_API}/API_CreateModel.html",
)
def model(model: Resource) -> Iterator[Violation]:
    """SageMaker refuses both, neither, and a container without an image."""
    primary, several = model.at("PrimaryContainer"), model.at("Containers")
    yield from only_one(primary, several)
    if not primary.present and not several.present:
        yield Violation(at=primary, allowed="a container, or several in Containers")
    for container in [primary, *several.items()]:
        if container.known and not container.at("Image").present:
            yield from required(container.at("ModelPackageName"), "an Image or a ModelPackageName")


@rule(
    "LAKE-SAGEMAKER-006",
    "AWS::SageMaker::NotebookInstance",
    title="A notebook without internet has a subnet",
    fix="set SubnetId and SecurityGroupIds, or enable internet access",
    source=f"{_API}/API_CreateNotebookInstance.html",
)
def notebook(notebook: Resource) -> Iterator[Violation]:
    """SageMaker refuses a notebook that nothing can reach, and volumes outside 5 to 16384 GB."""
    if notebook.at("DirectInternetAccess").text == "Disabled":
        yield from required(notebook.at("SubnetId"), "a subnet while DirectInternetAccess is Disabled")
    yield from between(notebook.at("VolumeSizeInGB"), 5, 16384, "GB")
    if notebook.at("SecurityGroupIds").present:
        yield from required(notebook.at("SubnetId"), "a subnet beside SecurityGroupIds")


@rule(
    "LAKE-SAGEMAKER-007",
    "AWS::SageMaker::Pipeline",
    title="A pipeline's definition is JSON with steps",
    fix="give PipelineDefinitionBody as JSON text of the pipeline schema",
    source=f"{_GUIDE}/define-pipeline.html",
)
def pipeline(pipeline: Resource) -> Iterator[Violation]:
    """SageMaker refuses other definitions, two steps of one name, and steps that depend on none."""
    body = pipeline.at("PipelineDefinition.PipelineDefinitionBody")
    if not body.text:
        return
    try:
        definition = json.loads(body.text)
    except (ValueError, RecursionError):
        definition = None
    steps = definition.get("Steps") if isinstance(definition, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        yield Violation(at=body, allowed="JSON with Version and Steps")
        return
    names = [str(step.get("Name")) for step in steps]
    if len(set(names)) != len(names):
        yield Violation(at=body, found=", ".join(names), allowed="steps of different names")
    for needed in {str(one) for step in steps for one in step.get("DependsOn") or []} - set(names):
        yield Violation(at=body, found=f"DependsOn {needed}", allowed=", ".join(names))


@rule(
    "LAKE-SAGEMAKER-008",
    "AWS::SageMaker::FeatureGroup",
    title="A feature group has a store, and its own identifiers among its features",
    fix="add OfflineStoreConfig or OnlineStoreConfig, and define the record identifier and event time",
    source=f"{_API}/API_CreateFeatureGroup.html",
)
def feature_group(group: Resource) -> Iterator[Violation]:
    """SageMaker refuses a group without a store, and identifiers that are no feature."""
    if not group.at("OfflineStoreConfig").present and not group.at("OnlineStoreConfig").present:
        yield Violation(at=group.at("OfflineStoreConfig"), allowed="an offline or an online store")
    if group.at("OfflineStoreConfig").present:
        yield from required(group.at("RoleArn"), "a role that writes the offline store")
    features = {
        item.at("FeatureName").text: item.at("FeatureType").text for item in group.at("FeatureDefinitions").items()
    }
    if None in features or not features:
        return
    for name in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if group.at(name).text and group.at(name).text not in features:
            yield Violation(at=group.at(name), allowed=", ".join(map(str, features)))
    if features.get(group.at("EventTimeFeatureName").text) == "Integral":
        yield Violation(at=group.at("EventTimeFeatureName"), found="an Integral", allowed="a String or a Fractional")


@rule(
    "LAKE-SAGEMAKER-009",
    "AWS::SageMaker::*",
    title="Names are ones that SageMaker takes",
    fix="use letters, digits and hyphens, up to 63",
    source=f"{_API}/API_CreateModel.html",
)
def names(resource: Resource) -> Iterator[Violation]:
    """SageMaker refuses other names."""
    kind = resource.kind.rpartition("::")[2]
    for name in (f"{kind}Name", "EndpointConfigName", "ModelPackageGroupName", "NotebookInstanceName", "PipelineName"):
        most = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}" if name == "PipelineName" else _NAME
        yield from matching(resource.at(name), most, "letters and digits with hyphens between, up to 63")


@rule(
    "LAKE-SAGEMAKER-010",
    "AWS::SageMaker::Domain",
    title="A domain in a VPC has groups, and settings for its users",
    fix="set DefaultUserSettings.ExecutionRole, and security groups with AppNetworkAccessType VpcOnly",
    source=f"{_API}/API_CreateDomain.html",
)
def domain(domain: Resource) -> Iterator[Violation]:
    """SageMaker refuses a domain whose applications could not run."""
    yield from required(domain.at("DefaultUserSettings.ExecutionRole"), "a role")
    if domain.at("AppNetworkAccessType").text == "VpcOnly":
        yield from required(domain.at("DefaultUserSettings.SecurityGroups"), "security groups with VpcOnly")


def _beside(node: Node, name: str) -> Node:
    """Return the value of another key in the object that holds a value."""
    path = node.path.rpartition(".")[0].removeprefix("Properties").removeprefix(".")
    return node.resource.at(f"{path}.{name}" if path else name)
