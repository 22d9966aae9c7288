"""The console: each view over a small app that is deployed and has run, its actions, and itself in a real browser."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.console.application import VIEWS

ROLE = "arn:aws:iam::123456789012:role/r"
SCRIPT = "import sys\nprint('curated <b>7</b> records')\nprint('slowly', file=sys.stderr)\n"
HOSTILE = "<script>alert('x')</script>"
NARROW = 390
# What would load something, or run where no nonce is asked for.
FOREIGN = re.compile(
    r"<(?:link|img|iframe|object|embed)\b|\s(?:src|style)=|\s(?:href|action)=\"(?:\w+:|//)|<\w[^>]*\son\w+=|@import|url\((?!#)"
)


@dataclass
class Page:
    status: int
    url: str
    html: str

    @property
    def text(self) -> str:
        """All that is visible, with single spaces."""
        body = re.sub(r"<(style|script|title)\b.*?</\1>", " ", self.html, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


class Browser:
    """A browser that has opened the console: it keeps the cookie, and says where its forms come from."""

    def __init__(self, console: str) -> None:
        self._opener = build_opener(HTTPCookieProcessor())
        self._origin = "http://" + urlsplit(console).netloc
        self.home = self._send(Request(console)).url

    def get(self, view: str, **parameters: str) -> Page:
        return self._send(Request(f"{self.home}{view}?{urlencode(parameters)}"))

    def post(self, action: str, **form: str) -> Page:
        return self._send(Request(self.home + action, urlencode(form).encode(), {"Origin": self._origin}))

    def again(self, page: Page) -> Page:
        return self._send(Request(page.url))

    def _send(self, request: Request) -> Page:
        try:
            with self._opener.open(request, timeout=120) as answer:
                return Page(answer.status, answer.url, answer.read().decode())
        except HTTPError as error:
            return Page(error.code, error.url or "", error.read().decode())


@pytest.fixture(scope="module")
def app(cloud: LocalCloud) -> dict[str, str]:
    """A small lake: a stack, a table, streams, a job that quarantines and reports, and a state machine."""
    s3, glue, athena = cloud.client("s3"), cloud.client("glue"), cloud.client("athena")
    for bucket in ("lake", "scripts"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="scripts", Key="curate.py", Body=SCRIPT.encode())
    glue.create_job(
        Name="curate",
        Role=ROLE,
        Command={"Name": "pythonshell", "ScriptLocation": "s3://scripts/curate.py"},
        ExecutionProperty={"MaxConcurrentRuns": 2},
        DefaultArguments={"--quarantine": "s3://lake/quarantine/", "--state": "s3://lake/state/"},
    )
    leave_records(s3)
    glue.create_database(DatabaseInput={"Name": "flights"})
    glue.create_table(DatabaseName="flights", TableInput={"Name": "raw", "StorageDescriptor": STORED})
    athena.create_work_group(
        Name="analysts", Configuration={"ResultConfiguration": {"OutputLocation": "s3://lake/results/"}}
    )
    cloud.client("cloudformation").create_stack(StackName="Alerts", TemplateBody=json.dumps(TEMPLATE))
    open_streams(cloud)
    machine = cloud.client("stepfunctions").create_state_machine(
        name="nightly", definition=json.dumps(DEFINITION), roleArn=ROLE
    )
    return {"machine": machine["stateMachineArn"]}


STORED = {
    "Location": "s3://lake/raw/",
    "Columns": [{"Name": "id", "Type": "bigint", "Comment": "the key"}, {"Name": "name", "Type": "string"}],
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
}
TEMPLATE = {
    "Description": HOSTILE,
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}},
}
DEFINITION: dict[str, Any] = {
    "StartAt": "Every dataset",
    "States": {
        "Every dataset": {
            "Type": "Map",
            "ItemsPath": "$.datasets",
            "ItemProcessor": {
                "StartAt": "Curate",
                "States": {
                    "Curate": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::glue:startJobRun.sync",
                        "Parameters": {"JobName": "curate"},
                        "End": True,
                    }
                },
            },
            "ResultPath": None,
            "Next": "Good?",
        },
        "Good?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.good", "BooleanEquals": True, "Next": "Settle"}],
            "Default": "Give up",
        },
        "Settle": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True},
        "Give up": {"Type": "Fail", "Error": "Quality", "Cause": HOSTILE},
    },
}


def leave_records(s3: Any) -> None:
    """Write what a job has in S3 afterwards."""
    rows = "".join(json.dumps({"id": number, "name": HOSTILE}) + "\n" for number in range(3))
    s3.put_object(Bucket="lake", Key="raw/rows.json", Body=rows.encode())
    refused = {
        "record": [HOSTILE, "{"],
        "reasons": [["not a bigint"], ["no JSON"]],
        "kinds": [["type"], ["unreadable"]],
    }
    written = io.BytesIO()
    pq.write_table(pa.table(refused), written)
    s3.put_object(Bucket="lake", Key="quarantine/batch=1/part.parquet", Body=written.getvalue())
    report = {"dataset": "flights", "read": 10, "curated": 7, "duplicates": 1, "quarantined": 2}
    full = {**report, "reasons": {"type": 1, "unreadable": 1}, "seconds": 1.5}
    lost = {**report, "dataset": "weather", "read": 11}
    for name, content in (("1", full), ("2", report), ("lost", lost), ("ledger", {"objects": ["a"], "read": 4})):
        s3.put_object(Bucket="lake", Key=f"state/runs/{name}.json", Body=json.dumps(content).encode())
    s3.put_object(Bucket="lake", Key="state/broken.json", Body=b"{")


def open_streams(cloud: LocalCloud) -> None:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="events", ShardCount=1)
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName="to-lake",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": ROLE,
            "Prefix": "events/",
            "ErrorOutputPrefix": "refused/!{firehose:error-output-type}/",
        },
    )
    kinesis.put_record(StreamName="events", PartitionKey="k", Data=b"12345")


@pytest.fixture(scope="module")
def browser(cloud: LocalCloud, app: dict[str, str]) -> Browser:
    return Browser(cloud.console)


def follow(browser: Browser, page: Page) -> Page:
    """Ask for a page again, as its script does, until nothing on it runs."""
    for _ in range(600):
        if "data-running" not in page.html.partition("<script")[0]:
            return page
        time.sleep(0.1)
        page = browser.again(page)
    raise AssertionError("it runs forever")


def run(browser: Browser, app: dict[str, str], payload: dict[str, Any]) -> Page:
    return browser.post("run", machine=app["machine"], input=json.dumps(payload))


def statuses(page: Page) -> dict[str, str]:
    """Return the class by which each state of the graph is coloured."""
    found = re.findall(r'<g class="state (\w+)[^"]*">\s*<title>([^:]*):', page.html)
    return {unescape(name): status for status, name in found}


def test_shows_stacks_with_resources_outputs_and_events(browser: Browser) -> None:
    page = browser.get("stacks")
    assert page.status == 200
    assert "Alerts create complete" in page.text
    assert "AWS::SNS::Topic Topic create complete arn:aws:sns:us-east-1:123456789012:Alerts-Topic" in page.text
    assert "TopicArn arn:aws:sns" in page.text


def test_shows_the_region_that_is_chosen_and_keeps_it(browser: Browser) -> None:
    page = browser.get("stacks", region="eu-west-1")
    assert "Nothing is deployed in eu-west-1" in page.text
    assert 'href="tables?region=eu-west-1"' in page.html
    assert "Alerts" in browser.get("stacks", region="moon").text


def test_runs_a_state_machine_and_colours_its_graph(browser: Browser, app: dict[str, str]) -> None:
    page = follow(browser, run(browser, app, {"datasets": [1, 2], "good": True, "seconds": 0}))
    assert "nightly succeeded" in page.text
    assert statuses(page) == {
        "Every dataset": "succeeded",
        "Curate": "succeeded",
        "Good?": "succeeded",
        "Settle": "succeeded",
        "Give up": "idle",
    }
    assert "Task · succeeded · 2\N{MULTIPLICATION SIGN}" in page.text
    assert "MapStateEntered" in page.text


def test_shows_the_state_that_runs(browser: Browser, cloud: LocalCloud, app: dict[str, str]) -> None:
    shown = run(browser, app, {"datasets": [], "good": True, "seconds": 600})
    while statuses(shown).get("Settle") != "running":
        shown = browser.again(shown)
    assert "nightly running" in shown.text
    assert statuses(shown)["Good?"] == "succeeded"
    arn = parse_qs(urlsplit(shown.url).query)["execution"][0]
    cloud.client("stepfunctions").stop_execution(executionArn=arn)
    ended = follow(browser, shown)
    assert "nightly aborted" in ended.text
    assert statuses(ended)["Settle"] == "aborted"


def test_shows_the_state_that_failed_and_why(browser: Browser, app: dict[str, str]) -> None:
    page = follow(browser, run(browser, app, {"datasets": [], "good": False}))
    assert f"Quality: {HOSTILE}" in page.text
    assert statuses(page)["Give up"] == "failed"


def test_an_input_that_is_no_json_is_a_mistake_that_stays_in_the_form(browser: Browser, app: dict[str, str]) -> None:
    page = browser.post("run", machine=app["machine"], input="{'a': 1}")
    assert page.status == 400
    assert "the input must be JSON" in page.text
    assert "{'a': 1}" in page.text


def test_runs_an_express_state_machine_whose_executions_are_not_listed(browser: Browser, cloud: LocalCloud) -> None:
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    stepfunctions = cloud.client("stepfunctions")
    created = stepfunctions.create_state_machine(name="quick", type="EXPRESS", definition=definition, roleArn=ROLE)
    started = browser.post("run", machine=created["stateMachineArn"], input="{}")
    assert started.status == 200
    assert "Express executions are not listed." in started.text
    stepfunctions.delete_state_machine(stateMachineArn=created["stateMachineArn"])


def test_shows_runs_with_their_logs(browser: Browser, cloud: LocalCloud, app: dict[str, str]) -> None:
    started = cloud.client("glue").start_job_run(JobName="curate")["JobRunId"]
    page = follow(browser, browser.get("runs", run=started))
    assert "curate succeeded" in page.text
    assert "curated <b>7</b> records" in page.text
    assert "slowly" in page.text
    assert "/aws-glue/jobs/output" in page.text
    logged = browser.get("runs", group="/aws-glue/jobs/error")
    assert "the newest events slowly" in logged.text


@pytest.mark.parametrize("name", ["*", "../server", "server", ""])
def test_shows_no_file_but_the_log_of_a_run(browser: Browser, name: str) -> None:
    assert "<pre>" not in browser.get("runs", run=name).html


def test_shows_a_table_with_its_rows(browser: Browser) -> None:
    listed = browser.get("tables")
    sql = re.search(r'name="sql" value="([^"]+)">raw', listed.html)
    assert sql
    assert unescape(sql[1]) == 'SELECT * FROM "flights"."raw" LIMIT 50'
    chosen = {"sql": unescape(sql[1]), "database": "flights", "table": "raw", "workgroup": "analysts"}
    page = query(browser, **chosen)
    assert f"id name 0 {HOSTILE} 1 {HOSTILE} 2 {HOSTILE}" in page.text
    assert "id bigint the key name string" in page.text


def test_runs_sql_and_shows_null_and_mistakes(browser: Browser) -> None:
    assert "nothing NULL" in query(browser, sql="SELECT NULL AS nothing", workgroup="analysts").text
    failed = query(browser, sql="SELECT * FROM moon.dust", workgroup="analysts")
    assert "Result failed" in failed.text
    assert "moon" in failed.text
    refused = browser.post("query", sql="SELECT 1", workgroup="primary")
    assert refused.status == 400
    assert "No output location provided" in refused.text


def query(browser: Browser, **form: str) -> Page:
    return follow(browser, browser.post("query", **form))


def test_shows_what_is_quarantined_and_why(browser: Browser) -> None:
    page = browser.get("quarantine")
    assert "curate: 2 records" in page.text
    assert "s3://lake/quarantine/ · quarantine · 1 file," in page.text
    assert "kinds Records type 1 unreadable 1" in page.text
    assert f"{HOSTILE} not a bigint type" in page.text


def test_shows_what_firehose_could_not_deliver(browser: Browser, cloud: LocalCloud) -> None:
    document = {"errorCode": "Lambda.Failed", "errorMessage": "it fell over", "rawData": "PGI+"}
    cloud.client("s3").put_object(Bucket="lake", Key="refused/x/1", Body=json.dumps(document).encode() + b"\n")
    page = browser.get("quarantine")
    assert "to-lake: 1 record" in page.text
    assert "errorCode Records Lambda.Failed 1" in page.text
    assert "<b> Lambda.Failed it fell over" in page.text


def test_shows_and_drains_what_is_buffered(browser: Browser, cloud: LocalCloud) -> None:
    cloud.client("firehose").put_record(DeliveryStreamName="to-lake", Record={"Data": b"12345678"})
    page = browser.get("streams")
    assert "events 1 5 B" in page.text
    assert "to-lake 1 8 B of 5.0 MiB" in page.text
    assert "of 300 s active PutRecord lake/events/" in page.text
    drained = browser.post("drain")
    assert "What was buffered is delivered." in drained.text
    assert "to-lake 0 0 B" in drained.text
    assert cloud.client("s3").list_objects_v2(Bucket="lake", Prefix="events/")["KeyCount"] == 1


def test_adds_up_the_reports_of_jobs_and_names_what_is_missing(browser: Browser) -> None:
    page = browser.get("account")
    assert "flights all 20 14 2 0 4 2 1.5 s" in page.text
    assert "weather 1 missing 11 7 1 0 2 1" in page.text
    assert "Quarantined because of Records type 1 unreadable 1" in page.text
    assert "ledger" not in page.text


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_escapes_everything_and_needs_nothing_but_itself(browser: Browser, view: str) -> None:
    html = browser.get(view).html
    assert HOSTILE not in html
    assert "<b>7</b>" not in html
    assert FOREIGN.findall(html) == []
    assert html.count("<script") == 1


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_an_empty_region_says_so(browser: Browser, view: str) -> None:
    page = browser.get(view, region="ap-south-1")
    assert page.status == 200
    assert "ap-south-1" in page.text


def test_what_there_is_not_is_said_in_words(browser: Browser) -> None:
    assert browser.get("moon").status == 404
    assert browser.post("delete").status == 404
    gone = browser.get("tables", query="00000000-0000-0000-0000-000000000000")
    assert (gone.status, "was not found" in gone.text) == (400, True)
    assert "Traceback" not in gone.text


@pytest.fixture
def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("Chromium is missing: install chromium, or google-chrome, on PATH")
    return found


def test_a_browser_opens_every_view_also_on_a_telephone(
    chromium: str, cloud: LocalCloud, browser: Browser, tmp_path: Path
) -> None:
    path, _, token = cloud.console.partition("?")
    for view in VIEWS:
        # The address of a view with the token: one start of the browser has the cookie and shows the page.
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        picture = tmp_path / f"{view}.png"
        shown = subprocess.run(
            [
                *command,
                f"--screenshot={picture}",
                f"--window-size={NARROW},844",
                "--dump-dom",
                "--enable-logging=stderr",
                f"{path}/{view}?{token}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert f'aria-current="page">{VIEWS[view][0]}' in shown.stdout, shown.stderr
        # There the browser logs what the policy of the page forbids, and each error of its script.
        assert "CONSOLE" not in shown.stderr
        assert picture.read_bytes()[16:24] == NARROW.to_bytes(4, "big") + (844).to_bytes(4, "big")


def test_the_page_of_a_running_execution_follows_it_to_its_end(
    chromium: str, cloud: LocalCloud, app: dict[str, str], browser: Browser, tmp_path: Path
) -> None:
    started = run(browser, app, {"datasets": [], "good": True, "seconds": 5})
    path, _, token = cloud.console.partition("?")
    # The browser's clock runs ahead while nothing is to do, so the page asks as often as it takes.
    shown = subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"),
            *("--virtual-time-budget=900000", "--dump-dom"),
            f"{path}/machines?{token}&{urlsplit(started.url).query}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert statuses(Page(200, "", shown.stdout))["Settle"] == "succeeded", shown.stderr


def test_a_page_in_a_bucket_runs_no_script_in_a_browser(
    chromium: str, cloud: LocalCloud, app: dict[str, str], tmp_path: Path
) -> None:
    page = "<p>it did not run</p><script>document.querySelector('p').textContent = 'it ran'</script>"
    cloud.client("s3").put_object(Bucket="lake", Key="page.html", Body=page.encode(), ContentType="text/html")
    signed = cloud.client("s3").generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "page.html"})
    control = tmp_path / "page.html"
    control.write_text(page)

    def shown(url: str) -> str:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        return subprocess.run([*command, "--dump-dom", url], capture_output=True, text=True, check=False).stdout

    assert "<p>it ran</p>" in shown(control.as_uri())
    assert "<p>it did not run</p>" in shown(signed)
