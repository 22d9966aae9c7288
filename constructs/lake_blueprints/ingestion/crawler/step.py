"""Running a crawler."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.crawler.crawler import Crawler
from lake_blueprints.ingestion.crawler.permissions import run_crawler
from lake_blueprints.orchestration.asl import Fragment, check_name, equals
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.service import GLUE
from lake_blueprints.orchestration.step import Step


@checked
@dataclass(frozen=True, kw_only=True)
class Crawl(Step):
    """Run a crawler to its end; if it is already running, wait for that run and start another one.

    Parameters
    ----------
    crawler: Crawler
        What runs.
    timeout: Duration
        Time after which waiting ends and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Crawl` and the crawler's id.
    """

    crawler: Crawler
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(2))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Crawl {self.crawler.node.id}")
        crawler = {"Name": self.crawler.crawler_name}
        start = GLUE.call(name, "StartCrawler", crawler, busy_on=["Glue.CrawlerRunningException", *GLUE.busy])
        last, ready = "$.poll.answer.Crawler.LastCrawl", equals("$.poll.answer.Crawler.State", "READY")
        poll = GLUE.poll(
            "GetCrawler",
            crawler,
            succeeded={"And": [ready, equals(f"{last}.Status", "SUCCEEDED")]},
            failures=[(ready, f"States.JsonToString({last})")],
            unanswered={"Crawler": {"State": "STARTING"}},
        )
        return poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)

    def grant(self, role: ServiceRole) -> None:
        allow(role, run_crawler(self.crawler, self.crawler.crawler_name))
