"""DocumentCluster: private, encrypted, with TLS and audit, and signed in to by the secret that AWS rotates."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.databases.documentdb import DocumentCluster
from lake_blueprints.foundation.network import LakeNetwork
from tests.support import properties, template_of

CLUSTER = "AWS::DocDB::DBCluster"


def test_it_is_serverless_encrypted_protected_and_has_no_password_in_the_template(stack: cdk.Stack) -> None:
    cluster = DocumentCluster(stack, "Documents")
    found = properties(template_of(stack), CLUSTER)
    key = stack.resolve(cluster.key.key_arn)
    assert (found["KmsKeyId"], found["MasterUserSecretKmsKeyId"], found["StorageEncrypted"]) == (key, key, True)
    assert (found["ManageMasterUserPassword"], found["DeletionProtection"]) == (True, True)
    assert "MasterUserPassword" not in found
    assert found["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 2}
    assert found["BackupRetentionPeriod"] == 7
    assert properties(template_of(stack), "AWS::DocDB::DBInstance")["DBInstanceClass"] == "db.serverless"


def test_its_parameters_demand_tls_and_audit_and_keep_changes(stack: cdk.Stack) -> None:
    DocumentCluster(stack, "Documents", change_streams_kept_for=cdk.Duration.days(1), version="8.0.0")
    template = template_of(stack)
    group = properties(template, "AWS::DocDB::DBClusterParameterGroup")
    assert group["Family"] == "docdb8.0"
    assert group["Parameters"] == {
        "tls": "tls1.2+",
        "audit_logs": "enabled",
        "change_stream_log_retention_duration": "86400",
    }
    assert properties(template, CLUSTER)["EnableCloudwatchLogsExports"] == ["audit"]


def test_a_role_reads_the_secret_of_this_cluster_alone(stack: cdk.Stack) -> None:
    cluster = DocumentCluster(stack, "Documents")
    cluster.grant_connect(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    (secret,) = (one for one in statements if one["Action"] == "secretsmanager:GetSecretValue")
    tag = "aws:ResourceTag/aws:rds:primaryDBClusterArn"
    assert secret["Condition"] == {"StringEquals": {tag: stack.resolve(cluster.cluster_arn)}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "4.0.0"}, "'version' must be one of 5.0 or 8.0, which have serverless instances"),
        ({"min_capacity": 0}, "'min_capacity' must be 0.5 to 256 in steps of 0.5 units, got 0"),
        ({"min_capacity": 4}, "'min_capacity' must be 2 or less, the 'max_capacity', got 4"),
        ({"change_streams_kept_for": cdk.Duration.days(8)}, "'change_streams_kept_for' must be 3600 to 604800"),
    ],
)
def test_refuses_what_documentdb_does(stack: cdk.Stack, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DocumentCluster(stack, "Documents", **options)  # type: ignore[arg-type]


def test_refuses_a_network_of_one_zone(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="isolated subnets in 2 Availability Zones, since AWS takes fewer for no"):
        DocumentCluster(stack, "Documents", network=LakeNetwork(stack, "Network", az_count=1))
