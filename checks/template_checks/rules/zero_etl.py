"""Zero-ETL integrations of RDS, Aurora and DynamoDB with Redshift: what their sources and targets must have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import required
from template_checks.limits import zero_etl as limits

_RDS, _REDSHIFT = limits.RDS_INTEGRATION, limits.REDSHIFT_INTEGRATION
_NAMESPACE: Final = "AWS::RedshiftServerless::Namespace"
_WORKGROUP: Final = "AWS::RedshiftServerless::Workgroup"
_TABLE: Final = "AWS::DynamoDB::Table"
_GROUPS: Final = {
    "AWS::RDS::DBCluster": "DBClusterParameterGroupName",
    "AWS::RDS::DBInstance": "DBParameterGroupName",
}
_AURORA: Final = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide"
_TARGET: Final = "https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-using.setting-up.html"
_DYNAMODB: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/RedshiftforDynamoDB-zero-etl.html"


@rule(
    "LAKE-ZEROETL-001",
    _RDS,
    title="The source of an integration logs what it reads",
    fix="give the source's parameter group the parameters of zero-ETL from the start, or reboot the source",
    source=f"{_AURORA}/zero-etl.setting-up.html",
)
def parameters(integration: Resource) -> Iterator[Violation]:
    """The integration fails, half an hour after it was begun."""
    source = integration.at("SourceArn").target
    if source is None or source.kind not in _GROUPS:
        return
    node, engine = source.at(_GROUPS[source.kind]), source.at("Engine").text or ""
    wanted = limits.SOURCE_PARAMETERS.get(engine, {})
    if not node.present and wanted:
        yield from required(node, f"a group with {_listed(wanted)}")
    group = node.target
    given = group.at("Parameters") if group else None
    if given is None or given.unknown or not isinstance(given.value, dict):
        return
    known = {name: str(value) for name, value in given.value.items() if isinstance(value, str | int)}
    # What only CloudFormation knows may be right.
    unknown = given.value.keys() - known.keys()
    if wrong := {n: v for n, v in limits.wrong_parameters(engine, known).items() if n not in unknown}:
        yield Violation(at=given, found=f"{len(known)} parameters of {engine}", allowed=_listed(wrong))


@rule(
    "LAKE-ZEROETL-002",
    _RDS,
    title="The source of an integration is of a version that integrations read",
    fix="use Aurora PostgreSQL 16.4, 17.4 or later, or RDS for PostgreSQL 15 or later",
    source=f"{_AURORA}/Concepts.Aurora_Fea_Regions_DB-eng.Feature.Zero-ETL.html",
)
def version(integration: Resource) -> Iterator[Violation]:
    """RDS refuses older ones."""
    source = integration.at("SourceArn").target
    if source is None or source.kind not in _GROUPS:
        return
    node = source.at("EngineVersion")
    if node.text and (least := limits.least_version(source.at("Engine").text or "", node.text)):
        yield Violation(at=node, allowed=f"{least} or later for zero-ETL")


@rule(
    "LAKE-ZEROETL-003",
    _RDS,
    _REDSHIFT,
    title="The target of an integration keeps the case of names",
    fix="give the workgroup the ConfigParameters enable_case_sensitive_identifier = true",
    source=_TARGET,
)
def case(integration: Resource) -> Iterator[Violation]:
    """The integration fails."""
    for workgroup in _workgroups(integration):
        settings = workgroup.at("ConfigParameters")
        if settings.unknown:
            continue
        entries = list(settings.items())
        named = [one for one in entries if one.at("ParameterKey").text == limits.CASE_SENSITIVE]
        if not named and all(one.at("ParameterKey").text for one in entries):
            yield Violation(at=settings, found="none", allowed=f"{limits.CASE_SENSITIVE} = true")
        for one in named:
            if one.at("ParameterValue").flag is False:
                yield Violation(at=one.at("ParameterValue"), allowed="true, for zero-ETL")


@rule(
    "LAKE-ZEROETL-004",
    _RDS,
    _REDSHIFT,
    title="The namespace of an integration takes its source",
    fix="allow redshift.amazonaws.com redshift:AuthorizeInboundIntegration in NamespaceResourcePolicy, of the source",
    source=_TARGET,
)
def admission(integration: Resource) -> Iterator[Violation]:
    """Redshift refuses the integration."""
    target = integration.at("TargetArn").target
    if target is None or target.kind != _NAMESPACE:
        return
    policy = target.at("NamespaceResourcePolicy")
    if not policy.present:
        yield from required(policy, "a policy that takes the integration")
    elif not policy.unknown and not _allows(policy, "redshift:AuthorizeInboundIntegration"):
        yield Violation(at=policy, found="a policy without it", allowed="redshift:AuthorizeInboundIntegration")


@rule(
    "LAKE-ZEROETL-005",
    _REDSHIFT,
    title="A table of an integration can be exported by Redshift",
    fix="enable point-in-time recovery, and allow redshift.amazonaws.com to export and describe in ResourcePolicy",
    source=_DYNAMODB,
)
def export(integration: Resource) -> Iterator[Violation]:
    """Redshift refuses the integration."""
    table = integration.at("SourceArn").target
    if table is None or table.kind != _TABLE:
        return
    recovery = table.at("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled")
    if not recovery.present or recovery.flag is False:
        yield Violation(at=recovery, found=recovery.rendered or "none", allowed="true, for zero-ETL")
    policy = table.at("ResourcePolicy.PolicyDocument")
    if not policy.present:
        yield from required(policy, "a policy by which Redshift exports the table")
    elif not policy.unknown and not _allows(policy, "dynamodb:ExportTableToPointInTime"):
        yield Violation(at=policy, found="a policy without it", allowed="dynamodb:ExportTableToPointInTime")


@rule(
    "LAKE-ZEROETL-006",
    _RDS,
    title="An integration of PostgreSQL names its database",
    fix="set DataFilter to 'include: database.*.*', or to the tables that are replicated",
    source=f"{_AURORA}/zero-etl.filtering.html",
)
def data_filter(integration: Resource) -> Iterator[Violation]:
    """RDS refuses it without."""
    source, node = integration.at("SourceArn").target, integration.at("DataFilter")
    if source and (source.at("Engine").text or "").endswith(("postgres", "postgresql")):
        yield from required(node, "a filter with the database: 'include: database.*.*'")
    if node.text and len(node.text) not in limits.FILTER_LENGTH:
        yield Violation(at=node, found=f"{len(node.text):,} characters", allowed=str(limits.FILTER_LENGTH))


def _workgroups(integration: Resource) -> Iterator[Resource]:
    target = integration.at("TargetArn").target
    if target is None or target.kind != _NAMESPACE:
        return
    name = target.at("NamespaceName").text
    for workgroup in target.template.everywhere_of_type(_WORKGROUP):
        node = workgroup.at("NamespaceName")
        if node.target is target or (name and node.text == name):
            yield workgroup


def _allows(policy: Node, action: str) -> bool:
    """Whether a policy allows an action, as far as the template tells."""
    statements = policy.at("Statement")
    return statements.unknown or any(
        statement.unknown
        or (
            (statement.at("Effect").unknown or statement.at("Effect").text == "Allow")
            and any(_covers(named, action) for named in _items(statement.at("Action").value))
        )
        for statement in statements.items()
    )


def _covers(named: Any, action: str) -> bool:
    if not isinstance(named, str):
        return True
    service = action.partition(":")[0]
    return named in (action, "*", f"{service}:*")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _listed(parameters: Any) -> str:
    return ", ".join(f"{name} = {value}" for name, value in parameters.items())
