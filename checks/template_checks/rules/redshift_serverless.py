"""Redshift Serverless: namespaces and workgroups.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, between, matching, only_one, required, within
from template_checks.limits import redshift as limits

NAMESPACE = "AWS::RedshiftServerless::Namespace"
WORKGROUP = "AWS::RedshiftServerless::Workgroup"
_API = "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference"
_GUIDE = "https://docs.aws.amazon.com/redshift/latest/mgmt"
_SETTINGS = (
    "auto_mv",
    "datestyle",
    "enable_case_sensitive_identifier",
    "enable_user_activity_logging",
    "max_query_blocks_read",
    "max_query_cpu_time",
    "max_query_cpu_usage_percent",
    "max_query_execution_time",
    "max_query_queue_time",
    "max_query_temp_blocks_to_disk",
    "max_join_row_count",
    "max_nested_loop_join_row_count",
    "max_return_row_count",
    "max_scan_row_count",
    "query_group",
    "require_ssl",
    "search_path",
    "statement_timeout",
    "use_fips_ssl",
    "wlm_json_configuration",
)


@rule(
    "LAKE-REDSHIFT-001",
    WORKGROUP,
    title="A workgroup has 4 RPUs, or a multiple of 8",
    fix="set BaseCapacity to 4, to 8 to 512 in steps of 8, or up to 1024 in steps of 32",
    source=f"{_GUIDE}/serverless-capacity.html",
)
def base_capacity(workgroup: Resource) -> Iterator[Violation]:
    """Redshift refuses other capacities, and a maximum below the base."""
    base, most = workgroup.at("BaseCapacity"), workgroup.at("MaxCapacity")
    yield from within(base, limits.BASE_CAPACITY)
    yield from within(most, limits.MAX_CAPACITY)
    if base.number is not None and most.number is not None and most.number < base.number:
        yield Violation(at=most, allowed=f"BaseCapacity ({base.number:g}) or more")


@rule(
    "LAKE-REDSHIFT-002",
    WORKGROUP,
    title="A workgroup listens at a port that Redshift has",
    fix="set Port between 5431 and 5455 or between 8191 and 8215, or leave it out: the default is 5439",
    source=f"{_API}/API_CreateWorkgroup.html",
)
def port(workgroup: Resource) -> Iterator[Violation]:
    """Redshift refuses other ports."""
    yield from within(workgroup.at("Port"), limits.PORT)


@rule(
    "LAKE-REDSHIFT-003",
    NAMESPACE,
    WORKGROUP,
    title="Names are ones that Redshift takes",
    fix="use 3 to 64 lower case letters, digits and hyphens",
    source=f"{_API}/API_CreateNamespace.html",
)
def names(resource: Resource) -> Iterator[Violation]:
    """Redshift refuses other names."""
    for name in ("NamespaceName", "WorkgroupName"):
        yield from matching(resource.at(name), r"[a-z0-9-]{3,64}", "3 to 64 of a-z, 0-9 and '-'")
    allowed = "a letter, then letters, digits, _ $ + . @ or '-'"
    yield from matching(resource.at("AdminUsername"), r"[a-zA-Z][a-zA-Z_0-9+.@$-]{0,127}", allowed)
    if (resource.at("AdminUsername").text or "").lower() in {"public", "admin_user", "rdsdb", "root"}:
        yield Violation(at=resource.at("AdminUsername"), allowed="a name that Redshift has not reserved")
    allowed = "a letter or _, then letters, digits, _ $ + . @ or '-'"
    yield from matching(resource.at("DbName"), r"[a-zA-Z_][a-zA-Z_0-9+.@$-]{0,63}", allowed)


@rule(
    "LAKE-REDSHIFT-004",
    NAMESPACE,
    title="The administrator's password has one owner",
    fix="set ManageAdminPassword to true and remove AdminUserPassword",
    source=f"{_API}/API_CreateNamespace.html",
)
def admin_password(namespace: Resource) -> Iterator[Violation]:
    """Redshift refuses a password beside one that Secrets Manager keeps, and a key for a secret that is not kept."""
    managed, password = namespace.at("ManageAdminPassword"), namespace.at("AdminUserPassword")
    if managed.flag:
        yield from absent(password, "with ManageAdminPassword")
    elif not managed.present:
        yield from absent(namespace.at("AdminPasswordSecretKmsKeyId"), "without ManageAdminPassword")
        if password.present != namespace.at("AdminUsername").present:
            missing = namespace.at("AdminUsername") if password.present else password
            yield Violation(at=missing, allowed="AdminUsername and AdminUserPassword together, or ManageAdminPassword")


@rule(
    "LAKE-REDSHIFT-005",
    NAMESPACE,
    title="A password is one that Redshift takes",
    fix="let Secrets Manager keep it: set ManageAdminPassword to true",
    source=f"{_API}/API_CreateNamespace.html",
)
def password(namespace: Resource) -> Iterator[Violation]:
    """Redshift refuses passwords that are short or have certain characters."""
    text = namespace.at("AdminUserPassword").text
    if text is None or text.startswith("{{resolve:"):
        return
    wanted = (r".{8,64}", r".*[a-z].*", r".*[A-Z].*", r".*\d.*", r"[^/@\"\\' ]*")
    if not all(re.fullmatch(pattern, text) for pattern in wanted):
        allowed = "8 to 64 characters with upper and lower case and a digit, without / @ \" ' \\ and space"
        yield Violation(at=namespace.at("AdminUserPassword"), found="another one", allowed=allowed)


@rule(
    "LAKE-REDSHIFT-006",
    WORKGROUP,
    title="A workgroup has subnets in enough zones",
    fix="give subnets in three availability zones",
    source=f"{_GUIDE}/serverless-usage-considerations.html",
)
def subnets(workgroup: Resource) -> Iterator[Violation]:
    """Redshift refuses fewer than two subnets, and fewer than three with enhanced VPC routing."""
    node = workgroup.at("SubnetIds")
    least = 3 if workgroup.at("EnhancedVpcRouting").flag else 2
    if not isinstance(node.value, list):
        return
    if len(node.value) < least:
        yield Violation(at=node, found=f"{len(node.value)} subnets", allowed=f"{least} or more, each in another zone")
    zones = [target.at("AvailabilityZone") for item in node.items() if (target := item.target)]
    different = {zone.rendered if zone.text else str(zone.value) for zone in zones if zone.present}
    if len(zones) == len(node.value) >= least > len(different) and all(zone.present for zone in zones):
        yield Violation(at=node, found=f"subnets in {len(different)} zones", allowed=f"{least} zones or more")


@rule(
    "LAKE-REDSHIFT-007",
    NAMESPACE,
    title="The default role is one of the roles",
    fix="add DefaultIamRoleArn to IamRoles",
    source=f"{_API}/API_CreateNamespace.html",
)
def default_role(namespace: Resource) -> Iterator[Violation]:
    """Redshift refuses a default that it was not given."""
    yield from default_is_one_of(namespace.at("IamRoles"), namespace.at("DefaultIamRoleArn"))


def default_is_one_of(roles: Node, default: Node) -> Iterator[Violation]:
    """Refuse a default role that is not in a list; parameters may be any role."""
    listed = roles.items() if roles.known else []
    named = all(node.text is not None or node.target is not None for node in [default, *listed])
    certain = not roles.present or (roles.known and (named or not listed))
    if default.rendered and certain and default.value not in [item.value for item in listed]:
        yield Violation(at=default, allowed="one of IamRoles")


@rule(
    "LAKE-REDSHIFT-008",
    WORKGROUP,
    title="A workgroup is made after its namespace",
    fix="refer to the namespace by Ref, or add a DependsOn",
    source=f"{_GUIDE}/serverless-workgroup-namespace.html",
)
def namespace_order(workgroup: Resource) -> Iterator[Violation]:
    """Redshift refuses a workgroup in a namespace that is not there yet."""
    node = workgroup.at("NamespaceName")
    for namespace in workgroup.template.of_type(NAMESPACE):
        same = node.present and node.rendered == namespace.at("NamespaceName").rendered
        if same and namespace.logical_id not in workgroup.template.reachable(workgroup.logical_id):
            yield Violation(at=node, allowed=f"a Ref to {namespace.logical_id}, or a DependsOn on it")


@rule(
    "LAKE-REDSHIFT-009",
    WORKGROUP,
    title="Capacity is either set or aimed at",
    fix="remove BaseCapacity, or disable PricePerformanceTarget",
    source=f"{_API}/API_PerformanceTarget.html",
)
def price_performance(workgroup: Resource) -> Iterator[Violation]:
    """Redshift refuses a base capacity beside a target for price and performance."""
    target = workgroup.at("PricePerformanceTarget")
    if target.at("Status").text == "ENABLED":
        yield from only_one(target, workgroup.at("BaseCapacity"))
        yield from between(target.at("Level"), 1, 100)


@rule(
    "LAKE-REDSHIFT-010",
    WORKGROUP,
    title="A workgroup's own network has both subnets and security groups",
    fix="give SecurityGroupIds beside SubnetIds",
    source="https://github.com/pulumi/pulumi-aws-native/issues/614",
)
def network(workgroup: Resource) -> Iterator[Violation]:
    """Without a group that of the default VPC is taken, which is not in the subnets' VPC: creation fails."""
    if workgroup.at("SubnetIds").present:
        yield from required(workgroup.at("SecurityGroupIds"), "a security group of the subnets' VPC")


@rule(
    "LAKE-REDSHIFT-011",
    WORKGROUP,
    title="Parameters are ones that a workgroup has",
    fix="correct ParameterKey",
    source=f"{_API}/API_ConfigParameter.html",
)
def parameters(workgroup: Resource) -> Iterator[Violation]:
    """Redshift refuses other parameters."""
    for parameter in workgroup.at("ConfigParameters").items():
        key = parameter.at("ParameterKey")
        if key.text is not None and key.text not in _SETTINGS:
            yield Violation(at=key, allowed=", ".join(_SETTINGS))
