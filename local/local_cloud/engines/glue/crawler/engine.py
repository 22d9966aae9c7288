"""Glue crawlers: StartCrawler really crawls."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import duckdb
from botocore.exceptions import ClientError
from moto.glue.exceptions import CrawlerRunningException
from moto.glue.models import FakeCrawl, FakeCrawler

from local_cloud.engines.engine import Engine
from local_cloud.engines.glue.crawler.execution import CrawlerExecution, Stopped
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session, message

_MODELS = "moto.glue.models"


class CrawlerEngine(Engine):
    """Runs crawlers when they are started."""

    def patches(self) -> Patches:
        patches = Patches()
        runtime = self.runtime
        described = FakeCrawler.as_dict

        @patches.replace(_MODELS, "FakeCrawler.start_crawler")
        def start_crawler(self: Any) -> None:
            if self.status != "READY":
                raise CrawlerRunningException(f"Crawler with name {self.name} has already started")
            crawl = FakeCrawl(self.name)
            # Ours alone decides when a crawl is over; moto would end it when it is looked at.
            crawl._transitions = []
            self.crawls.append(crawl)
            runtime.background(lambda: _crawl(runtime, self, crawl), f"crawler {self.name}")

        @patches.replace(_MODELS, "FakeCrawler.as_dict")
        def as_dict(self: Any) -> dict[str, Any]:
            crawler: dict[str, Any] = described(self)
            crawler.pop("LastCrawl", None)
            return {**crawler, **({"LastCrawl": self.last_crawl_info} if self.last_crawl_info else {})}

        return patches


def _crawl(runtime: Runtime, crawler: Any, crawl: Any) -> None:
    started = time.monotonic()
    status, error = "SUCCEEDED", ""
    session = Session(runtime, crawler.backend.region_name, role=crawler.role)
    try:
        CrawlerExecution(
            crawler, crawl, Catalog(runtime, crawler.backend.region_name, role=crawler.role), session
        ).run()
    except Stopped:
        status = "CANCELLED"
    except (LocalCloudError, duckdb.Error) as failure:
        status, error = "FAILED", message(failure)
    except ClientError as failure:
        status, error = "FAILED", failure.response["Error"].get("Message") or str(failure)
    except Exception as failure:
        # A crawl must end whatever happens, or its callers wait forever.
        status, error = "FAILED", f"internal error: {type(failure).__name__}: {failure}"
    finally:
        session.close()
    crawl.status = "STOPPING"
    crawler.crawl_elapsed_time = int(1000 * (time.monotonic() - started))
    crawler.last_crawl_info = {
        "Status": status,
        "LogGroup": crawl.log_group,
        "LogStream": crawl.log_stream,
        "MessagePrefix": crawl.message_prefix,
        "StartTime": crawl.start_time,
        **({"ErrorMessage": error} if error else {}),
    }
    crawl.end_time = datetime.now(UTC)
    crawl.status = {"SUCCEEDED": "COMPLETED", "CANCELLED": "STOPPED", "FAILED": "FAILED"}[status]
