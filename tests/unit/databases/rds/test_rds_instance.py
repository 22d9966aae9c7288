"""RdsInstance: private, encrypted, one small instance unless more is asked for."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.databases.rds import RdsInstance
from lake_blueprints.foundation.connections import DatabaseEngine
from tests.support import properties, resources, template_of


def instance(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::RDS::DBInstance")


def test_is_small_private_encrypted_backed_up_and_protected_by_default(stack: cdk.Stack) -> None:
    found = RdsInstance(stack, "Orders")
    template = instance(stack)
    key = stack.resolve(found.key.key_arn)
    assert template["KmsKeyId"] == template["MasterUserSecret"]["KmsKeyId"] == key
    assert (template["DBInstanceClass"], template["AllocatedStorage"], template["StorageType"]) == (
        "db.t4g.micro",
        "20",
        "gp3",
    )
    assert template["PubliclyAccessible"] is template["MultiAZ"] is template["DeleteAutomatedBackups"] is False
    assert template["StorageEncrypted"] is template["DeletionProtection"] is True
    assert template["EnableIAMDatabaseAuthentication"] is template["ManageMasterUserPassword"] is True
    group = properties(template_of(stack), "AWS::RDS::DBParameterGroup")
    assert (group["Family"], group["Parameters"]) == ("postgres17", {"rds.force_ssl": "1"})


def test_each_log_has_an_encrypted_group_before_the_instance_writes(stack: cdk.Stack) -> None:
    RdsInstance(stack, "Orders")
    template = template_of(stack)
    (found,) = resources(template, "AWS::RDS::DBInstance")
    name = found["Properties"]["DBInstanceIdentifier"]
    groups = [template["Resources"][logical_id]["Properties"] for logical_id in found["DependsOn"]]
    assert {group["LogGroupName"] for group in groups} == {
        f"/aws/rds/instance/{name}/{log}" for log in found["Properties"]["EnableCloudwatchLogsExports"]
    }
    assert all("KmsKeyId" in group for group in groups)


def test_mysql_requires_tls_and_replicates_by_its_binary_log(stack: cdk.Stack) -> None:
    RdsInstance(stack, "Orders", engine=DatabaseEngine.MYSQL, version="8.4.11", replication=True, multi_az=True)
    group = properties(template_of(stack), "AWS::RDS::DBParameterGroup")
    assert group["Family"] == "mysql8.4"
    assert group["Parameters"].items() >= {"require_secure_transport": "ON", "binlog_format": "ROW"}.items()
    assert instance(stack)["MultiAZ"] is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": DatabaseEngine.SQL_SERVER}, "'engine' must be postgresql or mysql, got 'sqlserver'"),
        ({"engine": DatabaseEngine.MYSQL}, "'version' must be given for 'mysql', such as '8.4.11', got None"),
        ({"storage_gb": 100}, "'max_storage_gb' must be more than 100, the 'storage_gb', or None, got 100"),
        ({"parameters": {"rds.logical_replication": "1"}}, "got rds.logical_replication; .* 'replication' sets"),
    ],
)
def test_options_out_of_range_are_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RdsInstance(stack, "Orders", **options)
