"""Constructs that break one duty each: the suite has to notice."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from tests.conformance.sample import Sample
from tests.conformance.subject import Subject


def control(construct: type[Construct], **facts: Any) -> Subject:
    """Return a construct as a subject of the suite."""
    return Subject(Sample(construct=construct, **facts))


class NamedGroup(Construct):
    """It has a physical name, so that it cannot be there twice."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        logs.CfnLogGroup(self, "Group", log_group_name="/lake/flights")


class StackNamedGroup(Construct):
    """It is named after its stack, so that two stacks are not in each other's way but two in a stack are."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        logs.CfnLogGroup(self, "Group", log_group_name=f"/lake/{cdk.Stack.of(self).node.id}")


class PlainBucket(Construct):
    """It lets plain HTTP and, in the property of another type, a wrong value pass."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        s3.CfnBucket(self, "Bucket").add_property_override("VersioningConfiguration.Status", "Perhaps")


class EndlessJob(Construct):
    """It has a timeout that Glue refuses at run time."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        command = glue.CfnJob.JobCommandProperty(name="glueetl", script_location="s3://lake/job.py")
        glue.CfnJob(self, "Job", command=command, role="Job", timeout=20_000)


class Placed(Construct):
    """It knows its partition, Region and account."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        bucket = s3.CfnBucket(self, "Bucket")
        statement = iam.PolicyStatement(
            actions=["s3:GetObject"],
            resources=["arn:aws:s3:::flights/*"],
            principals=[iam.ArnPrincipal("arn:aws:iam::123456789012:role/eu-central-1")],
        )
        s3.CfnBucketPolicy(
            self, "Policy", bucket=bucket.ref, policy_document=iam.PolicyDocument(statements=[statement])
        )


class Grouped(Construct):
    """It needs a resource type that China does not have."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        sagemaker.CfnModelPackageGroup(self, "Group", model_package_group_name=cdk.Names.unique_resource_name(self))


class OwnKey(Construct):
    """It takes a key and uses another one; without one it makes two."""

    def __init__(self, scope: Construct, construct_id: str, *, encryption_key: kms.IKey | None = None) -> None:
        super().__init__(scope, construct_id)
        for name in ("One", "Two"):
            key = encryption_key if encryption_key and name == "One" else kms.Key(self, f"{name}Key")
            s3.Bucket(self, name, encryption_key=key)


class Hasty(Construct):
    """It deletes its data as soon as it is asked to."""

    def __init__(
        self, scope: Construct, construct_id: str, *, removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.DESTROY
    ) -> None:
        super().__init__(scope, construct_id)
        s3.Bucket(self, "Bucket", removal_policy=removal_policy)


class Stubborn(Construct):
    """It keeps its data although all agree that it goes."""

    def __init__(
        self, scope: Construct, construct_id: str, *, removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN
    ) -> None:
        super().__init__(scope, construct_id)
        s3.Bucket(self, "Bucket", removal_policy=cdk.RemovalPolicy.RETAIN)
