"""The run: a shop opens, a lake follows it, and five places give the same answers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth

from examples.demo.errors import DemoError
from examples.demo.queries import Athena, Redshift
from examples.demo.steps import Steps
from examples.orders.shop import Shop
from local_cloud.cloud import LocalCloud

ROOT = Path(__file__).parents[2]
SUMS = {"customers": "sum(id)", "orders": "sum(amount)", "payments": "sum(amount)"}
Facts = dict[str, tuple[int, str]]


class Run:
    """One run on a local cloud that is up.

    Parameters
    ----------
    cloud: LocalCloud
        Where everything is deployed.
    steps: Steps
        Where progress is shown.
    days: int
        Days of business between the first load and the second run.
    """

    def __init__(self, cloud: LocalCloud, steps: Steps, *, days: int) -> None:
        self._cloud, self._steps, self._days = cloud, steps, days

    def __call__(self) -> dict[str, Facts]:
        """Run every step; return the facts by place.

        Raises
        ------
        DemoError, LocalCloudError
            If something is not as it must be.
        """
        with self._steps.step("Deploy with the CDK CLI") as step:
            deployed = self._cloud.deploy(directory=ROOT, app="python -m examples.orders.lake", on_event=step.say)
            self._outputs = deployed["Orders"]
            step.say("1 stack")
        shop = Shop(self._cloud.client("secretsmanager"), self._outputs, self._cloud.authority)
        try:
            with self._steps.step("Open the shop") as step:
                step.say(f"{shop.open():,} rows")
            with self._steps.step("Load, curate and serve all rows"):
                self._refresh()
            self._compare(shop)
            with self._steps.step("Do business") as step:
                step.say(f"{shop.trade(self._days):,} changes in {self._days} days")
            with self._steps.step("Follow the changes"):
                self._cloud.drain()
                self._refresh()
            return self._compare(shop)
        finally:
            shop.close()

    def _refresh(self) -> None:
        self._cloud.execute(self._outputs["StateMachineOutput"])

    def _compare(self, shop: Shop) -> dict[str, Facts]:
        """Ask every place for its rows, and compare them with the shop's."""
        with self._steps.step("Compare") as step:
            found = {"shop": shop.facts(), "Athena": self._athena(), "Redshift": self._redshift()}
            found["OpenSearch"] = {"orders": self._searched()}
            found["DynamoDB"] = {"orders": self._served()}
            for place, facts in found.items():
                for table, fact in facts.items():
                    if fact != found["shop"][table]:
                        raise DemoError(f"{place} has {fact} of {table}, and the shop {found['shop'][table]}")
            step.say("the shop, Athena, Redshift, OpenSearch and DynamoDB agree")
        return found

    def _athena(self) -> Facts:
        athena = Athena(self._cloud.client("athena"), self._outputs["WorkgroupOutput"])
        database = self._outputs["CuratedOutput"]
        return {
            table: _fact(athena.ask(f'SELECT count(*), CAST({total} AS varchar) FROM "{database}".{table}').rows)
            for table, total in SUMS.items()
        }

    def _redshift(self) -> Facts:
        redshift = Redshift(
            self._cloud.client("redshift-data"),
            workgroup=self._outputs["WarehouseWorkgroupOutput"],
            database=self._outputs["WarehouseDatabaseOutput"],
            secret=self._outputs["WarehouseSecretOutput"],
        )
        return {
            table: _fact(redshift.ask(f"SELECT count(*), {total}::varchar FROM {table}").rows)
            for table, total in SUMS.items()
        }

    def _served(self) -> tuple[int, str]:
        scan = self._cloud.client("dynamodb").get_paginator("scan")
        # Page by page: on a busy machine all of it would take longer than a client waits for an answer.
        pages = scan.paginate(TableName=self._outputs["ServedOutput"], PaginationConfig={"PageSize": 1_000})
        amounts = [Decimal(item["amount"]["N"]) for page in pages for item in page["Items"]]
        return len(amounts), f"{sum(amounts):.2f}"

    def _searched(self) -> tuple[int, str]:
        asked = {"size": 0, "track_total_hits": True, "aggs": {"total": {"sum": {"field": "amount"}}}}
        found: Any = self._search().search(index="orders", body=asked)
        return int(found["hits"]["total"]["value"]), f"{found['aggregations']['total']['value']:.2f}"

    def _search(self) -> OpenSearch:
        key, region = self._cloud.access_key, self._cloud.environment()["AWS_REGION"]
        credentials = boto3.Session(key.id, key.secret, region_name=region).get_credentials()
        return OpenSearch(
            hosts=[self._outputs["SearchEndpointOutput"]],
            http_auth=Urllib3AWSV4SignerAuth(credentials, region, "aoss"),
            ca_certs=str(self._cloud.authority),
        )


def _fact(rows: Any) -> tuple[int, str]:
    ((count, total),) = rows
    return int(count), f"{float(total):.2f}"
