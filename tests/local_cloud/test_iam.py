"""IAM at the start of a cloud: quick, and nothing left over from the cloud before."""

from __future__ import annotations

from pathlib import Path

from moto.iam.models import iam_backends

from local_cloud.cloud import LocalCloud

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_managed_policies_are_those_of_one_cloud(tmp_path: Path) -> None:
    ids = set()
    for name in ("first", "second"):
        with LocalCloud(workdir=tmp_path / name) as cloud:
            iam = cloud.client("iam")
            policy = iam.get_policy(PolicyArn=READ_ONLY)["Policy"]
            assert policy["AttachmentCount"] == 0
            iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
            iam.attach_role_policy(RoleName="reader", PolicyArn=READ_ONLY)
            assert iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"] == 1
            version = iam.get_policy_version(PolicyArn=READ_ONLY, VersionId=policy["DefaultVersionId"])
            assert version["PolicyVersion"]["Document"]["Statement"]
            ids.add(policy["PolicyId"])
    assert len(ids) == 1


def test_a_request_makes_no_partition_that_nothing_uses(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        cloud.client("s3").create_bucket(Bucket="bucket")
        cloud.client("iam").list_roles()
        assert set(iam_backends[cloud.account]) == {"aws"}


def test_an_assumed_role_is_still_found_by_its_key(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        role = cloud.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        issued = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
        assert issued["AccessKeyId"]
        user = cloud.client("iam").create_user(UserName="person")["User"]["UserName"]
        key = cloud.client("iam").create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
        assert cloud.client("iam").get_access_key_last_used(AccessKeyId=key)["UserName"] == "person"
