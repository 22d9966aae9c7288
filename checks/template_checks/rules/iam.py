"""Policies: what IAM does not check when they are created.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from template_checks.core import tables
from template_checks.core.arns import arn_of, overlap, pattern_of
from template_checks.core.policies import (
    POLICY_HOLDERS,
    PolicyKind,
    Statement,
    identities_of,
    identity_statements,
    least_length,
    policies_of,
    statements,
)
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import one_of, required

_GUIDE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_ACTIONS: Final = "https://docs.aws.amazon.com/service-authorization/latest/reference"
_OPERATORS: Final = {
    *(f"String{how}" for how in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")),
    *(
        f"{what}{how}"
        for what in ("Numeric", "Date")
        for how in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
    *("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
}
_EXACT: Final = re.compile(r"((ForAnyValue|ForAllValues):)?String(Not)?Equals(IgnoreCase)?(IfExists)?")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_GLOBAL: Final = """
    assumedroot calledvia calledviafirst calledvialast chatbotsourcearn currenttime ec2instancesourceprivateipv4
    ec2instancesourcevpc epochtime federatedprovider multifactorauthage multifactorauthpresent principalaccount
    principalarn principalisawsservice principalorgid principalorgpaths principalservicename
    principalservicenameslist principaltype referer requestedregion resourceaccount resourceorgid resourceorgpaths
    securetransport sourceaccount sourcearn sourceidentity sourceip sourceorgid sourceorgpaths sourceowner sourcevpc
    sourcevpcarn sourcevpce tagkeys tokenissuetime useragent userid username viaawsservice vpceaccount vpceorgid
    vpceorgpaths vpcsourceip
