"""Intrinsic functions of a template, where moto's reading of them differs from CloudFormation's."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from moto.cloudformation import cloudformation_backends
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.cloudformation.parsing import clean_json as stock_clean_json

# Conditions are evaluated by their own function of moto's and only pass through here.
_KNOWN = {
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
}


def resolve(node: Any, resources: Any) -> Any:
    """Resolve `node`; moto's own function calls back here for whatever is nested in it."""
    if isinstance(node, list):
        # AWS::NoValue removes an element.
        return [value for value in (resolve(item, resources) for item in node) if value is not None]
    if isinstance(node, dict) and len(node) == 1:
        (name, argument) = next(iter(node.items()))
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](argument, resources)
        if name.startswith("Fn::") and name not in _KNOWN:
            raise ValidationError(message=f"the local cloud does not know the intrinsic function {name}")
    return stock_clean_json(node, resources)


def _reference(name: Any, resources: Any) -> Any:
    found = _find(name, resources)
    return getattr(found, "physical_resource_id", found)


def _find(name: str, resources: Any) -> Any:
    try:
        return resources[name]
    except KeyError:
        raise ValidationError(message=f"the template refers to {name}, which it does not define") from None


def _availability_zones(argument: Any, resources: Any) -> list[str]:
    region = resolve(argument, resources) or resources["AWS::Region"]
    return [f"{region}{zone}" for zone in "abc"]


def _attribute(argument: Any, resources: Any) -> Any:
    logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    try:
        return _find(logical_id, resources).get_cfn_attribute(resolve(attribute, resources))
    except (NotImplementedError, UnformattedGetAttTemplateException):
        raise ValidationError(message=f"Fn::GetAtt: the local cloud has no {logical_id}.{attribute}") from None


def _cidr(argument: Any, resources: Any) -> list[str]:
    block, count, bits = (resolve(item, resources) for item in [*argument, 0][:3])
    network = ipaddress.ip_network(block)
    subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]


def _stack_output(argument: Any, resources: Any) -> Any:
    """Return an output of another stack; unlike an import, it does not hold on to that stack."""
    wanted = {key: resolve(value, resources) for key, value in argument.items()}
    region = wanted.get("Region") or resources["AWS::Region"]
    stacks = cloudformation_backends[resources["AWS::AccountId"]][region].stacks.values()
    for stack in stacks:
        # moto's map of outputs answers a name that it does not have with an exception, also to `in`.
        if stack.name == wanted["StackName"] and wanted["OutputName"] in list(stack.output_map):
            return stack.output_map[wanted["OutputName"]].value
    raise ValidationError(message=f"there is no output {wanted['OutputName']} of stack {wanted['StackName']}")


_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _availability_zones,
    "Fn::GetAtt": _attribute,
    "Fn::GetStackOutput": _stack_output,
    "Ref": _reference,
}
