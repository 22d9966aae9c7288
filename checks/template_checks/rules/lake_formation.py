"""Lake Formation: permissions, registered locations, tags and data filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, matching, only_one, required
from template_checks.rules.roles import role_must_allow

_API: Final = "https://docs.aws.amazon.com/lake-formation/latest/APIReference"
_GUIDE: Final = "https://docs.aws.amazon.com/lake-formation/latest/dg"
GRANT: Final = "AWS::LakeFormation::PrincipalPermissions"
OLD_GRANT: Final = "AWS::LakeFormation::Permissions"
_DATABASE: Final = frozenset({"ALL", "ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"})
_TABLE: Final = frozenset({"ALL", "ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"})
_TAG: Final = frozenset({"ALL", "ALTER", "ASSOCIATE", "DESCRIBE", "DROP", "GRANT_WITH_LF_TAG_EXPRESSION"})
# Permissions that can be granted on a resource, by the property that names it.
_PERMISSIONS: Final = {
    "Catalog": frozenset(
        {
            *("ALL", "SUPER_USER", "ALTER", "CREATE_CATALOG", "CREATE_DATABASE", "CREATE_LF_TAG"),
            *("CREATE_LF_TAG_EXPRESSION", "DESCRIBE", "DROP"),
        }
    ),
    "Database": _DATABASE,
    "Table": _TABLE,
    "TableWithColumns": frozenset({"ALL", "SELECT", "DESCRIBE", "INSERT"}),
    "DataLocation": frozenset({"DATA_LOCATION_ACCESS"}),
    "DataCellsFilter": frozenset({"ALL", "DESCRIBE", "DROP", "SELECT"}),
    "LFTag": _TAG,
    "LFTagPolicy": _DATABASE | _TABLE,
}
_PRINCIPALS: Final = (
    r"arn:.+|\d{12}|(\d{12}:)?(IAMPrincipals|IAM_ALLOWED_PRINCIPALS|ALLIAMPrincipals|EVERYONE)|\{\{.*|[^:]*:.*"
)


@rule(
    "LAKE-LAKEFORMATION-001",
    GRANT,
    OLD_GRANT,
    title="Permissions are those of the resource that they are on",
    fix="grant what the resource has: SELECT is on tables, CREATE_TABLE on databases",
    source=f"{_GUIDE}/lf-permissions-reference.html",
)
def permissions(grant: Resource) -> Iterator[Violation]:
    """Lake Formation refuses others, and options to grant what is not granted."""
    given, passed_on = grant.at("Permissions"), grant.at("PermissionsWithGrantOption")
    named = [child for child in grant.at("Resource").children() if child.present]
    if len(named) == 1:
        allowed = _allowed(named[0])
        for one in [*given.items(), *passed_on.items()] if allowed else ():
            if one.text is not None and one.text not in allowed:
                yield Violation(at=one, allowed=", ".join(sorted(allowed)))
    granted = [one.text for one in given.items()]
    if isinstance(given.value, list) and None not in granted and "ALL" not in granted:
        for one in passed_on.items():
            if one.text is not None and one.text not in granted:
                yield Violation(at=one, allowed=f"one of Permissions: {', '.join(map(str, granted))}")


def _allowed(resource: Node) -> frozenset[str]:
    kind = resource.path.rpartition(".")[2].removesuffix("Resource")
    if kind == "LFTagPolicy":
        return {"DATABASE": _DATABASE, "TABLE": _TABLE}.get(resource.at("ResourceType").text or "", _DATABASE | _TABLE)
    return _PERMISSIONS.get(kind, frozenset())


@rule(
    "LAKE-LAKEFORMATION-002",
    GRANT,
    OLD_GRANT,
    "AWS::LakeFormation::TagAssociation",
    title="A permission or a tag is on one resource, named in full",
    fix="name one resource: a table by Name or TableWildcard, its columns by ColumnNames or ColumnWildcard",
    source=f"{_API}/API_TableResource.html",
)
def resource(grant: Resource) -> Iterator[Violation]:
    """Lake Formation refuses several, none, and tables without a name."""
    node = grant.at("Resource")
    if isinstance(node.value, dict) and node.known:
        named = [child.path.rpartition(".")[2] for child in node.children() if child.present]
        if len(named) != 1:
            yield Violation(at=node, found=", ".join(named) or "no resource", allowed="one resource")
    for kind in ("Table", "TableResource"):
        table = node.at(kind)
        yield from only_one(table.at("Name"), table.at("TableWildcard"))
        if table.known and not table.at("Name").present and not table.at("TableWildcard").present:
            yield Violation(at=table.at("Name"), allowed="the name of a table, or TableWildcard for all of a database")
    for kind in ("TableWithColumns", "TableWithColumnsResource"):
        table = node.at(kind)
        if table.known:
            yield from required(table.at("Name"), "the name of a table")
            yield from _columns(table)


def _columns(table: Node) -> Iterator[Violation]:
    names, wildcard = table.at("ColumnNames"), table.at("ColumnWildcard")
    yield from only_one(names, wildcard)
    if not names.value and not wildcard.present:
        yield Violation(at=names, found="no columns", allowed="names of columns, or a ColumnWildcard")


@rule(
    "LAKE-LAKEFORMATION-003",
    "AWS::LakeFormation::Resource",
    title="A location is registered with a role that reads it",
    fix="set RoleArn, or UseServiceLinkedRole",
    source=f"{_API}/API_RegisterResource.html",
)
def location(location: Resource) -> Iterator[Violation]:
    """Lake Formation refuses a location without a role or with two, and cannot read with a role that may not."""
    role, linked, arn = location.at("RoleArn"), location.at("UseServiceLinkedRole"), location.at("ResourceArn")
    if linked.flag:
        yield from absent(role, "with UseServiceLinkedRole")
    elif linked.known or not linked.present:
        yield from required(role, "a role, or UseServiceLinkedRole true")
    if arn.target is not None and arn.target.kind == "AWS::S3::Bucket":
        yield from role_must_allow(role, "s3:GetObject")
        if isinstance(arn.value, dict) and "Ref" in arn.value:
            yield Violation(
                at=arn, found=f"the name of {arn.target.logical_id}", allowed="the ARN of a bucket or prefix"
            )
    if arn.text and not arn.text.startswith("{{"):
        yield from matching(arn, r"arn:[^:]+:[^:]+:.*", "the ARN of a bucket or prefix, arn:<partition>:s3:::<bucket>")


@rule(
    "LAKE-LAKEFORMATION-004",
    GRANT,
    OLD_GRANT,
    "AWS::LakeFormation::DataLakeSettings",
    title="A principal is named by its ARN",
    fix="give the ARN of a role or user, the number of an account, or IAM_ALLOWED_PRINCIPALS",
    source=f"{_API}/API_DataLakePrincipal.html",
)
def principal(resource: Resource) -> Iterator[Violation]:
    """Lake Formation refuses names, and groups of IAM."""
    for node in resource.properties.every("DataLakePrincipalIdentifier"):
        yield from matching(node, _PRINCIPALS, "the ARN of a role, user or group of SSO, an account, or all of IAM")
        target = node.target
        if target is None or not target.kind.startswith("AWS::IAM::"):
            continue
        if target.kind not in {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::SAMLProvider"}:
            found = f"the {target.kind} {target.logical_id}"
            yield Violation(at=node, found=found, allowed="the ARN of a role or a user")
        elif isinstance(node.value, dict) and "Ref" in node.value and not target.kind.endswith("SAMLProvider"):
            yield Violation(at=node, found=f"the name of {target.logical_id}", allowed="its ARN")


@rule(
    "LAKE-LAKEFORMATION-005",
    "AWS::LakeFormation::DataCellsFilter",
    title="A data filter says which columns and which rows",
    fix="give ColumnNames or ColumnWildcard, and a RowFilter with an expression or AllRowsWildcard",
    source=f"{_API}/API_DataCellsFilter.html",
)
def data_filter(resource: Resource) -> Iterator[Violation]:
    """Lake Formation refuses both of either, and neither."""
    yield from _columns(resource.properties)
    rows = resource.at("RowFilter")
    expression, everything = rows.at("FilterExpression"), rows.at("AllRowsWildcard")
    yield from only_one(expression, everything)
    if not rows.present or (rows.known and not expression.present and not everything.present):
        yield Violation(at=rows, found="no rows", allowed="a FilterExpression, or AllRowsWildcard")
    if expression.text is not None and not expression.text.strip():
        yield Violation(at=expression, allowed="a condition on columns, such as country = 'DE'")


@rule(
    "LAKE-LAKEFORMATION-006",
    GRANT,
    "AWS::LakeFormation::TagAssociation",
    title="Values of a tag are ones that it has",
    fix="add the value to TagValues of the tag, or correct it",
    source=f"{_GUIDE}/TBAC-assigning-tags.html",
)
def tag_values(resource: Resource) -> Iterator[Violation]:
    """Lake Formation refuses others."""
    tags = {
        one.at("TagKey").rendered: one for one in resource.template.everywhere if one.kind.endswith("Formation::Tag")
    }
    for key in resource.properties.every("TagKey"):
        pair = Node(resource, *_holder(resource, key))
        tag = key.target if key.target is not None and key.target.kind.endswith("::Tag") else tags.get(key.rendered)
        known = [item.text for item in tag.at("TagValues").items()] if tag is not None else [None]
        for value in pair.at("TagValues").items():
            if None not in known and value.text is not None and value.text not in known:
                yield Violation(at=value, allowed=", ".join(map(str, known)))


def _holder(resource: Resource, node: Node) -> tuple[str, object]:
    """Return the path and the value of the object that a value is in."""
    path = node.path.rpartition(".")[0]
    return path, resource.at(path.removeprefix("Properties.")).value
