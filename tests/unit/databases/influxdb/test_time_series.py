"""TimeSeries: private, and signed in to by a secret that no template shows."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from lake_blueprints.databases.influxdb import TimeSeries
from lake_blueprints.foundation.network import LakeNetwork
from tests.support import properties, template_of

INSTANCE = "AWS::Timestream::InfluxDBInstance"


def test_it_is_private_and_its_password_is_a_dynamic_reference_to_its_secret(stack: cdk.Stack) -> None:
    series = TimeSeries(stack, "Metrics", bucket="turbines")
    template = template_of(stack)
    found = properties(template, INSTANCE)
    secret = stack.resolve(series.secret.secret_arn)
    assert found["Password"] == {"Fn::Join": ["", ["{{resolve:secretsmanager:", secret, ":SecretString:password::}}"]]}
    assert (found["PubliclyAccessible"], found["Bucket"], found["DeploymentType"]) == (False, "turbines", "SINGLE_AZ")
    assert properties(template, "AWS::SecretsManager::Secret")["KmsKeyId"] == stack.resolve(series.key.key_arn)
    assert properties(template, "AWS::SecretsManager::Secret")["GenerateSecretString"]["ExcludePunctuation"] is True


def test_a_standby_is_in_another_zone(stack: cdk.Stack) -> None:
    TimeSeries(stack, "Metrics", multi_az=True)
    found = properties(template_of(stack), INSTANCE)
    assert found["DeploymentType"] == "WITH_MULTIAZ_STANDBY"
    assert len(found["VpcSubnetIds"]) >= 2


def test_refuses_storage_that_timestream_does(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'storage_gib' must be 20 to 15360 GiB, got 10"):
        TimeSeries(stack, "Metrics", storage_gib=10, network=LakeNetwork(stack, "Network"))