"""
# Global keys besides those of AWS itself: they describe the caller, whatever is called.
_OF_THE_CALLER: Final = (
    "ec2:sourceinstancearn",
    "ec2:rolerdelivery",
    "lambda:sourcefunctionarn",
    "glue:roleassumedby",
    "glue:credentialissuingservice",
    "ssm:sourceinstancearn",
    "s3:resourceaccount",
)
_RELATED: Final = {
    "s3express": ("s3",),
    "s3tables": ("s3",),
    "s3-object-lambda": ("s3",),
    "redshift-data": ("redshift",),
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters, without white space.
_MOST_INLINE: Final = {"AWS::IAM::Role": 10_240, "AWS::IAM::User": 2_048, "AWS::IAM::Group": 5_120}
_MOST_ATTACHED: Final = 10
_INLINE: Final = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html,
# https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
_MOST_CHARACTERS: Final = {
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", 6_144),
    "AWS::S3::BucketPolicy": ("PolicyDocument", 20_480),
    "AWS::KMS::Key": ("KeyPolicy", 32_768),
}


@rule(
    "LAKE-IAM-001",
    *POLICY_HOLDERS,
    title="Policies name actions that exist",
    fix="correct the action",
    source=f"{_ACTIONS}/reference_policies_actions-resources-contextkeys.html",
)
def known_actions(resource: Resource) -> Iterator[Violation]:
    """IAM takes any action: the permission is never given, and nothing reports it."""
    for statement in statements(resource):
        for node in [*statement.actions, *statement.node.at("NotAction").items()]:
            problem = _unknown(node.text) if node.text else None
            if problem:
                yield Violation(at=node, allowed=problem)


@rule(
    "LAKE-IAM-002",
    *POLICY_HOLDERS,
    title="Actions and resources of a statement go together",
    fix="split the statement, and name for each action a resource that it takes",
    source=f"{_ACTIONS}/reference_policies_actions-resources-contextkeys.html",
)
def matching_resources(resource: Resource) -> Iterator[Violation]:
    """The action is never allowed: IAM compares its resource with ARNs that it can never have.

    Beside a statement that allows it on the right ones, it is only superfluous: of the same policy, or of another
    policy of everyone that this one is attached to.
    """
    for statement in statements(resource):
        arns = [arn_of(item) for item in statement.resources] if _names_resources(statement) else []
        for node in statement.actions:
            allowed = _mismatch(node.text, arns) if node.text else None
            if arns and allowed and not _is_elsewhere(statement, node.text or ""):
                found = f"{node.text} on {', '.join(item.rendered for item in statement.resources)}"
                yield Violation(at=node, found=found if len(found) <= 200 else f"{found[:197]}...", allowed=allowed)


@rule(
    "LAKE-IAM-003",
    *POLICY_HOLDERS,
    title="Conditions use keys that exist, of the services that are called",
    fix="correct the key, or move the condition to a statement of the key's service",
    source=f"{_GUIDE}/reference_policies_condition-keys.html",
)
def condition_keys(resource: Resource) -> Iterator[Violation]:
    """A key that is never in a request never matches: an Allow gives nothing, a Deny may hit everything."""
    for statement in statements(resource):
        called = {text.split(":")[0].lower() for item in statement.actions if (text := item.text)}
        for _, comparisons in statement.conditions:
            for comparison in comparisons.children():
                key = comparison.path.removeprefix(f"{comparisons.path}.")
                problem = _unknown_key(key.lower(), called)
                if problem:
                    yield Violation(at=comparison, found=f'"{key}"', allowed=problem)


@rule(
    "LAKE-IAM-004",
    *POLICY_HOLDERS,
    title="Conditions compare with operators that IAM has",
    fix="correct the operator, for instance StringEquals or ArnLike",
    source=f"{_GUIDE}/reference_policies_elements_condition_operators.html",
)
def condition_operators(resource: Resource) -> Iterator[Violation]:
    """IAM refuses the policy."""
    for statement in statements(resource):
        for operator, node in statement.conditions:
            base = re.sub(r"^(ForAllValues|ForAnyValue):", "", operator)
            if base not in {*_OPERATORS, *(f"{one}IfExists" for one in _OPERATORS - {"Null"})}:
                yield Violation(
                    at=node, found=f'"{operator}"', allowed="StringEquals, StringLike, ArnLike, Bool and the like"
                )


@rule(
    "LAKE-IAM-005",
    *POLICY_HOLDERS,
    title="Statements have the parts that their kind of policy needs",
    fix="give Effect, Action or NotAction, and Resource for identities or Principal for resources",
    source=f"{_GUIDE}/reference_policies_grammar.html",
)
def grammar(resource: Resource) -> Iterator[Violation]:
    """IAM, S3, KMS and the others refuse the policy."""
    for statement in statements(resource):
        node = statement.node
        if node.unknown:
            continue
        yield from one_of(node.at("Effect"), ["Allow", "Deny"])
        yield from required(node.at("Effect"), "Allow or Deny")
        yield from _exactly_one(node, "Action", "NotAction")
        principal = node.at("Principal").present or node.at("NotPrincipal").present
        if statement.kind is PolicyKind.IDENTITY:
            yield from _exactly_one(node, "Resource", "NotResource")
            if principal:
                yield Violation(
                    at=node.at("Principal"), allowed="nothing: an identity's policy speaks of that identity"
                )
        elif not principal:
            yield Violation(at=node.at("Principal"), allowed="whom the statement speaks of")
        if statement.kind is PolicyKind.TRUST and node.at("Resource").present:
            yield Violation(at=node.at("Resource"), allowed="nothing: a trust policy is about its role")


@rule(
    "LAKE-IAM-009",
    *POLICY_HOLDERS,
    title="Resources of a statement are ARNs",
    fix="write arn:<partition>:<service>:<region>:<account>:<resource>, or *",
    source=f"{_GUIDE}/reference_policies_elements_resource.html",
)
def resource_arns(resource: Resource) -> Iterator[Violation]:
    """IAM refuses the policy, or the statement is about nothing."""
    for statement in statements(resource):
        if statement.kind is PolicyKind.IDENTITY:
            for node in [*statement.resources, *statement.node.at("NotResource").items()]:
                known = node.text is not None and "${" not in node.text and "{{" not in node.text
                if known and not re.fullmatch(r"\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+|arn:\*.*", node.text or ""):
                    yield Violation(at=node, allowed="an ARN of six parts, or *")


@rule(
    "LAKE-IAM-010",
    *POLICY_HOLDERS,
    title="Policies are of a version that IAM has, and their statements have names of their own",
    fix="set Version to 2012-10-17, and use letters and digits in each Sid, once",
    source=f"{_GUIDE}/reference_policies_elements_sid.html",
)
def versions(resource: Resource) -> Iterator[Violation]:
    """IAM refuses the policy."""
    seen: dict[str, set[str]] = {}
    for statement in statements(resource):
        document = re.sub(r"\.Statement(\.\d+)?$", "", statement.node.path).removeprefix("Properties").lstrip(".")
        names = seen.setdefault(document, set())
        version = resource.at(f"{document}.Version") if document else resource.at("Version")
        if not names and version.text not in {None, "2012-10-17", "2008-10-17"}:
            yield Violation(at=version, allowed="2012-10-17")
        sid = statement.node.at("Sid")
        if sid.text and sid.text in names and statement.kind is not PolicyKind.RESOURCE:
            yield Violation(at=sid, allowed="a Sid that no other statement has")
        if sid.text and statement.kind is PolicyKind.IDENTITY and not sid.text.isalnum():
            yield Violation(at=sid, allowed="letters and digits")
        names.add(sid.text or "")


@rule(
    "LAKE-IAM-011",
    *_MOST_CHARACTERS,
    *_MOST_INLINE,
    *_INLINE,
    title="Policies are as long as their services take",
    fix=(
        "name fewer actions and resources, or split the policy; what does not fit into the 2,048 characters of a user, "
        "grant to a group that the user is a member of, or to a role that the user assumes"
    ),
    source=f"{_GUIDE}/reference_iam-quotas.html",
)
def size(resource: Resource) -> Iterator[Violation]:
    """The service refuses the policy: IAM takes 6,144 characters of a managed one, and 10,240 of a role's inline ones.

    All inline policies of a role count together, be they written into it or attached to it; so do those of a user
    (2,048) and of a group (5,120). S3 takes 20 KB of a bucket's policy, KMS 32 KB of a key's.
    """
    if resource.kind in _MOST_CHARACTERS:
        name, most = _MOST_CHARACTERS[resource.kind]
        node = resource.at(name)
        documents = [node]
    elif resource.kind in _MOST_INLINE:
        node, most = resource.at("Policies"), _MOST_INLINE[resource.kind]
        inline = [one.at("PolicyDocument") for one in policies_of(resource) if one.kind in _INLINE]
        documents = [*(one.at("PolicyDocument") for one in node.items()), *inline]
    else:
        # What is attached to a role of the app is counted there.
        node, most = resource.at("PolicyDocument"), max(_MOST_INLINE.values())
        documents = [] if identities_of(resource) else [node]
    length = sum(least_length(one.value) for one in documents if one.present)
    if length > most:
        yield Violation(at=node, found=f"{length:,} characters or more", allowed=f"{most:,} or fewer")


@rule(
    "LAKE-IAM-012",
    *_MOST_INLINE,
    title="A role has no more managed policies than IAM attaches",
    fix="merge policies, divide the role's work among several roles, or have the quota of the account raised",
    source=f"{_GUIDE}/reference_iam-quotas.html",
)
def attached_policies(identity: Resource) -> Iterator[Violation]:
    """IAM refuses the eleventh policy of a role, user or group, unless the account's quota has been raised."""
    node = identity.at("ManagedPolicyArns")
    elsewhere = [arn for arn in node.items() if arn.target is None]
    count = len(elsewhere) + sum(policy.kind == "AWS::IAM::ManagedPolicy" for policy in policies_of(identity))
    if count > _MOST_ATTACHED:
        yield Violation(at=node, found=f"{count} managed policies", allowed=f"{_MOST_ATTACHED} or fewer")


