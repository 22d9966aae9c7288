"""DMS: endpoints, and what a task needs of them.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, between, matching, one_of, only_one, required, within
from template_checks.limits import dms as limits
from template_checks.rules.roles import role_must_allow

ENDPOINT: Final = "AWS::DMS::Endpoint"
TASK: Final = "AWS::DMS::ReplicationTask"
SERVERLESS: Final = "AWS::DMS::ReplicationConfig"
GROUP: Final = "AWS::DMS::ReplicationSubnetGroup"
INSTANCE: Final = "AWS::DMS::ReplicationInstance"
_API: Final = "https://docs.aws.amazon.com/dms/latest/APIReference"
# Settings that an engine cannot do without, with the values that these need.
_SETTINGS: Final = {
    "kinesis": ("KinesisSettings", ("StreamArn", "ServiceAccessRoleArn")),
    "kafka": ("KafkaSettings", ("Broker",)),
    "s3": ("S3Settings", ("BucketName", "ServiceAccessRoleArn")),
    "dynamodb": ("DynamoDbSettings", ("ServiceAccessRoleArn",)),
    "elasticsearch": ("ElasticsearchSettings", ("EndpointUri", "ServiceAccessRoleArn")),
    "opensearch": ("ElasticsearchSettings", ("EndpointUri", "ServiceAccessRoleArn")),
    "neptune": ("NeptuneSettings", ("S3BucketName", "S3BucketFolder")),
    "redis": ("RedisSettings", ("ServerName", "Port")),
}
_WRITES: Final = {"kinesis": "kinesis:PutRecords", "s3": "s3:PutObject", "dynamodb": "dynamodb:PutItem"}
_ACCOUNT_ROLES: Final = {
    "dms-vpc-role": "AmazonDMSVPCManagementRole",
    "dms-cloudwatch-logs-role": "AmazonDMSCloudWatchLogsRole",
}
_ONLY_TARGETS: Final = ("kinesis", "kafka", "dynamodb", "elasticsearch", "opensearch", "neptune", "redis", "redshift")
_ONLY_SOURCES: Final = ("mongodb", "db2", "db2-zos", "azuredb", "gcp-mysql")
_ENGINES: Final = (
    *("mysql", "oracle", "postgres", "mariadb", "aurora", "aurora-postgresql", "aurora-serverless"),
    *("aurora-postgresql-serverless", "redshift", "redshift-serverless", "s3", "db2", "db2-zos", "azuredb"),
    *("azure-sql-managed-instance", "sybase", "dynamodb", "mongodb", "kinesis", "kafka", "elasticsearch", "opensearch"),
    *("docdb", "sqlserver", "neptune", "babelfish", "redis", "timestream", "gcp-mysql", "dmstransfer", "dms-transfer"),
)
_SERVERS: Final = (
    "aurora",
    "aurora-postgresql",
    "mysql",
    "mariadb",
    "postgres",
    "oracle",
    "sqlserver",
    "sybase",
    "db2",
)


@rule(
    "LAKE-DMS-001",
    ENDPOINT,
    title="An endpoint has the settings of its engine",
    fix="give the settings that the engine needs, and those of no other engine",
    source=f"{_API}/API_CreateEndpoint.html",
)
def endpoint_settings(endpoint: Resource) -> Iterator[Violation]:
    """DMS refuses an endpoint without them, or cannot connect to it."""
    engine = endpoint.at("EngineName").text
    if engine is None:
        return
    name, needed = _SETTINGS.get(engine, ("", ()))
    settings = endpoint.at(name) if name else endpoint.properties
    if name and not settings.present and not endpoint.at("ExtraConnectionAttributes").present:
        yield Violation(at=settings, allowed=f"{' and '.join(needed)} for {engine}")
    for value in needed if name and settings.known else ():
        yield from required(settings.at(value), f"a value for {engine}")
    if engine == "kafka" and settings.at("Broker").text:
        pattern = r"[^,:\s]+:\d+(,\s*[^,:\s]+:\d+)*|\{\{.*"
        yield from matching(settings.at("Broker"), pattern, "host:port, several with commas between")
    if engine in _WRITES and endpoint.at("EndpointType").text == "target":
        yield from role_must_allow(settings.at("ServiceAccessRoleArn"), _WRITES[engine])
    if engine == "s3" and endpoint.at("EndpointType").text == "source" and settings.known:
        definition = settings.at("ExternalTableDefinition")
        if not endpoint.at("ExtraConnectionAttributes").present:
            yield from required(definition, "the JSON of the tables in the files of a source")
    for other, (settings_of, _) in _SETTINGS.items():
        if settings_of != name and engine in _ENGINES and other != "opensearch":
            yield from absent(endpoint.at(settings_of), f"for {engine}")


@rule(
    "LAKE-DMS-002",
    ENDPOINT,
    title="An endpoint is of an engine that DMS reads or writes",
    fix="choose another engine, or the other EndpointType",
    source="https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Introduction.Targets.html",
)
def engine(endpoint: Resource) -> Iterator[Violation]:
    """DMS refuses others, and sources that it can only write."""
    node, kind = endpoint.at("EngineName"), endpoint.at("EndpointType")
    if node.text is not None and node.text.lower() not in _ENGINES:
        yield from one_of(node, _ENGINES)
    if kind.text is not None and kind.text.lower() not in {"source", "target"}:
        yield from one_of(kind, ("source", "target"))
    if kind.text == "source" and node.text in _ONLY_TARGETS:
        yield Violation(at=kind, allowed=f"target for {node.text}")
    if kind.text == "target" and node.text in _ONLY_SOURCES:
        yield Violation(at=kind, allowed=f"source for {node.text}")


@rule(
    "LAKE-DMS-003",
    ENDPOINT,
    title="An endpoint at a server has an address and a way to log in",
    fix="give ServerName, Port, Username and Password, or the secret with all of them",
    source=f"{_API}/API_CreateEndpoint.html",
)
def server(endpoint: Resource) -> Iterator[Violation]:
    """DMS refuses an endpoint without an address, and a password beside a secret."""
    secrets = [one for one in endpoint.properties.every("SecretsManagerSecretId") if one.present]
    parts = [endpoint.at(name) for name in ("ServerName", "Port", "Username", "Password")]
    for secret in secrets:
        holder = secret.path.removeprefix("Properties.").rpartition(".")[0]
        yield from required(
            endpoint.at(f"{holder}.SecretsManagerAccessRoleArn"), "a role that DMS may assume to read the secret"
        )
        for part in parts:
            yield from absent(part, "beside SecretsManagerSecretId")
    settings = [child for child in endpoint.properties.children() if child.path.endswith("Settings")]
    elsewhere = any(not one.known or one.at("AuthenticationMethod").present for one in settings)
    if endpoint.at("EngineName").text in _SERVERS and not secrets and not elsewhere:
        inner = {child.path.rpartition(".")[2] for one in settings for child in one.children()}
        for part in parts[:3]:
            if part.path.rpartition(".")[2] not in inner and not endpoint.at("ExtraConnectionAttributes").present:
                yield from required(part, "the address of the server, or SecretsManagerSecretId in the settings")
    yield from between(endpoint.at("Port"), 1, 65535)


@rule(
    "LAKE-DMS-004",
    ENDPOINT,
    TASK,
    SERVERLESS,
    INSTANCE,
    title="Identifiers are ones that DMS takes",
    fix="begin with a letter, then letters, digits and single hyphens",
    source=f"{_API}/API_CreateReplicationTask.html",
)
def identifiers(resource: Resource) -> Iterator[Violation]:
    """DMS refuses other identifiers, and storage outside 5 to 6144 GB."""
    names = ("EndpointIdentifier", "ReplicationTaskIdentifier", "ReplicationConfigIdentifier")
    for name in (*names, "ReplicationInstanceIdentifier", "ResourceIdentifier"):
        pattern = r"[a-zA-Z](-?[a-zA-Z0-9])*"
        yield from matching(resource.at(name), pattern, "a letter, then letters, digits and single hyphens")
    yield from within(resource.at("AllocatedStorage"), limits.INSTANCE_STORAGE)
    if resource.kind == INSTANCE and resource.at("MultiAZ").flag:
        yield from absent(resource.at("AvailabilityZone"), "with MultiAZ")


@rule(
    "LAKE-DMS-005",
    TASK,
    SERVERLESS,
    title="A task goes from a source to a target, from one place in the changes",
    fix="name a source and a target endpoint, and one start of changes for tasks that read them",
    source=f"{_API}/API_CreateReplicationTask.html",
)
def task(task: Resource) -> Iterator[Violation]:
    """DMS refuses others."""
    for name, kind in (("SourceEndpointArn", "source"), ("TargetEndpointArn", "target")):
        node = task.at(name)
        endpoint = node.target
        if endpoint is None or not endpoint.kind.startswith("AWS::DMS::"):
            continue
        found = endpoint.at("EndpointType").text
        if endpoint.kind != ENDPOINT:
            yield Violation(at=node, found=f"the {endpoint.kind} {endpoint.logical_id}", allowed=f"a {kind} endpoint")
        elif found is not None and found.lower() != kind:
            yield Violation(at=node, found=f"the {found} {endpoint.logical_id}", allowed=f"a {kind} endpoint")
    kinds = ("full-load", "cdc", "full-load-and-cdc")
    migration = task.at("MigrationType" if task.kind == TASK else "ReplicationType")
    yield from one_of(migration, kinds)
    start, position = task.at("CdcStartTime"), task.at("CdcStartPosition")
    yield from only_one(position, start)
    if migration.text == "full-load":
        for node in (start, position, task.at("CdcStopPosition")):
            yield from absent(node, "for a full load")
    stop = task.at("CdcStopPosition")
    if stop.text and not stop.text.startswith("{{"):
        yield from matching(stop, r"(server_time|commit_time):\S.*", "server_time:<time> or commit_time:<time>")


@rule(
    "LAKE-DMS-009",
    GROUP,
    INSTANCE,
    title="The roles that DMS finds by their names are there before what needs them",
    fix="add a DependsOn on the role, and attach its policy by ManagedPolicyArns",
    source="https://docs.aws.amazon.com/dms/latest/userguide/security-iam.html#CHAP_Security.APIRole",
)
def account_roles(resource: Resource) -> Iterator[Violation]:
    """Nothing refers to them: DMS refuses a subnet group that is made first, or whose role has no policy yet."""
    template = resource.template
    needs = template.reachable(resource.logical_id)
    for role in template.of_type("AWS::IAM::Role"):
        policy = _ACCOUNT_ROLES.get(role.at("RoleName").text or "")
        if policy is None:
            continue
        if role.logical_id not in needs:
            yield Violation(
                at=resource.properties,
                found=f"no dependency on the role {role.logical_id}",
                allowed=f"a DependsOn on {role.logical_id}",
            )
        attached = role.at("ManagedPolicyArns")
        texts = [one.text for one in attached.items()]
        if attached.known and None not in texts and not any(policy in str(text) for text in texts):
            yield Violation(at=attached, allowed=f"{policy}, of AWS")
