"""OpenSearch domains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, between, matching, required

DOMAIN: Final = "AWS::OpenSearchService::Domain"
OLD_DOMAIN: Final = "AWS::Elasticsearch::Domain"
_API: Final = "https://docs.aws.amazon.com/opensearch-service/latest/APIReference"
_GUIDE: Final = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide"
_ENCRYPTED: Final = (
    ("EncryptionAtRestOptions", "Enabled"),
    ("NodeToNodeEncryptionOptions", "Enabled"),
    ("DomainEndpointOptions", "EnforceHTTPS"),
)
_BURSTABLE: Final = re.compile(r"t[23]\.")
# Types with disks of their own, which take no volume of EBS.
_LOCAL_DISKS: Final = re.compile(r"(i2|i3|i4g|i4i|i7i|i7ie|i8g|i8ge|im4gn|r6gd)\.")
# Types that take either.
_ANY_STORAGE: Final = re.compile(r"(m3|r3)\.")


@rule(
    "LAKE-SEARCH-001",
    DOMAIN,
    OLD_DOMAIN,
    title="Dedicated masters are three or five",
    fix="set DedicatedMasterCount to 3 or 5 with DedicatedMasterEnabled",
    source=f"{_GUIDE}/managedomains-dedicatedmasternodes.html",
)
def masters(domain: Resource) -> Iterator[Violation]:
    """Two cannot outvote each other: OpenSearch refuses them, and numbers that no majority comes from."""
    cluster = domain.at("ClusterConfig" if domain.kind == DOMAIN else "ElasticsearchClusterConfig")
    enabled, count = cluster.at("DedicatedMasterEnabled"), cluster.at("DedicatedMasterCount")
    off = enabled.flag is False or (cluster.known and not enabled.present)
    if enabled.flag and count.number is not None and count.number not in {3, 5}:
        yield Violation(at=count, allowed="3 or 5")
    if off:
        yield from absent(count, "without DedicatedMasterEnabled")
        yield from absent(cluster.at("DedicatedMasterType"), "without DedicatedMasterEnabled")
    if cluster.at("MultiAZWithStandbyEnabled").flag and off:
        yield Violation(at=enabled, allowed="true with MultiAZWithStandbyEnabled")
    if cluster.at("WarmEnabled").flag and off:
        yield Violation(at=enabled, allowed="true with WarmEnabled")


@rule(
    "LAKE-SEARCH-002",
    DOMAIN,
    title="A version is one of OpenSearch or Elasticsearch",
    fix="write OpenSearch_X.Y or Elasticsearch_X.Y",
    source=f"{_API}/API_CreateDomain.html",
)
def version(domain: Resource) -> Iterator[Violation]:
    """OpenSearch Service refuses others."""
    pattern = r"(OpenSearch_[1-9]\.\d{1,2}|Elasticsearch_[1-7]\.\d{1,2})"
    yield from matching(domain.at("EngineVersion"), pattern, "OpenSearch_X.Y or Elasticsearch_X.Y")


@rule(
    "LAKE-SEARCH-003",
    DOMAIN,
    OLD_DOMAIN,
    title="Instances are of types of OpenSearch, with the storage that these have",
    fix="end the type in .search, and give EBS to types without disks of their own",
    source=f"{_GUIDE}/supported-instance-types.html",
)
def instances(domain: Resource) -> Iterator[Violation]:
    """OpenSearch Service refuses types of EC2, volumes where there are disks, and none where there are not."""
    ours = domain.kind == DOMAIN
    cluster = domain.at("ClusterConfig" if ours else "ElasticsearchClusterConfig")
    suffix, storage = "search" if ours else "elasticsearch", domain.at("EBSOptions")
    for name in ("InstanceType", "DedicatedMasterType"):
        yield from matching(cluster.at(name), rf"[a-z0-9-]+\.[a-z0-9]+\.{suffix}", f"<family>.<size>.{suffix}")
    warm = rf"ultrawarm1\.[a-z]+\.{suffix}|oi2\.[a-z0-9]+\.{suffix}"
    yield from matching(cluster.at("WarmType"), warm, f"ultrawarm1.medium.{suffix}")
    kind = cluster.at("InstanceType").text or ""
    if _LOCAL_DISKS.match(kind) and storage.at("EBSEnabled").flag:
        yield Violation(at=storage.at("EBSEnabled"), allowed=f"false for {kind}, which has disks of its own")
    either = _LOCAL_DISKS.match(kind) or _ANY_STORAGE.match(kind)
    if kind and not either and storage.known and storage.at("EBSEnabled").flag is False:
        yield Violation(at=storage.at("EBSEnabled"), allowed=f"true for {kind}, which has no disks of its own")
    if storage.at("EBSEnabled").flag:
        yield from required(storage.at("VolumeSize"), "the size of the volumes in GB")
        if storage.at("VolumeType").text in {"io1"}:
            yield from required(storage.at("Iops"), "operations per second with io1")
        if storage.at("VolumeType").text in {"gp2", "standard"}:
            yield from absent(storage.at("Iops"), f"with {storage.at('VolumeType').text}")
    elif storage.at("EBSEnabled").flag is False:
        yield from absent(storage.at("VolumeSize"), "without EBSEnabled")
    if cluster.at("WarmEnabled").flag:
        for name in ("WarmCount", "WarmType"):
            yield from required(cluster.at(name), "a value with WarmEnabled")
        yield from between(cluster.at("WarmCount"), 2, 750, "nodes")
        if _BURSTABLE.match(kind):
            yield Violation(at=cluster.at("WarmEnabled"), allowed=f"false for {kind}")
    elif cluster.at("WarmEnabled").flag is False:
        yield from absent(cluster.at("WarmCount"), "without WarmEnabled")


@rule(
    "LAKE-SEARCH-004",
    DOMAIN,
    OLD_DOMAIN,
    title="Zones, subnets and nodes of a domain agree",
    fix="give a subnet for each zone, two or three, and as many nodes as zones or a multiple",
    source=f"{_GUIDE}/managedomains-multiaz.html",
)
def zones(domain: Resource) -> Iterator[Violation]:
    """OpenSearch Service refuses other numbers."""
    cluster = domain.at("ClusterConfig" if domain.kind == DOMAIN else "ElasticsearchClusterConfig")
    aware, zones = cluster.at("ZoneAwarenessEnabled"), cluster.at("ZoneAwarenessConfig.AvailabilityZoneCount")
    if zones.number is not None and zones.number not in {2, 3}:
        yield Violation(at=zones, allowed="2 or 3")
    nodes, subnets = cluster.at("InstanceCount"), domain.at("VPCOptions.SubnetIds")
    off = aware.flag is False or (not aware.present and (cluster.known or not cluster.present))
    # A single zone if there is no awareness, two by default.
    count = 1.0 if off else zones.number if zones.present else 2.0 if aware.flag else None
    if count is None:
        return
    if isinstance(subnets.value, list) and len(subnets.value) != count:
        yield Violation(at=subnets, found=f"{len(subnets.value)} subnets", allowed=f"{count:g}, one for each zone")
    if aware.flag:
        if nodes.number is not None and nodes.number % 2 and count == 2:
            yield Violation(at=nodes, allowed="an even number in 2 zones")
        if nodes.number is not None and nodes.number < count:
            yield Violation(at=nodes, allowed=f"{count:g} or more in {count:g} zones")
        if (not nodes.present or nodes.number == 1) and cluster.known:
            yield Violation(at=nodes, allowed=f"{count:g} or more in {count:g} zones")


@rule(
    "LAKE-SEARCH-005",
    DOMAIN,
    OLD_DOMAIN,
    title="Fine-grained access has encryption everywhere, and one first user",
    fix="enable encryption at rest, between nodes and by HTTPS, and give a user by ARN or by name and password",
    source=f"{_GUIDE}/fgac.html",
)
def access(domain: Resource) -> Iterator[Violation]:
    """OpenSearch Service refuses it otherwise."""
    security = domain.at("AdvancedSecurityOptions")
    if security.at("Enabled").flag:
        for name, flag in _ENCRYPTED:
            options, node = domain.at(name), domain.at(f"{name}.{flag}")
            if node.flag is False or (not node.present and (options.known or not options.present)):
                yield Violation(at=node, allowed="true with AdvancedSecurityOptions")
    users, user = security.at("InternalUserDatabaseEnabled"), security.at("MasterUserOptions")
    if users.flag:
        yield from absent(user.at("MasterUserARN"), "with InternalUserDatabaseEnabled")
        if user.known:
            yield from required(user.at("MasterUserName"), "a name with InternalUserDatabaseEnabled")
            yield from required(user.at("MasterUserPassword"), "a password with InternalUserDatabaseEnabled")
    password = user.at("MasterUserPassword")
    if password.text and "{{resolve:" not in password.text:
        wanted = (r".{8,128}", r".*[a-z].*", r".*[A-Z].*", r".*\d.*", r".*[^a-zA-Z0-9].*")
        if not all(re.fullmatch(pattern, password.text) for pattern in wanted):
            allowed = "8 characters or more, with upper and lower case, a digit and a special character"
            yield Violation(at=password, found="another one", allowed=allowed)
    yield from matching(domain.at("DomainName"), r"[a-z][a-z0-9-]{2,27}", "a letter, then 2 to 27 of a-z, 0-9 and '-'")
    custom, options = domain.at("DomainEndpointOptions.CustomEndpointEnabled"), domain.at("DomainEndpointOptions")
    if custom.flag:
        yield from required(options.at("CustomEndpoint"), "a name with CustomEndpointEnabled")
        yield from required(options.at("CustomEndpointCertificateArn"), "a certificate with CustomEndpointEnabled")
