"""Roles of an account that DMS finds by their names."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Aws, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

_POLICIES = {
    "dms-vpc-role": "AmazonDMSVPCManagementRole",
    "dms-cloudwatch-logs-role": "AmazonDMSCloudWatchLogsRole",
}


def define_account_roles(scope: Construct) -> list[iam.CfnRole]:
    """Define the roles by which DMS makes network interfaces and writes logs in an account.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/userguide/security-iam.html#CHAP_Security.APIRole
    """
    roles = []
    for name, policy in _POLICIES.items():
        role = iam.CfnRole(
            scope,
            name,
            role_name=name,
            description="Found by DMS by its name, once in an account",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "dms.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            # Attached when the role is made, so that whatever depends on the role has both.
            managed_policy_arns=[f"arn:{Aws.PARTITION}:iam::aws:policy/service-role/{policy}"],
        )
        Validations.of(role).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM4", reason="DMS demands a role of this name with the policy that AWS keeps for it"
            )
        )
        roles.append(role)
    return roles
