"""Synthesised templates as if they were deployed: every reference is an ARN or a name, every role has its policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.permissions import arns

Template = dict[str, Any]

# The policies of resources: where they name the resource, what it is, and where the document is.
_GUARDS = {
    "AWS::MSK::ClusterPolicy": ("ClusterArn", "AWS::MSK::ServerlessCluster", "Policy"),
    "AWS::S3::AccessPoint": ("Name", "AWS::S3::AccessPoint", "Policy"),
    "AWS::S3::BucketPolicy": ("Bucket", "AWS::S3::Bucket", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic", "PolicyDocument"),
    "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue", "PolicyDocument"),
    "AWS::Kinesis::ResourcePolicy": ("ResourceArn", "AWS::Kinesis::Stream", "ResourcePolicy"),
}
# Resources whose policy is a property of their own.
_OWN = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::DynamoDB::Table": "ResourcePolicy.PolicyDocument",
    "AWS::RedshiftServerless::Namespace": "NamespaceResourcePolicy",
}
_ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Published", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"}],
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Partition, Region and account of a deployment."""

    partition: str = "aws"
    region: str = "eu-central-1"
    account: str = "111122223333"


class Deployment:
    """Stacks of one App, each in its place.

    Parameters
    ----------
    templates: mapping
        What is deployed, by the names of stacks.
    places: mapping, optional
        Where. By default all in one account and Region.
    names: mapping, optional
        The physical ids that resources were given, by stack and logical id. By default they are made up.
    """

    def __init__(
        self,
        templates: Mapping[str, Template],
        places: Mapping[str, Place] | None = None,
        names: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.templates = dict(templates)
        self._names = dict(names or {})
        self._places = {name: (places or {}).get(name, Place()) for name in templates}
        self._roles = {
            self._arn(stack, logical_id): (stack, logical_id)
            for stack, template in self.templates.items()
            for logical_id, resource in template.get("Resources", {}).items()
            if resource["Type"] == "AWS::IAM::Role"
        }
        self._guards = dict(self._find_guards())
        self._trust = {role: self._find_trust(role) for role in self._roles}
        self._bucket_owners = {
            self._arn(stack, logical_id): self._places[stack].account
            for stack, template in self.templates.items()
            for logical_id, resource in template.get("Resources", {}).items()
            if resource["Type"] == "AWS::S3::Bucket"
        }

    def place(self, stack: str) -> Place:
        return self._places[stack]

    def policies(self, arn: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the policies of a role, user or group, by their names: here, all that are attached."""
        kind, _, name = arn.rsplit(":", 1)[-1].partition("/")
        found, attached = [], set()
        if arn in self._roles:
            stack, logical_id = self._roles[arn]
            role = self.templates[stack]["Resources"][logical_id]["Properties"]
            found += [
                (inline["PolicyName"], self.resolve(stack, inline["PolicyDocument"]))
                for inline in role.get("Policies", [])
            ]
            attached |= {self.resolve(stack, policy) for policy in role.get("ManagedPolicyArns", [])}
        for where, template in self.templates.items():
            for logical_id, resource in template.get("Resources", {}).items():
                if resource["Type"] not in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
                    continue
                properties = resource["Properties"]
                given = {self.resolve(where, target) for target in properties.get(f"{kind.title()}s", [])}
                if name in given or (
                    resource["Type"] == "AWS::IAM::ManagedPolicy" and self._arn(where, logical_id) in attached
                ):
                    found.append((logical_id, self.resolve(where, properties["PolicyDocument"])))
        return found

    def trust(self, role_arn: str) -> dict[str, Any]:
        """Return the policy that says who may assume a role."""
        return self._trust[role_arn]

    def _find_trust(self, role_arn: str) -> dict[str, Any]:
        stack, logical_id = self._roles[role_arn]
        properties = self.templates[stack]["Resources"][logical_id]["Properties"]
        document: dict[str, Any] = self.resolve(stack, properties["AssumeRolePolicyDocument"])
        return document

    @property
    def roles(self) -> list[str]:
        """The ARNs of all roles."""
        return list(self._roles)

    @property
    def guards(self) -> dict[str, dict[str, Any]]:
        """The policies that resources have, by their ARNs."""
        return self._guards

    def guard(self, arn: str) -> dict[str, Any] | None:
        """Return the policy of the resource that an ARN names, be it of an object in it."""
        if ":ecr:" in arn and self.owner(arn) not in {place.account for place in self._places.values()}:
            # AWS publishes its images for everyone.
            return _ANYONE
        if ":s3:::" in arn:
            arn = arn.split("/", 1)[0]
        if ":dynamodb:" in arn:
            arn = arn.split("/export/", 1)[0]
        if ":accesspoint/" in arn:
            arn = arn.split("/object/", 1)[0]
        return self._guards.get(arn)

    def owner(self, arn: str) -> str:
        """Return the account of a resource; a bucket does not tell it."""
        ours = next(iter(self._places.values())).account
        if arn == "*":
            return ours
        if account := arn.split(":")[4]:
            return account
        return self._bucket_owners.get(arn.split("/", maxsplit=1)[0], ours)

    def resolve(self, stack: str, value: Any) -> Any:
        """Return a value of a template without references."""
        if isinstance(value, list):
            return [self.resolve(stack, item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self._reference(stack, argument)
            if name.startswith("Fn::"):
                return self._function(stack, name, argument)
        return {key: self.resolve(stack, item) for key, item in value.items()}

    def _function(self, stack: str, name: str, argument: Any) -> Any:
        match name:
            case "Fn::Sub" if isinstance(argument, str):
                return re.sub(r"\$\{([^}!]+)\}", lambda found: str(self._reference(stack, found[1])), argument)
            case "Fn::GetAtt":
                logical_id, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
                return self._attribute(stack, logical_id, attribute)
        return self._calculated(stack, name, self.resolve(stack, argument))

    def _calculated(self, stack: str, name: str, argument: Any) -> Any:
        functions: dict[str, Callable[[], Any]] = {
            "Fn::FindInMap": lambda: self.templates[stack]["Mappings"][argument[0]][argument[1]][argument[2]],
            "Fn::GetAZs": lambda: [f"{self._places[stack].region}{letter}" for letter in "abc"],
            "Fn::GetStackOutput": lambda: self._output(argument["StackName"], argument["OutputName"]),
            "Fn::ImportValue": lambda: self._exported(argument),
            "Fn::Join": lambda: argument[0].join(map(str, argument[1])),
            "Fn::Select": lambda: argument[1][int(argument[0])],
            "Fn::Split": lambda: argument[1].split(argument[0]),
        }
        return functions[name]()

    def _output(self, stack: str, name: str) -> Any:
        return self.resolve(stack, self.templates[stack]["Outputs"][name]["Value"])

    def _reference(self, stack: str, name: str) -> Any:
        place = self._places[stack]
        pseudo = {
            "AWS::AccountId": place.account,
            "AWS::Partition": place.partition,
            "AWS::Region": place.region,
            "AWS::StackId": f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{stack}/0-1-2",
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        stack = self._home(stack, name)
        if arns.is_referred_to_by_arn(self.templates[stack]["Resources"][name]["Type"]):
            return self._arn(stack, name)
        return self._name(stack, name)

    def _attribute(self, stack: str, logical_id: str, attribute: str) -> str:
        stack = self._home(stack, logical_id)
        if attribute.endswith("SecretArn"):
            # That of a secret which the service makes for the resource.
            return self._arn_of("AWS::SecretsManager::Secret", stack, self._name(stack, logical_id))
        return self._arn(stack, logical_id) if attribute.lower().endswith("arn") else self._name(stack, logical_id)

    def _home(self, stack: str, logical_id: str) -> str:
        """Return the stack that defines a resource: this one, or else the only other one."""
        if logical_id in self.templates[stack]["Resources"]:
            return stack
        (found,) = [name for name, template in self.templates.items() if logical_id in template.get("Resources", {})]
        return found

    def _exported(self, name: str) -> Any:
        for stack, template in self.templates.items():
            for output in template.get("Outputs", {}).values():
                if self.resolve(stack, output.get("Export", {}).get("Name")) == name:
                    return self.resolve(stack, output["Value"])
        raise KeyError(f"no stack exports {name}")

    def _name(self, stack: str, logical_id: str) -> str:
        if physical := self._names.get((stack, logical_id)):
            if physical.startswith(("arn:", "http")):
                # Of a queue it is a URL.
                return physical.rpartition(":" if physical.startswith("arn:") else "//")[2].rpartition("/")[2]
            return physical
        resource = self.templates[stack]["Resources"][logical_id]
        for path in arns.name_paths(resource["Type"]):
            given: Any = resource.get("Properties", {})
            for part in path.split("."):
                given = given.get(part, {}) if isinstance(given, dict) else {}
            if given:
                return str(self.resolve(stack, given))
        return f"{stack}-{logical_id}".lower()

    def _arn(self, stack: str, logical_id: str) -> str:
        kind = self.templates[stack]["Resources"][logical_id]["Type"]
        if (physical := self._names.get((stack, logical_id), "")).startswith("arn:"):
            return physical
        return self._arn_of(kind, stack, self._name(stack, logical_id))

    def _arn_of(self, kind: str, stack: str, name: str) -> str:
        place = self._places[stack]
        return arns.arn_of(kind, partition=place.partition, region=place.region, account=place.account, name=name)

    def _find_guards(self) -> Any:
        for stack, template in self.templates.items():
            for logical_id, resource in template.get("Resources", {}).items():
                properties = resource.get("Properties", {})
                if own := _at(properties, _OWN.get(resource["Type"], "")):
                    # A policy that names no resource is of its own.
                    statements = [{"Resource": "*", **one} for one in self.resolve(stack, own)["Statement"]]
                    yield self._arn(stack, logical_id), {**self.resolve(stack, own), "Statement": statements}
                if resource["Type"] not in _GUARDS:
                    continue
                names, kind, document = _GUARDS[resource["Type"]]
                if document not in properties:
                    continue
                guarded = self.resolve(stack, properties[names])
                for name in guarded if isinstance(guarded, list) else [guarded]:
                    yield (
                        name if name.startswith("arn:") else self._arn_of(kind, stack, name),
                        self.resolve(stack, properties[document]),
                    )


def _at(properties: dict[str, Any], path: str) -> Any:
    """Return the property at a dotted path, or None."""
    found: Any = properties if path else None
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
