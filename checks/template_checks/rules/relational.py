"""Clusters and instances of RDS, Aurora, DocumentDB and Neptune: their names, users and engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, between, matching, required

T = TypeVar("T")
INSTANCE: Final = "AWS::RDS::DBInstance"
CLUSTER: Final = "AWS::RDS::DBCluster"
CLUSTERS: Final = (CLUSTER, "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster")
_API: Final = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference"
# Engines by the start of their names, with the longest name of a database; None if they take none.
_LONGEST_NAME: Final[dict[str, int | None]] = {
    "mysql": 64,
    "mariadb": 64,
    "aurora-mysql": 64,
    "postgres": 63,
    "aurora-postgresql": 63,
    "oracle-": 8,
    "db2-": 8,
    "sqlserver-": None,
}
OF_ANOTHER: Final = (
    *(
        "SourceDBInstanceIdentifier",
        "SourceDBInstanceAutomatedBackupsArn",
        "SourceDbiResourceId",
        "SourceDBClusterIdentifier",
    ),
    *("DBSnapshotIdentifier", "SnapshotIdentifier", "DBClusterSnapshotIdentifier", "DBClusterIdentifier"),
    *("ReplicationSourceIdentifier", "GlobalClusterIdentifier"),
)


@rule(
    "LAKE-DATABASES-006",
    INSTANCE,
    CLUSTER,
    title="A database has a name that its engine takes",
    fix="begin with a letter, then letters, digits and underscores",
    source=f"{_API}/API_CreateDBInstance.html",
)
def database_name(resource: Resource) -> Iterator[Violation]:
    """RDS refuses hyphens, and names of databases for SQL Server."""
    engine, node = resource.at("Engine").text, resource.at("DBName" if resource.kind == INSTANCE else "DatabaseName")
    most = by_engine(_LONGEST_NAME, engine, default=64)
    if most is None:
        yield from absent(node, f"for {engine}")
    elif not any(resource.at(name).present for name in OF_ANOTHER):
        pattern = rf"[a-zA-Z][a-zA-Z0-9_]{{0,{most - 1}}}"
        yield from matching(node, pattern, f"a letter, then up to {most - 1} letters, digits and _")


def by_engine(table: Mapping[str, T], engine: str | None, *, default: T) -> T:
    if engine is None:
        return default
    exact = table.get(engine, default)
    return next((value for name, value in table.items() if name.endswith("-") and engine.startswith(name)), exact)


@rule(
    "LAKE-DATABASES-007",
    INSTANCE,
    *CLUSTERS,
    "AWS::DocDB::DBInstance",
    "AWS::Neptune::DBInstance",
    title="Clusters and instances have identifiers and ports that RDS takes",
    fix="use letters, digits and single hyphens, and a port from 1150",
    source=f"{_API}/API_CreateDBCluster.html",
)
def identifiers(resource: Resource) -> Iterator[Violation]:
    """RDS refuses others."""
    for name in ("DBInstanceIdentifier", "DBClusterIdentifier"):
        node = resource.at(name)
        if node.text and not node.text.startswith("arn:"):
            pattern = r"(?=.{1,63}$)[a-zA-Z](-?[a-zA-Z0-9])*"
            yield from matching(node, pattern, "a letter, then up to 62 letters, digits and single hyphens")
    for name in ("Port", "DBPort"):
        yield from between(resource.at(name), 1150, 65535)


@rule(
    "LAKE-DATABASES-008",
    INSTANCE,
    *CLUSTERS,
    title="The first user has a password, managed or given",
    fix="set ManageMasterUserPassword, or MasterUserPassword by a dynamic reference",
    source=f"{_API}/API_CreateDBInstance.html",
)
def first_user(resource: Resource) -> Iterator[Violation]:
    """RDS refuses both and neither, short passwords and reserved names."""
    if resource.kind.startswith("AWS::Neptune::"):
        return
    user, password = resource.at("MasterUsername"), resource.at("MasterUserPassword")
    managed = resource.at("ManageMasterUserPassword")
    if managed.flag:
        yield from absent(password, "with ManageMasterUserPassword")
    alone = not any(resource.at(name).present for name in OF_ANOTHER)
    if alone and user.present and not managed.present:
        yield from required(password, "a password, or ManageMasterUserPassword")
    if password.text and "{{resolve:" not in password.text:
        yield from matching(password, r"[^/@\" ]{8,128}", '8 to 128 characters without / @ " and space')
    yield from matching(user, r"(\{\{.*|[a-zA-Z]\w{0,62})", "a letter, then letters, digits and _")
    engine = resource.at("Engine").text or ""
    reserved = {"rdsadmin", "admin"} if "postgres" in engine else {"rdsadmin"}
    if user.text and user.text.lower() in reserved:
        yield Violation(at=user, allowed=f"a name that {engine or 'RDS'} does not reserve")


@rule(
    "LAKE-DATABASES-012",
    INSTANCE,
    title="An instance has the engine of its cluster",
    fix="give both the same Engine",
    source=f"{_API}/API_CreateDBInstance.html",
)
def cluster_engine(instance: Resource) -> Iterator[Violation]:
    """RDS refuses another engine, and a first user or a database in an instance of Aurora."""
    cluster, engine = instance.at("DBClusterIdentifier").target, instance.at("Engine")
    if cluster is None or cluster.kind != CLUSTER:
        return
    there = cluster.at("Engine").text
    if there is not None and engine.text is not None and engine.text != there:
        yield Violation(at=engine, allowed=f"{there}, the engine of {cluster.logical_id}")
