"""Crawler: schedule, policies, encrypted logs, and a role that sees its prefixes only."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_logs as logs

from lake_blueprints.catalog import Database
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.ingestion.crawler import Crawler, Recrawl, SchemaDelete, SchemaUpdate
from lake_blueprints.storage.s3 import LifecycleRule, StorageClass, Transition, Zone
from tests.support import properties, resources, template_of


def crawler(stack: cdk.Stack, **options: Any) -> Crawler:
    zone = Zone(stack, "Zone")
    database = Database(stack, "Database", zone=zone, database_name="lake")
    return Crawler(stack, "Crawler", **{"database": database, "prefixes": ["reference/"], **options})


def crawled(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::Glue::Crawler")


def test_runs_on_demand_crawls_everything_and_forgets_nothing_by_default(stack: cdk.Stack) -> None:
    crawler(stack)
    found = crawled(stack)
    assert "Schedule" not in found
    assert found["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVERYTHING"}
    assert found["SchemaChangePolicy"] == {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}
    assert json.loads(found["Configuration"])["CrawlerOutput"]["Partitions"] == {
        "AddOrUpdateBehavior": "InheritFromTable"
    }


def test_crawls_several_prefixes_of_another_zone(stack: cdk.Stack) -> None:
    other = Zone(stack, "Other")
    crawler(stack, zone=other, prefixes=["a/", "b/"], exclusions=["**.tmp"], sample_size=5)
    assert crawled(stack)["Targets"]["S3Targets"] == [
        {"Path": stack.resolve(other.uri(prefix)), "Exclusions": ["**.tmp"], "SampleSize": 5} for prefix in ("a/", "b/")
    ]


def test_logs_schema_changes_when_it_looks_at_new_folders_only(stack: cdk.Stack) -> None:
    crawler(stack, recrawl=Recrawl.NEW_FOLDERS)
    assert crawled(stack)["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}


def test_runs_on_its_schedule(stack: cdk.Stack) -> None:
    crawler(stack, schedule="cron(15 2 ? * MON-FRI *)")
    assert crawled(stack)["Schedule"] == {"ScheduleExpression": "cron(15 2 ? * MON-FRI *)"}


def test_its_logs_are_encrypted_by_a_configuration_that_exists_before_it(stack: cdk.Stack) -> None:
    crawler(stack)
    template = template_of(stack)
    (name,) = [k for k, v in template["Resources"].items() if v["Type"] == "AWS::Glue::SecurityConfiguration"]
    (found,) = resources(template, "AWS::Glue::Crawler")
    assert found["Properties"]["CrawlerSecurityConfiguration"] == template["Resources"][name]["Properties"]["Name"]
    assert name in found["DependsOn"]


def test_its_logs_are_in_a_group_that_exists_before_glue_would_make_it(stack: cdk.Stack) -> None:
    found = crawler(stack, log_retention=logs.RetentionDays.ONE_MONTH)
    template = template_of(stack)
    security = properties(template, "AWS::Glue::SecurityConfiguration")["Name"]
    group = properties(template, "AWS::Logs::LogGroup")
    role = stack.resolve(found.role.role_name)
    assert group["LogGroupName"] == {"Fn::Join": ["", ["/aws-glue/crawlers-role/", role, f"-{security}"]]}
    assert group["RetentionInDays"] == 30
    assert group["KmsKeyId"] == stack.resolve(found.zone.key.key_arn)


def test_shares_a_security_configuration_that_is_given(stack: cdk.Stack) -> None:
    shared = GlueSecurityConfiguration(stack, "Shared", encryption_key=Zone(stack, "Keyed").key)
    crawler(stack, security_configuration=shared)
    assert len(resources(template_of(stack), "AWS::Glue::SecurityConfiguration")) == 1


def test_its_role_has_its_permissions_before_it_exists(stack: cdk.Stack) -> None:
    found = crawler(stack)
    role = stack.resolve(found.role.role_arn)["Fn::GetAtt"][0]
    template = template_of(stack)
    policies = [p["Ref"] for p in template["Resources"][role]["Properties"]["ManagedPolicyArns"]]
    assert [template["Resources"][policy]["Type"] for policy in policies] == ["AWS::IAM::ManagedPolicy"]


def test_its_role_reads_and_lists_its_prefixes_only(stack: cdk.Stack) -> None:
    found = crawler(stack, prefixes=["reference/"], table_prefix="ref_")
    statements = properties(template_of(stack), "AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    by_action = {s["Action"] if isinstance(s["Action"], str) else s["Action"][0]: s for s in statements}
    bucket = stack.resolve(found.zone.bucket.bucket_arn)
    assert by_action["s3:GetObject"]["Resource"] == {"Fn::Join": ["", [bucket, "/reference/*"]]}
    assert by_action["s3:ListBucket"]["Condition"] == {"StringLike": {"s3:prefix": ["reference/*"]}}
    ends = {
        action: [arn["Fn::Join"][1][-1] for arn in by_action[action]["Resource"]]
        for action in ("glue:GetDatabase", "glue:GetTable")
    }
    assert ends == {
        "glue:GetDatabase": [":catalog", ":database/lake"],
        "glue:GetTable": [":catalog", ":database/lake", ":table/lake/ref_*"],
    }
    assert by_action["logs:CreateLogGroup"]["Action"][-1] == "logs:AssociateKmsKey"
    assert by_action["cloudwatch:PutMetricData"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Glue"}}
    assert not [action for s in statements for action in [s["Action"]] if "s3:PutObject" in action]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefixes": []}, "needs at least one prefix"),
        ({"prefixes": ["/reference/"]}, "use 'reference/'"),
        ({"table_prefix": "Ref-"}, "a table prefix must be .* lower case"),
        ({"sample_size": 0}, "'sample_size' must be 1 to 249 files, got 0"),
        ({"sample_size": 250}, "'sample_size' must be 1 to 249 files, got 250"),
        ({"recrawl": Recrawl.NEW_FOLDERS, "on_update": SchemaUpdate.UPDATE}, "got on_update=UPDATE and on_delete=LOG"),
        ({"recrawl": Recrawl.NEW_FOLDERS, "on_delete": SchemaDelete.DELETE}, "got on_update=LOG and on_delete=DELETE"),
        ({"schedule": "rate(1 day)"}, "six fields"),
    ],
)
def test_refuses_what_glue_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        crawler(stack, **options)


def test_refuses_a_prefix_that_the_zone_archives(stack: cdk.Stack) -> None:
    move = Transition(storage_class=StorageClass.DEEP_ARCHIVE, after=Duration.days(90))
    zone = Zone(stack, "Cold", lifecycle=[LifecycleRule(prefix="reference/", transitions=[move])])
    with pytest.raises(ValueError, match="DEEP_ARCHIVE, but crawler 'Stack/Crawler' reads 'reference/'"):
        crawler(stack, zone=zone)
