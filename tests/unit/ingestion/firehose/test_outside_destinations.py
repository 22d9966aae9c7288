"""Destinations outside the lake: what Firehose gets for each, and what it would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_opensearchservice as domains
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.firehose import (
    DeliveryStream,
    Destination,
    IndexRotation,
    OpenSearchDestination,
    OpenSearchServerlessDestination,
    RedshiftDestination,
    SnowflakeDestination,
    SplunkDestination,
)
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

CLICKS = Dataset(
    name="clicks",
    columns=[Column(name="id", type="bigint"), Column(name="page", type="string")],
    format=DatasetFormat.JSON,
)
CSV = evolve(CLICKS, format=DatasetFormat.CSV)
DOMAIN = "arn:aws:es:eu-west-1:123456789012:domain/clicks"
COLLECTION = "arn:aws:aoss:eu-west-1:123456789012:collection/abc"
JDBC = "jdbc:redshift://lake.123456789012.eu-west-1.redshift-serverless.amazonaws.com:5439/dev"
KINDS: dict[str, tuple[type[Destination], Mapping[str, Any]]] = {
    "splunk": (SplunkDestination, {"endpoint": "https://splunk.example.com:8088"}),
    "opensearch": (OpenSearchDestination, {}),
    "serverless": (
        OpenSearchServerlessDestination,
        {"collection_arn": COLLECTION, "collection_endpoint": "https://abc.example.com"},
    ),
    "redshift": (RedshiftDestination, {"jdbc_url": JDBC}),
    "snowflake": (
        SnowflakeDestination,
        {"account_url": "https://lake-one.snowflakecomputing.com", "database": "LAKE", "schema": "RAW"},
    ),
}
WITH_SECRETS = ("splunk", "redshift", "snowflake")


def destination(stack: cdk.Stack, name: str, **options: Any) -> Any:
    kind, own = KINDS[name]
    given: dict[str, Any] = {"zone": Zone(stack, "Zone"), "dataset": CLICKS, **own}
    if name in WITH_SECRETS:
        given["secret"] = secretsmanager.Secret(stack, "Secret", encryption_key=given["zone"].key)
    if name == "opensearch":
        given["domain"] = domains.Domain.from_domain_attributes(
            stack, "Domain", domain_arn=DOMAIN, domain_endpoint="clicks.example.com"
        )
    return kind(**{**given, **options})


def configuration(stack: cdk.Stack, name: str, **options: Any) -> dict[str, Any]:
    DeliveryStream(stack, "Delivery", destination=destination(stack, name, **options))
    found = properties(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")
    (result,) = (value for key, value in found.items() if key.endswith("DestinationConfiguration"))
    assert isinstance(result, dict)
    return result


def statements(stack: cdk.Stack) -> dict[str, Any]:
    """Return the resources of the role's statements, by their first action."""
    policies = [one["Properties"] for one in resources(template_of(stack), "AWS::IAM::ManagedPolicy")]
    (policy,) = (one for one in policies if one["Description"].startswith("Delivers"))
    found = policy["PolicyDocument"]["Statement"]
    return {one["Action"] if isinstance(one["Action"], str) else one["Action"][0]: one["Resource"] for one in found}


@pytest.mark.parametrize("name", WITH_SECRETS)
def test_credentials_are_in_a_secret_and_never_in_the_template(stack: cdk.Stack, name: str) -> None:
    found = configuration(stack, name)
    assert found["SecretsManagerConfiguration"]["Enabled"] is True
    secret = found["SecretsManagerConfiguration"]["SecretARN"]
    assert found["SecretsManagerConfiguration"]["RoleARN"] == found["S3Configuration"]["RoleARN"]
    assert statements(stack)["secretsmanager:GetSecretValue"] == secret
    assert {"HECToken", "Username", "Password", "User", "PrivateKey"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("name", "failed", "everything"),
    [
        ("splunk", "FailedEventsOnly", "AllEvents"),
        ("opensearch", "FailedDocumentsOnly", "AllDocuments"),
        ("serverless", "FailedDocumentsOnly", "AllDocuments"),
        ("snowflake", "FailedDataOnly", "AllData"),
    ],
)
@pytest.mark.parametrize("backup_all", [False, True])
def test_what_fails_is_always_backed_up(
    stack: cdk.Stack, name: str, failed: str, everything: str, backup_all: bool
) -> None:
    found = configuration(stack, name, backup_all=backup_all)
    assert found["S3BackupMode"] == (everything if backup_all else failed)
    backup = found["S3Configuration"]
    assert backup["ErrorOutputPrefix"].startswith("errors/clicks/!{firehose:error-output-type}/")
    assert backup.get("Prefix") == ("backup/clicks/" if backup_all else None)
    assert "KMSEncryptionConfig" in backup["EncryptionConfiguration"]


