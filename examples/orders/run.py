"""The run: a shop opens, a lake follows it while it writes, and six places give the same answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import boto3
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth

from examples.demo.errors import DemoError
from examples.demo.object_versions import ObjectVersions
from examples.demo.queries import Athena, Redshift
from examples.demo.steps import Steps
from examples.orders.places import ChangeFiles, ItemsPlace, Place, SearchPlace, SqlPlace
from examples.orders.results import SHOP, AddedColumn, Erased, Results, Written
from examples.orders.shop import LEAVER, Shop, name_of
from examples.orders.watch import Watch
from examples.orders.writer import Writer
from local_cloud.cloud import LocalCloud

ROOT = Path(__file__).parents[2]
LIVE = "Redshift by zero-ETL"
# Whose way through the lake is timed; the writer's orders have higher numbers.
_WATCHED = 100_000
_OPEN = ("orders", "lines", "payments")


class Run:
    """One run on a local cloud that is up.

    Parameters
    ----------
    cloud: LocalCloud
        Where everything is deployed.
    steps: Steps
        Where progress is shown.
    """

    def __init__(self, cloud: LocalCloud, steps: Steps) -> None:
        self._cloud, self._steps = cloud, steps
        self._outputs: dict[str, str] = {}
        self.results = Results()

    def __call__(self) -> Results:
        """Run every step.

        Raises
        ------
        DemoError, LocalCloudError
            If something is not as it must be.
        """
        self._deploy()
        shop = Shop(self._cloud.client("secretsmanager"), self._outputs, self._cloud.authority)
        try:
            self._load(shop)
            places = self._places()
            self._follow(shop, places)
            self._forget(shop, places)
            self._compare(shop, places)
        finally:
            shop.close()
        return self.results

    def _deploy(self) -> None:
        with self._steps.step("Deploy with the CDK CLI") as step:
            deployed = self._cloud.deploy(directory=ROOT, app="python -m examples.orders.lake", on_event=step.say)
            self._outputs = {name.removesuffix("Output"): value for name, value in deployed["Orders"].items()}
            step.say("1 stack")

    def _load(self, shop: Shop) -> None:
        with self._steps.step("Open the shop") as step:
            self.results.rows = shop.open()
            step.say(f"{self.results.rows:,} rows")
        with self._steps.step("Load all rows"):
            self._execute("SetUp")
            self._execute("Refresh")

    def _follow(self, shop: Shop, places: dict[str, Place]) -> None:
        """Refresh the lake while the shop writes, then stop the writer at one position of the log."""
        files = ChangeFiles(self._cloud.client("s3"), self._outputs["Changes"], "orders")
        arrived: dict[str, Place | ChangeFiles] = {"Files of changes": files, **places}
        with self._steps.step("Follow the shop while it writes") as step:
            committed = shop.sell(_WATCHED, LEAVER)
            with Writer(shop) as writer:
                with Watch({name: partial(place.has, _WATCHED) for name, place in arrived.items()}, committed) as watch:
                    self._cloud.drain()
                    self._execute("Refresh")
                self.results.lags = watch.seconds
                self.results.ages = {name: self._age(shop, place) for name, place in places.items()}
            self.results.written = Written(
                changes=writer.changes, transactions=writer.transactions, seconds=writer.seconds
            )
            step.say(f"{writer.changes:,} changes in {writer.transactions:,} transactions")

    def _forget(self, shop: Shop, places: dict[str, Place]) -> None:
        """Let a customer leave the shop, follow what is left to follow, and erase the customer from the lake."""
        with self._steps.step("Let a customer leave") as step:
            deleted = shop.forget(LEAVER)
            self.results.position = shop.position()
            self._cloud.drain()
            self._execute("Refresh")
            step.say(f"{deleted} rows of {name_of(LEAVER)} deleted in the shop")
        with self._steps.step("Erase the customer") as step:
            s3 = self._cloud.client("s3")
            versions = ObjectVersions(s3)
            known_as = {name_of(LEAVER), f'"customer_id": {LEAVER},'}
            before = versions.holders(known_as)
            body = json.dumps({"keys": [str(LEAVER)]}).encode()
            s3.put_object(Bucket=self._outputs["Requests"], Key="erasure/requests/1.json", Body=body)
            self._execute("Forget")
            if not before:
                raise DemoError("no version of an object held the customer before the erasure: nothing was looked for")
            if after := versions.holders(known_as):
                raise DemoError(f"{len(after)} versions of objects hold the customer still: {after[0]}")
            for name, place in places.items():
                if rows := place.of_customer(LEAVER):
                    raise DemoError(f"{name} has {rows} rows of the customer still")
            self.results.erased = Erased(name=name_of(LEAVER), deleted=deleted, versions=len(before))
            step.say(f"{len(before)} versions of objects held the customer, none does")

    def _compare(self, shop: Shop, places: dict[str, Place]) -> None:
        with self._steps.step("Compare") as step:
            compared = {SHOP: SqlPlace(shop.ask, "public"), **places}
            self.results.totals = {name: place.totals() for name, place in compared.items()}
            self.results.answers = {name: place.by_status() for name, place in compared.items()}
            self.results.check()
            self.results.column = self._added_column(shop)
            step.say(f"{len(compared)} places agree at {self.results.position}")

    def _added_column(self, shop: Shop) -> AddedColumn:
        """Return where the column is that no contract declares, and refuse to lose it."""
        count = "SELECT count(note) FROM public.orders"
        ((in_shop,),) = shop.ask(count)
        ((in_live,),) = self._redshift(self._outputs["LiveDatabase"]).ask(count).rows
        files = ChangeFiles(self._cloud.client("s3"), self._outputs["Changes"], "orders")
        in_files = len({row["id"] for row in files.rows() if row.get("note")})
        columns = self._athena().ask(f'SELECT * FROM "{self._outputs["Curated"]}".orders LIMIT 1').columns
        if not in_shop == in_live == in_files:
            raise DemoError(f"{in_shop} orders have a note, {in_live} by zero-ETL and {in_files} in files of changes")
        curated = in_shop if "note" in columns else None
        rows = {SHOP: in_shop, "Files of changes": in_files, LIVE: int(str(in_live)), "Athena": curated}
        return AddedColumn(name="note", rows=rows)

    def _age(self, shop: Shop, place: Place) -> float:
        """Return how many seconds ago the newest order of a place was written."""
        newest = place.newest()
        now = datetime.now(UTC)
        ((written,),) = shop.ask(f"select ordered_at from orders where id = {newest}")
        return float((now - written).total_seconds())

    def _execute(self, pipeline: str) -> None:
        self._cloud.execute(self._outputs[pipeline])

    def _places(self) -> dict[str, Place]:
        athena, warehouse = self._athena(), self._redshift(self._outputs["WarehouseDatabase"])
        live = self._redshift(self._outputs["LiveDatabase"])
        return {
            "Athena": SqlPlace(lambda sql: athena.ask(sql).rows, f'"{self._outputs["Curated"]}"'),
            "Redshift": SqlPlace(lambda sql: warehouse.ask(sql).rows, "public"),
            LIVE: SqlPlace(lambda sql: live.ask(sql).rows, "public", _OPEN),
            "OpenSearch": SearchPlace(self._search()),
            "DynamoDB": ItemsPlace(self._cloud.client("dynamodb"), self._outputs["Served"]),
        }

    def _athena(self) -> Athena:
        return Athena(self._cloud.client("athena"), self._outputs["Workgroup"])

    def _redshift(self, database: str) -> Redshift:
        return Redshift(
            self._cloud.client("redshift-data"),
            workgroup=self._outputs["WarehouseWorkgroup"],
            database=database,
            secret=self._outputs["WarehouseSecret"],
        )

    def _search(self) -> OpenSearch:
        key, region = self._cloud.access_key, self._cloud.environment()["AWS_REGION"]
        credentials = boto3.Session(key.id, key.secret, region_name=region).get_credentials()
        return OpenSearch(
            hosts=[self._outputs["SearchEndpoint"]],
            http_auth=Urllib3AWSV4SignerAuth(credentials, region, "aoss"),
            ca_certs=str(self._cloud.authority),
        )
