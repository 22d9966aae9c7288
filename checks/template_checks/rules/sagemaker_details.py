"""SageMaker: steps of pipelines, scripts of notebooks, and variants of endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import between, matching, one_of, parsed
from template_checks.rules.sagemaker import ENDPOINT_CONFIG

_API: Final = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_STEPS: Final = (
    *("Processing", "Training", "Tuning", "AutoML", "Model", "RegisterModel", "Transform", "Condition", "Callback"),
    *("Lambda", "ClarifyCheck", "QualityCheck", "EMR", "EMRServerless", "Fail", "EndpointConfig", "Endpoint"),
    *("InferenceComponent", "NotebookJob", "Lineage", "BedrockCustomModel", "BedrockModelImport", "MLflow"),
)
_PARAMETERS: Final = ("String", "Integer", "Float", "Boolean")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_PIPELINE: Final = "AWS::SageMaker::Pipeline"


@rule(
    "LAKE-SAGEMAKER-011",
    _PIPELINE,
    title="Steps of a pipeline are of types that SageMaker runs, and refer to what the pipeline has",
    fix="correct Type, or the step or parameter in Get",
    source="https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/",
)
def steps(pipeline: Resource) -> Iterator[Violation]:
    """SageMaker refuses other types, parameters and references."""
    body = pipeline.at("PipelineDefinition.PipelineDefinitionBody")
    definition = parsed(body.rendered) if body.present else None
    if not isinstance(definition, dict):
        return
    version, given = definition.get("Version"), definition.get("Parameters")
    if version is not None and version != "2020-12-01" and "${" not in str(version):
        yield Violation(at=body, found=f"Version {version}", allowed="2020-12-01")
    parameters = (
        {str(one.get("Name")): one for one in given if isinstance(one, dict)} if isinstance(given, list) else {}
    )
    for name, one in parameters.items():
        if one.get("Type") not in (*_PARAMETERS, None):
            yield Violation(at=body, found=f"type {one['Type']} of {name}", allowed=", ".join(_PARAMETERS))
    found = list(_steps(definition))
    for step in found:
        kind = step.get("Type")
        if isinstance(kind, str) and kind not in _STEPS and "${" not in kind:
            yield Violation(at=body, found=f"type {kind} of {step.get('Name')}", allowed=", ".join(_STEPS))
        if kind == "Condition" and not isinstance((step.get("Arguments") or {}), dict):
            yield Violation(at=body, found=f"Arguments of {step.get('Name')}", allowed="an object with Conditions")
    names = {str(step.get("Name")) for step in found}
    for path in sorted(set(_references(definition))):
        kind, _, rest = path.partition(".")
        name = re.split(r"[.\[]", rest)[0]
        known = {"Steps": names, "Parameters": set(parameters)}.get(kind)
        if known is not None and name not in known and "${" not in path:
            yield Violation(at=body, found=f"Get {path}", allowed=f"one of {', '.join(sorted(known)) or 'none'}")


def _steps(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the steps of a definition, and those of its conditions."""
    listed = value.get("Steps") if isinstance(value, dict) else None
    ahead = [step for step in listed if isinstance(step, dict)] if isinstance(listed, list) else []
    while ahead:
        step = ahead.pop(0)
        yield step
        arguments = step.get("Arguments")
        for name in ("IfSteps", "ElseSteps"):
            inner = arguments.get(name) if isinstance(arguments, dict) else None
            ahead += [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("Get"), str) and len(value) == 1:
            yield value["Get"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


@rule(
    "LAKE-SAGEMAKER-012",
    "AWS::SageMaker::NotebookInstanceLifecycleConfig",
    "AWS::SageMaker::StudioLifecycleConfig",
    title="Scripts of notebooks are in base64",
    fix="encode the script, for instance by Fn::Base64",
    source=f"{_API}/API_NotebookInstanceLifecycleHook.html",
)
def scripts(configuration: Resource) -> Iterator[Violation]:
    """SageMaker refuses plain text, scripts of more than 16384 characters, and two for the same time."""
    hooks = [configuration.at(name) for name in ("OnCreate", "OnStart")]
    contents = [item.at("Content") for hook in hooks for item in hook.items()]
    for node in [*contents, configuration.at("StudioLifecycleConfigContent")]:
        text = node.value if isinstance(node.value, str) and not node.value.startswith("{{") else None
        if text is not None and not (_BASE64.fullmatch(re.sub(r"[\r\n]", "", text)) and text.strip()):
            yield Violation(at=node, allowed="a script in base64")
        elif text is not None and len(text) > 16384:
            yield Violation(at=node, found=f"{len(text)} characters", allowed="16384 or fewer")
    for hook in hooks:
        if isinstance(hook.value, list) and len(hook.value) > 1:
            yield Violation(at=hook, found=f"{len(hook.value)} scripts", allowed="one")


@rule(
    "LAKE-SAGEMAKER-013",
    ENDPOINT_CONFIG,
    "AWS::SageMaker::Endpoint",
    title="An endpoint names its configuration and models, and captures data as SageMaker can",
    fix="give names by Fn::GetAtt, variants of different names, and percentages from 0 to 100",
    source=f"{_API}/API_CreateEndpointConfig.html",
)
def endpoint(resource: Resource) -> Iterator[Violation]:
    """SageMaker refuses an ARN in place of a name, two variants of one name, and captures of another kind."""
    names = [resource.at("EndpointConfigName")]
    variants = resource.at("ProductionVariants").items()
    for node in [*names, *(one.at("ModelName") for one in variants)]:
        target = node.target
        if target is not None and isinstance(node.value, dict) and "Ref" in node.value:
            name = target.kind.rpartition("::")[2]
            if target.kind in {"AWS::SageMaker::Model", ENDPOINT_CONFIG}:
                yield Violation(
                    at=node, found=f"the ARN of {target.logical_id}", allowed=f"its {name}Name by Fn::GetAtt"
                )
    texts = [one.at("VariantName").text for one in variants]
    if None not in texts and len(texts) != len(set(texts)):
        yield Violation(
            at=resource.at("ProductionVariants"), found=", ".join(map(str, texts)), allowed="names that differ"
        )
    for one in variants:
        yield from between(one.at("InitialInstanceCount"), 1, 10000, "instances")
    capture = resource.at("DataCaptureConfig")
    yield from between(capture.at("InitialSamplingPercentage"), 0, 100, "percent")
    yield from _location(capture.at("DestinationS3Uri"))
    yield from _location(resource.at("AsyncInferenceConfig.OutputConfig.S3OutputPath"))
    for option in capture.at("CaptureOptions").items():
        yield from one_of(option.at("CaptureMode"), ("Input", "Output", "InputAndOutput"))
    if resource.at("AsyncInferenceConfig").present and any(one.at("ServerlessConfig").given for one in variants):
        node = resource.at("AsyncInferenceConfig")
        yield Violation(at=node, found="set", allowed="nothing with ServerlessConfig")


def _location(node: Node) -> Iterator[Violation]:
    if node.text and not node.text.startswith("{{"):
        yield from matching(node, r"(https|s3)://.+", "s3://<bucket>/<prefix>")


@rule(
    "LAKE-SAGEMAKER-014",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::FeatureGroup",
    title="Artefacts and features lie in S3, and have names that SageMaker takes",
    fix="write s3://<bucket>/<key> for an artefact, and features of letters, digits, '_' and '-'",
    source=f"{_API}/API_ContainerDefinition.html",
)
def artefacts(resource: Resource) -> Iterator[Violation]:
    """SageMaker refuses others."""
    for container in [resource.at("PrimaryContainer"), *resource.at("Containers").items()]:
        yield from _location(container.at("ModelDataUrl"))
    containers = resource.at("Containers")
    if isinstance(containers.value, list) and len(containers.value) > 15:
        yield Violation(at=containers, found=f"{len(containers.value)} containers", allowed="15 or fewer")
    yield from _location(resource.at("OfflineStoreConfig.S3StorageConfig.S3Uri"))
    names = [one.at("FeatureName") for one in resource.at("FeatureDefinitions").items()]
    for one in resource.at("FeatureDefinitions").items():
        yield from one_of(one.at("FeatureType"), ("Integral", "Fractional", "String"))
        pattern = r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}"
        yield from matching(one.at("FeatureName"), pattern, "up to 64 letters, digits, '_' and '-'")
        if one.at("FeatureName").text in {"is_deleted", "write_time", "api_invocation_time"}:
            yield Violation(at=one.at("FeatureName"), allowed="a name that the store does not have itself")
    texts = [name.text for name in names]
    if None not in texts and len(texts) != len(set(texts)):
        yield Violation(
            at=resource.at("FeatureDefinitions"), found=", ".join(map(str, texts)), allowed="names that differ"
        )
