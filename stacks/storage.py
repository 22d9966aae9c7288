"""Storage stack: one key, three zones, a database for each, and the topic of alarms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import IcebergTable, IcebergTableOptions
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.storage.s3 import AccessLogBucket, LifecycleRule, StorageClass, Transition, Zone
from stacks import acknowledgments
from stacks.environment import Environment


class StorageStack(cdk.Stack):
    """Key, zones, databases and topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        datasets: Iterable[str],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        removal = environment.removal_policy
        self._table_options: IcebergTableOptions = {**environment.maintenance, "removal_policy": removal}
        self.key = LakeKey(self, "Key", eventbridge=True, removal_policy=removal).key
        self.topic = sns.Topic(self, "Topic", master_key=self.key, enforce_ssl=True)
        if environment.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(environment.alarm_email))
        acknowledgments.of_topics(self.topic, subscribed=environment.alarm_email is not None)
        logs = AccessLogBucket(self, "AccessLogs", removal_policy=removal)
        cheaper = Transition(storage_class=StorageClass.INTELLIGENT_TIERING, after=cdk.Duration.days(0))
        expiry = [
            LifecycleRule(
                prefix=f"{dataset}/",
                transitions=[cheaper],
                expire_after=cdk.Duration.days(environment.raw_retention_days),
            )
            for dataset in datasets
        ]
        common: dict[str, Any] = {"encryption_key": self.key, "access_logs": logs, "removal_policy": removal}
        self.raw = Zone(self, "Raw", lifecycle=expiry, **common)
        self.curated = Zone(self, "Curated", lifecycle=[LifecycleRule(transitions=[cheaper])], **common)
        exports = LifecycleRule(
            prefix="exports/", expire_after=cdk.Duration.days(environment.raw_retention_days), transitions=[cheaper]
        )
        self.analytics = Zone(self, "Analytics", lifecycle=[exports], **common)
        self.raw_database = Database(self, "RawDatabase", zone=self.raw, removal_policy=removal)
        self.curated_database = Database(self, "CuratedDatabase", zone=self.curated, removal_policy=removal)

        cdk.CfnOutput(self, "TopicArn", value=self.topic.topic_arn)
        cdk.CfnOutput(self, "RawBucket", value=self.raw.bucket.bucket_name)
        cdk.CfnOutput(self, "CuratedBucket", value=self.curated.bucket.bucket_name)
        cdk.CfnOutput(self, "AnalyticsBucket", value=self.analytics.bucket.bucket_name)
        cdk.CfnOutput(self, "RawDatabaseName", value=self.raw_database.database_name)
        cdk.CfnOutput(self, "CuratedDatabaseName", value=self.curated_database.database_name)

    def add_curated(self, dataset: Dataset) -> IcebergTable:
        """Define the curated table of a dataset."""
        return self.curated_database.add_iceberg_table(dataset, **self._table_options)
