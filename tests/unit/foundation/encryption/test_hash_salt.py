"""HashSalt: a secret that nobody writes down."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.encryption import HashSalt, LakeKey
from tests.support import new_stack, properties, template_of


def test_is_generated_by_secrets_manager_and_in_no_template(stack: cdk.Stack) -> None:
    HashSalt(stack, "Salt")
    secret = properties(template_of(stack), "AWS::SecretsManager::Secret")
    assert secret["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 64}
    assert "SecretString" not in secret


def test_leaves_the_policy_of_a_given_key_alone(stack: cdk.Stack) -> None:
    alone = new_stack()
    LakeKey(alone, "Key")
    HashSalt(stack, "Salt", encryption_key=LakeKey(stack, "Key").key)
    policies = [properties(template_of(each), "AWS::KMS::Key")["KeyPolicy"] for each in (alone, stack)]
    assert policies[0] == policies[1]


def test_a_reader_may_read_it_and_nothing_else(stack: cdk.Stack) -> None:
    salt = HashSalt(stack, "Salt")
    salt.grant_read(iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal()))
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert [(s["Action"], s["Resource"]) for s in statements] == [
        ("secretsmanager:GetSecretValue", stack.resolve(salt.secret_arn)),
        ("kms:Decrypt", stack.resolve(salt.key.key_arn)),
    ]