def _unknown(action: str) -> str | None:
    """Return what an action could be, if it is none."""
    if action == "*":
        return None
    prefix, colon, name = action.lower().partition(":")
    if not colon:
        return "service:Action, or *"
    if not tables.is_service(prefix):
        return None if "*" in prefix or "${" in prefix else "an action of a service that IAM has"
    known = tables.actions(prefix)
    if not known or name in known or "${" in name or any(fnmatchcase(one, name) for one in known):
        return None
    near = [one for one in known if one[:4] == name[:4]][:5]
    return f"an action of {prefix}{', such as ' + ', '.join(near) if near else ''}"


def _is_elsewhere(statement: Statement, action: str) -> bool:
    """Whether everyone whom a statement is about has another one with the action and a resource that it takes."""
    resource = statement.node.resource
    if statement.kind is PolicyKind.IDENTITY:
        of_everybody = [[*statements(resource), *identity_statements(one)] for one in identities_of(resource)]
    else:
        of_everybody = []
    return all(
        any(
            (one.node.at("Effect").unknown or one.allows is statement.allows)
            and one.may_cover(action)
            and not (_names_resources(one) and _mismatch(action, [arn_of(item) for item in one.resources]))
            for one in given
        )
        for given in of_everybody or [statements(resource)]
    )