@pytest.mark.parametrize("name", KINDS)
def test_restricted_columns_leave_the_lake_only_if_that_is_meant(stack: cdk.Stack, name: str) -> None:
    hidden = Column(name="person", type="string", classification="restricted")
    dataset = evolve(CLICKS, columns=[*CLICKS.columns, hidden])
    with pytest.raises(ValueError, match="with the restricted columns 'person'; remove them by a 'transform'"):
        destination(stack, name, dataset=dataset)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("opensearch", "documents are JSON records, but dataset 'clicks' is csv"),
        ("serverless", "documents are JSON records, but dataset 'clicks' is csv"),
        ("redshift", "Redshift copies JSON records, but dataset 'clicks' is csv"),
        ("snowflake", "Firehose makes rows of JSON records, but dataset 'clicks' is csv"),
    ],
)
def test_records_are_json(stack: cdk.Stack, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        destination(stack, name, dataset=CSV)


def test_splunk_gets_events_of_any_format_and_acknowledges_them(stack: cdk.Stack) -> None:
    found = configuration(stack, "splunk", dataset=CSV, raw=True, acknowledgment=Duration.seconds(600))
    assert (found["HECEndpoint"], found["HECEndpointType"]) == ("https://splunk.example.com:8088", "Raw")
    assert found["HECAcknowledgmentTimeoutInSeconds"] == 600
    assert found["BufferingHints"] == {"IntervalInSeconds": 60, "SizeInMBs": 5}
    assert found["RetryOptions"] == {"DurationInSeconds": 3600}


@pytest.mark.parametrize("endpoint", ["http://splunk.example.com:8088", "splunk.example.com", "https://s.com/services"])
def test_splunk_is_addressed_by_https_without_a_path(stack: cdk.Stack, endpoint: str) -> None:
    with pytest.raises(ValueError, match=f"must be https://<host>:<port> without a path, got '{endpoint}'"):
        destination(stack, "splunk", endpoint=endpoint)


def test_an_index_of_a_domain_rotates_and_has_no_document_twice(stack: cdk.Stack) -> None:
    found = configuration(stack, "opensearch", rotation=IndexRotation.MONTH)
    assert (found["DomainARN"], found["IndexName"], found["IndexRotationPeriod"]) == (DOMAIN, "clicks", "OneMonth")
    assert found["DocumentIdOptions"] == {"DefaultDocumentIdFormat": "FIREHOSE_DEFAULT"}
    assert "VpcConfiguration" not in found
    allowed = statements(stack)
    assert allowed["es:DescribeDomain"] == DOMAIN
    assert allowed["es:ESHttpPost"] == f"{DOMAIN}/*"
    assert f"{DOMAIN}/clicks*/_stats" in allowed["es:ESHttpGet"]


def test_a_collection_is_reached_by_its_endpoint(stack: cdk.Stack) -> None:
    found = configuration(stack, "serverless", index="pages")
    assert (found["CollectionEndpoint"], found["IndexName"]) == ("https://abc.example.com", "pages")
    assert statements(stack)["aoss:APIAccessAll"] == COLLECTION


@pytest.mark.parametrize("name", ["opensearch", "serverless"])
def test_an_index_in_a_network_is_reached_from_a_security_group_of_the_delivery(stack: cdk.Stack, name: str) -> None:
    network = LakeNetwork(stack, "Network")
    found = configuration(stack, name, vpc=network.vpc)["VpcConfiguration"]
    assert found["SubnetIds"] == [stack.resolve(subnet.subnet_id) for subnet in network.vpc.isolated_subnets]
    (group,) = (
        one
        for one in resources(template_of(stack), "AWS::EC2::SecurityGroup")
        if "Delivery" in one["Properties"]["GroupDescription"]
    )
    (rule,) = group["Properties"]["SecurityGroupEgress"]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert len(found["SecurityGroupIds"]) == 1
    assert "ec2:CreateNetworkInterface" in statements(stack)


@pytest.mark.parametrize("index", ["Clicks", "_clicks", "click stream", "x" * 81])
def test_an_index_has_a_name_that_opensearch_takes(stack: cdk.Stack, index: str) -> None:
    with pytest.raises(ValueError, match=f"begins with a letter or digit, got '{index}'"):
        destination(stack, "opensearch", index=index)


def test_redshift_copies_json_from_objects_that_stay(stack: cdk.Stack) -> None:
    found = configuration(stack, "redshift")
    assert found["ClusterJDBCURL"] == JDBC
    assert found["CopyCommand"] == {
        "CopyOptions": "FORMAT JSON 'auto ignorecase' GZIP TIMEFORMAT 'auto'",
        "DataTableColumns": "id,page",
        "DataTableName": "clicks",
    }
    staged = found["S3Configuration"]
    assert (staged["Prefix"], staged["CompressionFormat"]) == ("backup/clicks/", "GZIP")
    # Firehose refuses one here.
    assert "ErrorOutputPrefix" not in staged
    assert staged["BufferingHints"] == {"IntervalInSeconds": 300, "SizeInMBs": 128}
    objects = str(statements(stack)["s3:GetObject"])
    assert all(f"/{prefix}*" in objects for prefix in ("backup/clicks/", "errors/", "processing-failed/"))


@pytest.mark.parametrize("url", ["jdbc:postgresql://x:5439/dev", "lake.example.com:5439", "jdbc:redshift://x:5439/dev"])
def test_redshift_is_addressed_by_its_own_endpoint(stack: cdk.Stack, url: str) -> None:
    with pytest.raises(ValueError, match=f"must be jdbc:redshift://<endpoint>:<port>/<database>, got '{url}'"):
        destination(stack, "redshift", jdbc_url=url)


def test_snowflake_gets_the_members_of_records_as_columns(stack: cdk.Stack) -> None:
    link = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"
    found = configuration(stack, "snowflake", role="LOADER", private_link_id=link)
    assert [found[name] for name in ("Database", "Schema", "Table")] == ["LAKE", "RAW", "CLICKS"]
    assert found["DataLoadingOption"] == "JSON_MAPPING"
    assert found["SnowflakeRoleConfiguration"] == {"Enabled": True, "SnowflakeRole": "LOADER"}
    assert found["SnowflakeVpcConfiguration"] == {"PrivateLinkVpceId": link}
    assert found["BufferingHints"] == {"IntervalInSeconds": 0, "SizeInMBs": 128}


def test_snowflake_has_neither_role_nor_private_link_by_default(stack: cdk.Stack) -> None:
    found = configuration(stack, "snowflake", table="PAGES")
    assert found["Table"] == "PAGES"
    assert {"SnowflakeRoleConfiguration", "SnowflakeVpcConfiguration"}.isdisjoint(found)


def test_snowflake_is_addressed_by_the_url_of_the_account(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"must be https://<account>\.snowflakecomputing\.com, got 'lake-one'"):
        destination(stack, "snowflake", account_url="lake-one")


def test_a_network_needs_subnets_of_its_own_kind(stack: cdk.Stack) -> None:
    vpc = ec2.Vpc(
        stack, "Public", subnet_configuration=[ec2.SubnetConfiguration(name="p", subnet_type=ec2.SubnetType.PUBLIC)]
    )
    to = destination(stack, "opensearch", vpc=vpc)
    with pytest.raises(Exception, match="no 'Isolated' subnet groups"):
        DeliveryStream(stack, "Delivery", destination=to)
