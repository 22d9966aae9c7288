"""API calls of a crawler."""

from __future__ import annotations

from aws_cdk import Stack

from lake_blueprints.catalog.access import catalog_arns
from lake_blueprints.catalog.calls import READ_DATABASE, READ_TABLE
from lake_blueprints.foundation.access.declared import Call, Declared, calls_on_logs
from lake_blueprints.ingestion.crawler.crawler import Crawler, SchemaDelete
from lake_blueprints.storage.s3 import calls as objects

_CRAWLER = "https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html"
_ENCRYPTION = "https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html"
_SCHEMA_CHANGES = "https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html"


def crawler_calls(crawler: Crawler, *tables: str) -> Declared:
    """Return what a crawl does; `tables` are examples of names that it gives."""
    zone, database, stack = crawler.zone, crawler.database, Stack.of(crawler)
    entries = tuple(catalog_arns(database, database.database_name, *tables))
    groups = tuple(
        stack.format_arn(service="logs", resource=f"log-group:{name}")
        for name in ("/aws-glue/crawlers", crawler.log_group.log_group_name)
    )
    deletes = crawler.on_delete is SchemaDelete.DELETE
    keeps = (
        *READ_TABLE,
        "glue:CreateTable",
        "glue:UpdateTable",
        "glue:CreatePartition",
        "glue:BatchCreatePartition",
        "glue:UpdatePartition",
        "glue:BatchUpdatePartition",
    )
    forgets = ("glue:DeleteTable", "glue:DeletePartition", "glue:BatchDeletePartition")
    because, forgetting = "keeps tables and partitions", "removes what is gone"
    return Declared(
        name="Crawler",
        principal=crawler.role,
        assumed_by=("glue.amazonaws.com",),
        required=(
            *(
                call
                for prefix in crawler.prefixes
                for call in objects.reading(zone, prefix, "reads samples of objects")
            ),
            objects.locating(zone, "reads samples of objects", _CRAWLER),
            Call(actions=READ_DATABASE, resources=entries[:2], because=because, source=_CRAWLER),
            Call(actions=keeps, resources=entries, because=because, source=_CRAWLER),
            *(
                [Call(actions=forgets, resources=entries, because=forgetting, source=_SCHEMA_CHANGES)]
                if deletes
                else []
            ),
            *calls_on_logs(groups, ("logs:CreateLogGroup", "logs:AssociateKmsKey"), "writes encrypted logs", _CRAWLER),
            Call(actions=("glue:GetSecurityConfiguration",), because="learns how to encrypt", source=_ENCRYPTION),
            Call(
                actions=("cloudwatch:PutMetricData",),
                contexts=({"cloudwatch:namespace": "Glue"},),
                because="writes metrics",
                source=_CRAWLER,
            ),
        ),
        refused=(
            *objects.beside(zone, crawler.prefixes[0]),
            objects.unchanged(zone, crawler.prefixes[0]),
            *objects.ruling(zone),
            *([] if deletes else [Call(actions=forgets, resources=entries[2:], because=forgetting, source=_CRAWLER)]),
            Call(
                actions=("cloudwatch:PutMetricData",),
                contexts=({"cloudwatch:namespace": "Elsewhere"},),
                because="metrics of others",
                source=_CRAWLER,
            ),
        ),
    )
