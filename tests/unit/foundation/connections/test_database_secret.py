"""DatabaseSecret: its defaults."""

from __future__ import annotations

import json

import aws_cdk as cdk
import pytest

from lake_blueprints.foundation.connections import DatabaseSecret
from tests.support import properties, template_of


def test_the_password_is_generated_and_the_name_is_given(stack: cdk.Stack) -> None:
    DatabaseSecret(stack, "User", username="lake_reader")
    generated = properties(template_of(stack), "AWS::SecretsManager::Secret")["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {"username": "lake_reader"}
    assert (generated["GenerateStringKey"], generated["PasswordLength"]) == ("password", 32)


def test_no_character_of_the_password_means_something_in_an_address(stack: cdk.Stack) -> None:
    DatabaseSecret(stack, "User", username="lake_reader")
    generated = properties(template_of(stack), "AWS::SecretsManager::Secret")["GenerateSecretString"]
    assert set("/@:?#&% \"'\\") <= set(generated["ExcludeCharacters"])


def test_holds_the_server_if_it_is_given(stack: cdk.Stack) -> None:
    DatabaseSecret(stack, "User", username="dms", host="shop.example.com", port=5432)
    generated = properties(template_of(stack), "AWS::SecretsManager::Secret")["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {
        "username": "dms",
        "host": "shop.example.com",
        "port": 5432,
    }


def test_refuses_half_an_address(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"'host' and 'port' go together, got 'shop.example.com' and None"):
        DatabaseSecret(stack, "User", username="dms", host="shop.example.com")