def _names_resources(statement: Statement) -> bool:
    """Whether all resources of a statement are ARNs that actions can be compared with."""
    if statement.kind is PolicyKind.RESOURCE and statement.node.resource.kind != "AWS::S3::BucketPolicy":
        return False
    arns = [arn_of(item) for item in statement.resources]
    return bool(arns) and all(arn.startswith(("arn:", "*")) for arn in arns)


def _mismatch(action: str, arns: list[str]) -> str | None:
    """Return what an action could be allowed on, if it can be on none of the ARNs."""
    prefix, _, name = action.lower().partition(":")
    kinds = tables.actions(prefix).get(name)
    if kinds is None or "*" in arns:
        return None
    if not kinds:
        return f"the resource *, as {action} takes no other"
    documented = tables.resource_arns(prefix)
    possible = [documented[kind] for kind in kinds if kind in documented]
    if not possible or any(overlap(arn, pattern_of(one)) for arn in arns for one in possible):
        return None
    return " or ".join(possible)


def _unknown_key(key: str, called: set[str]) -> str | None:
    """Return what a condition key could be, if it is none of the services that are called."""
    prefix, colon, _ = key.partition(":")
    if prefix == "aws" and "/" not in key and key[4:] not in _GLOBAL.split():
        # AWS adds keys: only what looks like one that is misspelt is refused.
        meant = get_close_matches(key[4:], _GLOBAL.split(), n=1)
        return f"a global key, such as aws:{meant[0]}" if meant else None
    if not colon or prefix == "aws" or "." in prefix or "${" in prefix or key in _OF_THE_CALLER:
        return None if colon else "a key with its service, such as aws:SourceAccount"
    known = tables.condition_keys(prefix)
    if known is not None and not any(_is_key(key, one) for one in known):
        return f"a key of {prefix}"
    related = {other for service in called for other in _RELATED.get(service, ())}
    if called and not any(prefix == one or "*" in one for one in called | related) and tables.is_service(prefix):
        return f"a key of {', '.join(sorted(called))}, or one that is in every request, such as aws:SourceAccount"
    return None


def _is_key(key: str, documented: str) -> bool:
    pattern = re.escape(re.sub(r"\$\{[^}]*\}|<[^>]*>", "\0", documented)).replace("\0", ".+")
    return re.fullmatch(pattern, key) is not None


def _exactly_one(node: Node, one: str, other: str) -> Iterator[Violation]:
    if node.at(one).present == node.at(other).present:
        found = "both" if node.at(one).present else "neither"
        yield Violation(at=node, found=found, allowed=f"{one} or {other}")


@rule(
    "LAKE-IAM-013",
    *POLICY_HOLDERS,
    title="Wildcards are compared by an operator that knows them",
    fix="use StringLike, or ArnLike for ARNs; write ${*} for the character itself",
    source=f"{_GUIDE}/reference_policies_elements_condition_operators.html",
)
def wildcard_of_equals(resource: Resource) -> Iterator[Violation]:
    """To StringEquals a star is a letter: the condition never holds, and that of StringNotEquals always does."""
    for statement in statements(resource):
        for operator, comparisons in statement.conditions:
            if _EXACT.fullmatch(operator):
                for value in (item for key in comparisons.children() for item in key.items()):
                    if "*" in value.rendered.replace("${*}", ""):
                        yield Violation(at=value, allowed=f"text without wildcards for {operator}")
