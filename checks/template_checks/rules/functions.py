"""Functions of Lambda: networks, handlers, permissions of callers and failed events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.arns import arn_of
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import QUEUE, TOPIC
from template_checks.core.template import Node, Resource
from template_checks.rules.roles import role_must_allow, role_must_allow_on

FUNCTION: Final = "AWS::Lambda::Function"
_DG: Final = "https://docs.aws.amazon.com/lambda/latest/dg"
_NETWORK: Final = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
# The services that call functions, with the service and the type of the resource that they call for.
_CALLERS: Final = {
    "s3": ("s3", "AWS::S3::Bucket"),
    "sns": ("sns", TOPIC),
    "events": ("events", "AWS::Events::Rule"),
    "logs": ("logs", "AWS::Logs::LogGroup"),
    "secretsmanager": ("secretsmanager", "AWS::SecretsManager::Secret"),
    "iot": ("iot", "AWS::IoT::TopicRule"),
}
_SENDS: Final = {
    QUEUE: "sqs:SendMessage",
    TOPIC: "sns:Publish",
    FUNCTION: "lambda:InvokeFunction",
    "AWS::Events::EventBus": "events:PutEvents",
}


@rule(
    "LAKE-LAMBDA-004",
    FUNCTION,
    title="The role of a function in a VPC may make network interfaces",
    fix="allow the actions of AWSLambdaVPCAccessExecutionRole in a policy of the role",
    source=f"{_DG}/configuration-vpc.html",
)
def network_interfaces(function: Resource) -> Iterator[Violation]:
    """Lambda refuses the function: the execution role may not call CreateNetworkInterface on EC2."""
    if function.at("VpcConfig.SubnetIds").items():
        for action in _NETWORK:
            yield from role_must_allow(function.at("Role"), action)


@rule(
    "LAKE-LAMBDA-005",
    FUNCTION,
    title="The handler is in the code",
    fix="name it index.<function>: code that is written into a template becomes the file index",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html",
)
def handler(function: Resource) -> Iterator[Violation]:
    """Each call fails: the runtime finds no such module, or nothing of that name in it."""
    node, code = function.at("Handler"), function.at("Code.ZipFile")
    if node.text is None or not code.present:
        return
    module, _, name = node.text.rpartition(".")
    if module != "index":
        yield Violation(at=node, allowed="index.<function> for code in the template")
    elif name and not re.search(rf"\b{re.escape(name)}\b", code.rendered) and "${" not in code.rendered:
        yield Violation(at=node, allowed=f"a function of the code, which has no {name}")


@rule(
    "LAKE-LAMBDA-006",
    "AWS::Lambda::Permission",
    title="A permission names the resource that its service calls for",
    fix="set SourceArn to the ARN of the bucket, topic or rule itself, for Principal to its service",
    source=f"{_DG}/access-control-resource-based.html",
)
def permission(permission: Resource) -> Iterator[Violation]:
    """The service is not let in: the resource that is to call is refused, or its calls are."""
    node, principal = permission.at("SourceArn"), permission.at("Principal").text or ""
    service, kind = _CALLERS.get(principal.partition(".")[0], ("", ""))
    if not service or not node.present:
        return
    arn, target = arn_of(node), node.target
    bucket = re.fullmatch(r"arn:[^:]*:s3:::[^/]*|\$\{[^}]*\}|\*", node.rendered if node.text is None else node.text)
    if service == "s3" and not bucket and "/" in re.sub(r"\$\{[^}]*\}", "", node.rendered):
        yield Violation(at=node, found=node.rendered, allowed="the ARN of the bucket, without its objects")
    elif arn.startswith("arn:") and arn.split(":")[2] not in {service, "*"} and "?" not in arn.split(":")[2]:
        yield Violation(at=node, found=node.rendered, allowed=f"an ARN of {service}, as {principal} calls")
    elif target is not None and target.kind in _OF_OTHERS - {kind} and node.rendered.startswith("${"):
        yield Violation(at=node, found=f"the {target.kind} {target.logical_id}", allowed=f"an {kind}")


_OF_OTHERS: Final = {kind for _, kind in _CALLERS.values()} | {QUEUE, FUNCTION}


@rule(
    "LAKE-LAMBDA-007",
    FUNCTION,
    "AWS::Lambda::EventInvokeConfig",
    title="What fails is sent where the function may send it",
    fix="allow the role the action, and give a standard queue, a topic, a bus or a function",
    source=f"{_DG}/invocation-async-retain-records.html",
)
def failed_events(resource: Resource) -> Iterator[Violation]:
    """Lambda refuses the function or the configuration: the role may not send there; events of failures are lost."""
    function = resource if resource.kind == FUNCTION else resource.at("FunctionName").target
    for node in _destinations(resource):
        target = node.target
        if target is None or target.kind not in _SENDS:
            continue
        if target.kind in {QUEUE, TOPIC} and any(target.at(name).flag for name in ("FifoQueue", "FifoTopic")):
            yield Violation(at=node, found=f"the FIFO {target.logical_id}", allowed="a standard queue or topic")
        if resource.kind == FUNCTION and target.kind not in {QUEUE, TOPIC}:
            yield Violation(at=node, found=f"the {target.kind} {target.logical_id}", allowed="a queue or a topic")
        elif function is not None and function.kind == FUNCTION:
            for fault in role_must_allow_on(function.at("Role"), _SENDS[target.kind], node):
                yield Violation(at=node, found=fault.found, allowed=fault.allowed)


def _destinations(resource: Resource) -> Iterator[Node]:
    if resource.kind == FUNCTION:
        yield resource.at("DeadLetterConfig.TargetArn")
    for when in ("OnFailure", "OnSuccess"):
        yield resource.at(f"DestinationConfig.{when}.Destination")


@rule(
    "LAKE-LAMBDA-008",
    FUNCTION,
    title="A function has what its kind of package takes",
    fix="give Handler and Runtime for files, neither for images; a VPC for file systems; up to five layers",
    source="https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
)
def package(function: Resource) -> Iterator[Violation]:
    """Lambda refuses the function."""
    image = function.at("PackageType").text == "Image" or function.at("Code.ImageUri").given
    for name in ("Handler", "Runtime", "Layers"):
        if image and function.at(name).present:
            yield Violation(at=function.at(name), allowed="nothing for an image")
    if function.at("FileSystemConfigs").items() and not function.at("VpcConfig").present:
        yield Violation(at=function.at("VpcConfig"), allowed="the VPC of the file system")
    layers = function.at("Layers")
    if isinstance(layers.value, list) and len(layers.value) > 5:
        yield Violation(at=layers, found=f"{len(layers.value)} layers", allowed="5 or fewer")
