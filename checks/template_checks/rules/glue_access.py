"""Runs of Glue: arguments of jobs, permissions of crawlers and networks of connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.senders import may_be
from template_checks.core.template import Node, Resource
from template_checks.core.values import one_of
from template_checks.rules.roles import role_must_allow, role_must_allow_on

_GUIDE: Final = "https://docs.aws.amazon.com/glue/latest/dg"
_ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "--enable-auto-scaling": ("true", "false"),
    "--enable-continuous-cloudwatch-log": ("true", "false"),
    "--enable-glue-datacatalog": ("true", "false", ""),
    "--enable-job-insights": ("true", "false"),
    "--enable-metrics": ("true", "false", ""),
    "--enable-observability-metrics": ("true", "false"),
    "--enable-s3-parquet-optimized-committer": ("true", "false"),
    "--enable-spark-ui": ("true", "false"),
    "--job-bookmark-option": ("job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause"),
    "--job-language": ("python", "scala"),
}
_FORMATS: Final = ("hudi", "delta", "iceberg")


@rule(
    "LAKE-GLUE-027",
    "AWS::Glue::Job",
    title="Arguments that Glue reads have values that it knows",
    fix="write one of the allowed values",
    source=f"{_GUIDE}/aws-glue-programming-etl-glue-arguments.html",
)
def arguments(job: Resource) -> Iterator[Violation]:
    """The run fails, or goes on as if the argument were not there."""
    for group in ("DefaultArguments", "NonOverridableArguments"):
        for argument in job.at(group).children():
            name = argument.path.removeprefix(f"Properties.{group}.")
            if name in _ARGUMENTS and argument.rendered.lower() not in _ARGUMENTS[name]:
                yield from one_of(argument, [one for one in _ARGUMENTS[name] if one])
            elif name == "--datalake-formats" and argument.text is not None:
                formats = [one.strip() for one in argument.text.split(",")]
                if any(one not in _FORMATS for one in formats):
                    yield Violation(at=argument, allowed=f"{', '.join(_FORMATS)}, with a comma between several")


@rule(
    "LAKE-GLUE-028",
    "AWS::Glue::Crawler",
    title="The role of a crawler may read what it crawls",
    fix="allow the role s3:GetObject on the objects of the target, and dynamodb:Scan on tables",
    source=f"{_GUIDE}/crawler-prereqs.html",
)
def crawler_role(crawler: Resource) -> Iterator[Violation]:
    """Each crawl fails: access denied."""
    if crawler.at("LakeFormationConfiguration.UseLakeFormationCredentials").flag:
        return
    role, targets = crawler.at("Role"), crawler.at("Targets")
    for target in targets.at("S3Targets").items():
        if target.hidden:
            continue
        bucket = target.at("Path").target
        if bucket is not None and bucket.kind == "AWS::S3::Bucket":
            # The path is no ARN: the bucket that it names is what the statements must be about.
            about = Node(bucket, "Arn", {"Fn::GetAtt": [bucket.logical_id, "Arn"]})
            for fault in role_must_allow_on(role, "s3:GetObject", about):
                yield Violation(at=role, found=fault.found, allowed=f"a role with s3:GetObject on {bucket.logical_id}")
        else:
            yield from role_must_allow(role, "s3:GetObject")
        queue = target.at("EventQueueArn")
        if queue.target is not None:
            yield from role_must_allow_on(role, "sqs:ReceiveMessage", queue)
    if any(not target.hidden for target in targets.at("DynamoDBTargets").items()):
        yield from role_must_allow(role, "dynamodb:Scan")


@rule(
    "LAKE-GLUE-029",
    "AWS::Glue::Connection",
    title="A security group of a connection lets in what is in it",
    fix="add an ingress rule for all TCP ports whose source is the group itself",
    source=f"{_GUIDE}/setup-vpc-for-glue-access.html",
)
def self_reference(connection: Resource) -> Iterator[Violation]:
    """Jobs fail at their start: at least one security group must open all ingress ports to itself."""
    groups = connection.at("ConnectionInput.PhysicalConnectionRequirements.SecurityGroupIdList")
    targets = [group.target for group in groups.items()]
    known = [one for one in targets if one is not None and one.kind == "AWS::EC2::SecurityGroup"]
    if known and len(known) == len(targets) and not any(_opens_to_itself(group) for group in known):
        found = f"{', '.join(group.logical_id for group in known)}, which lets nothing of its own in"
        yield Violation(at=groups, found=found, allowed="a group with an ingress of all TCP ports from itself")


def _opens_to_itself(group: Resource) -> bool:
    # A group can refer to itself only from a rule of its own; inside it, a source may be known only when deployed.
    inside = (one for one in group.at("SecurityGroupIngress").items() if one.at("SourceSecurityGroupId").present)
    if group.at("SecurityGroupIngress").present and not group.at("SecurityGroupIngress").known:
        return True
    rules = list(group.template.everywhere_of_type("AWS::EC2::SecurityGroupIngress"))
    own = (
        one.properties
        for one in rules
        if may_be(one.at("GroupId"), group) and may_be(one.at("SourceSecurityGroupId"), group)
    )
    return any(_is_wide(one) for one in (*inside, *own))


def _is_wide(ingress: Node) -> bool:
    """Whether a rule may be for all TCP ports."""
    protocol, first, last = ingress.at("IpProtocol").text, ingress.at("FromPort"), ingress.at("ToPort")
    if protocol in {"-1", None} or not (first.known and last.known):
        return True
    return protocol in {"tcp", "6"} and (first.number or 0) <= 1 and (last.number or 0) >= 65_535
