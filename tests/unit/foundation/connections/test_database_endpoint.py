"""DatabaseEndpoint: addresses as Glue's drivers take them."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine


def endpoint(stack: cdk.Stack, engine: str, host: str = "db.example.com", port: int | None = None) -> DatabaseEndpoint:
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Secret", "shop")
    return DatabaseEndpoint(engine=DatabaseEngine(engine), host=host, port=port, database="shop", secret=secret)


@pytest.mark.parametrize(
    ("engine", "url"),
    [
        ("postgresql", "jdbc:postgresql://db.example.com:5432/shop"),
        ("mysql", "jdbc:mysql://db.example.com:3306/shop"),
        ("mariadb", "jdbc:mysql://db.example.com:3306/shop"),
        ("oracle", "jdbc:oracle:thin://@db.example.com:1521/shop"),
        ("sqlserver", "jdbc:sqlserver://db.example.com:1433;databaseName=shop"),
        ("redshift", "jdbc:redshift://db.example.com:5439/shop"),
    ],
)
def test_each_engine_has_its_address_and_port(stack: cdk.Stack, engine: str, url: str) -> None:
    assert endpoint(stack, engine).jdbc_url == url


def test_another_port_is_used(stack: cdk.Stack) -> None:
    assert endpoint(stack, "postgresql", port=6432).jdbc_url == "jdbc:postgresql://db.example.com:6432/shop"


def test_a_port_that_is_known_at_deployment_stands_in_the_address(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "Port", type="Number")
    resolved = stack.resolve(endpoint(stack, "mysql", port=int(parameter.value_as_number)).jdbc_url)
    assert resolved == {"Fn::Join": ["", ["jdbc:mysql://db.example.com:", {"Ref": "Port"}, "/shop"]]}


@pytest.mark.parametrize("host", ["jdbc:mysql://db", "db:5432", "db/shop", "user@db"])
def test_more_than_a_host_is_refused(stack: cdk.Stack, host: str) -> None:
    with pytest.raises(ValueError, match=f"without scheme, user and port, got '{host}'"):
        endpoint(stack, "mysql", host=host)


@pytest.mark.parametrize("port", [0, 65_536])
def test_a_port_out_of_range_is_refused(stack: cdk.Stack, port: int) -> None:
    with pytest.raises(ValueError, match=f"'port' must be 1 to 65,535, got {port}"):
        endpoint(stack, "mysql", port=port)
