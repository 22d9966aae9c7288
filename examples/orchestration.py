"""A nightly pipeline that crawls files, asks a question about them, and mails what failed."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Database, Pipeline, Workgroup, Zone
from lake_blueprints.analytics.athena import Query
from lake_blueprints.ingestion.crawler import Crawl, Crawler

app = cdk.App()
stack = cdk.Stack(app, "Nightly")
raw = Zone(stack, "Raw")
database = Database(stack, "Database", zone=raw)
crawler = Crawler(stack, "References", database=database, prefixes=["references/"], table_prefix="ref_")
workgroup = Workgroup(stack, "Queries", encryption_key=raw.key, access_logs=raw.access_logs)
count = Query(
    name="Count", workgroup=workgroup, sql="SELECT count(*) FROM ref_references", database=database.database_name
)
schedule = events.Schedule.cron(hour="3", minute="0")
nightly = Pipeline(stack, "Nightly", steps=[Crawl(crawler=crawler), count], schedule=schedule)
nightly.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
app.synth()
