"""Redshift: provisioned clusters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, between, matching, one_of, required, within
from template_checks.limits import redshift as limits
from template_checks.rules.redshift_serverless import default_is_one_of

CLUSTER: Final = "AWS::Redshift::Cluster"
_API: Final = "https://docs.aws.amazon.com/redshift/latest/APIReference"
# Words that no name can be: https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html
_WORDS: Final = (
    "all analyse analyze and any array as asc authorization backup between binary both case cast check "
    "collate column constraint create cross current_date current_time current_timestamp current_user "
    "default deferrable delta desc disable distinct do else emptyasnull enable encode encrypt encryption "
    "end except explicit false for foreign freeze from full grant group having identity ignore ilike in "
    "initially inner intersect interval into is isnull join leading left like limit localtime "
    "localtimestamp minus natural new not notnull null off offline offset old on only open or order outer "
    "overlaps parallel partition percent permissions pivot placing primary public raw readratio recover "
    "references rejectlog resort respect restore right select session_user similar snapshot some sysdate "
    "system table tag then timestamp to top trailing true truncatecolumns union unique unpivot unnest "
    "user using verbose wallet when where with without "
)
# Without managed storage; those of dc1 and ds2 are gone.
_OTHER_TYPES: Final = ("dc2.large", "dc2.8xlarge")
_RESERVED: Final = frozenset(_WORDS.split())


@rule(
    "LAKE-REDSHIFT-012",
    CLUSTER,
    title="A cluster has as many nodes as its type says",
    fix="set NumberOfNodes to 2 or more with multi-node, and leave it out with single-node",
    source=f"{_API}/API_CreateCluster.html",
)
def nodes(cluster: Resource) -> Iterator[Violation]:
    """Redshift refuses a cluster of many that is one, and the like."""
    kind, count, node = cluster.at("ClusterType"), cluster.at("NumberOfNodes"), cluster.at("NodeType")
    yield from one_of(kind, ("single-node", "multi-node"))
    if kind.text == "multi-node":
        yield from required(count, "2 or more with multi-node")
        yield from between(count, 2, limits.NODES.ends[1], "nodes with multi-node")
    elif kind.text == "single-node":
        yield from between(count, 1, 1, "node with single-node")
        if cluster.at("MultiAZ").flag:
            yield Violation(at=kind, allowed="multi-node with MultiAZ")
        if node.text in limits.MULTI_NODE:
            yield Violation(at=kind, allowed=f"multi-node with {node.text}")
    yield from one_of(node, (*limits.NODE_TYPES, *_OTHER_TYPES))


@rule(
    "LAKE-REDSHIFT-013",
    CLUSTER,
    title="Snapshots and ports of a cluster are ones that Redshift takes",
    fix="keep snapshots 0 to 35 days, from 1 with RA3, and choose a port of the node type",
    source=f"{_API}/API_CreateCluster.html",
)
def settings(cluster: Resource) -> Iterator[Violation]:
    """Redshift refuses others."""
    managed = (cluster.at("NodeType").text or "").startswith(("ra3", "rg"))
    snapshots = cluster.at("AutomatedSnapshotRetentionPeriod")
    if managed:
        yield from within(snapshots, limits.SNAPSHOT_DAYS)
    else:
        yield from between(snapshots, 0, limits.SNAPSHOT_DAYS.ends[1], "days")
    manual, port = cluster.at("ManualSnapshotRetentionPeriod"), cluster.at("Port")
    if manual.number is not None and manual.number != -1 and not 1 <= manual.number <= 3653:
        yield Violation(at=manual, allowed="-1 without an end, or 1 to 3653 days")
    if managed:
        yield from within(port, limits.CLUSTER_PORT)
    else:
        yield from between(port, 1150, 65535)
    if cluster.at("KmsKeyId").present and cluster.at("Encrypted").flag is False:
        yield Violation(at=cluster.at("Encrypted"), allowed="true with KmsKeyId")
    if cluster.at("ElasticIp").present and cluster.at("PubliclyAccessible").flag is False:
        yield from absent(cluster.at("ElasticIp"), "for a cluster that is not public")
    yield from default_is_one_of(cluster.at("IamRoles"), cluster.at("DefaultIamRoleArn"))


@rule(
    "LAKE-REDSHIFT-014",
    CLUSTER,
    title="Names of a cluster, its database and first user are ones that Redshift takes",
    fix="use lower case, begin with a letter, and avoid words of SQL",
    source=f"{_API}/API_CreateCluster.html",
)
def names(cluster: Resource) -> Iterator[Violation]:
    """Redshift refuses upper case and reserved words."""
    database, user = cluster.at("DBName"), cluster.at("MasterUsername")
    yield from matching(database, r"(\{\{.*|[a-z_][a-z0-9_$]{0,63})", "1 to 64 of a-z, 0-9 and _")
    yield from matching(
        user, r"(\{\{.*|[a-z][a-z0-9_+.@-]{0,127})", "a letter, then a-z, 0-9, '_', '+', '.', '@' and '-'"
    )
    for node in (database, user):
        if node.text in _RESERVED:
            yield Violation(at=node, allowed="a name that is no reserved word")
    identifier = cluster.at("ClusterIdentifier")
    pattern = r"(?=.{1,63}$)[a-z](-?[a-z0-9])*"
    yield from matching(identifier, pattern, "a letter, then up to 62 of a-z, 0-9 and single hyphens")


@rule(
    "LAKE-REDSHIFT-015",
    CLUSTER,
    title="The first user of a cluster has a password, managed or given",
    fix="set ManageMasterPassword, or MasterUserPassword by a dynamic reference",
    source=f"{_API}/API_CreateCluster.html",
)
def password(cluster: Resource) -> Iterator[Violation]:
    """Redshift refuses both, neither, and passwords that are short or have certain characters."""
    password, managed = cluster.at("MasterUserPassword"), cluster.at("ManageMasterPassword")
    if managed.flag:
        yield from absent(password, "with ManageMasterPassword")
    elif managed.flag is False or not managed.present:
        yield from absent(cluster.at("MasterPasswordSecretKmsKeyId"), "without ManageMasterPassword")
        if not cluster.at("SnapshotIdentifier").present:
            yield from required(password, "a password, or ManageMasterPassword")
    if password.text is None or "{{resolve:" in password.text:
        return
    wanted = (r".{8,64}", r".*[a-z].*", r".*[A-Z].*", r".*\d.*", r"[^/@\"\\' ]*")
    if not all(re.fullmatch(pattern, password.text) for pattern in wanted):
        allowed = "8 to 64 characters with upper and lower case and a digit, without / @ \" ' \\ and space"
        yield Violation(at=password, found="another one", allowed=allowed)
