"""Events of PutEvents and of new objects, and what the targets of rules get of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.engines.events.inputs import InputError, check_input, input_of

ACCOUNT, REGION = "123456789012", "us-east-1"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/state-changes"
# The example of the Developer Guide, to which its templates belong.
EVENT = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": ACCOUNT,
    "time": "2015-11-11T21:29:54Z",
    "region": REGION,
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING"},
}
PATHS = {"instance": "$.detail.instance-id", "state": "$.detail.state"}
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html#eb-transform-input-examples
TEMPLATES: dict[str, Any] = {
    '"instance <instance> is in <state>"': "instance i-0123456789 is in RUNNING",
    r'"instance \"<instance>\" is in <state>"': 'instance "i-0123456789" is in RUNNING',
    '{"instance" : <instance>, "state": <state>}': {"instance": "i-0123456789", "state": "RUNNING"},
    r'{"instance": <instance>, "state": "<state>", "status": "instance \"<instance>\" is in <state>"}': {
        "instance": "i-0123456789",
        "state": "RUNNING",
        "status": 'instance "i-0123456789" is in RUNNING',
    },
    '{"instance": <instance>, "state": [9, <state>, true], "Transformed": "Yes"}': {
        "instance": "i-0123456789",
        "state": [9, "RUNNING", True],
        "Transformed": "Yes",
    },
    '{"ruleArn": <aws.events.rule-arn>, "ruleName": <aws.events.rule-name>, "event": <aws.events.event.json>}': {
        "ruleArn": RULE,
        "ruleName": "state-changes",
        "event": EVENT,
    },
    '{"event": <aws.events.event>}': {"event": {name: value for name, value in EVENT.items() if name != "detail"}},
}


def given(target: dict[str, Any]) -> Any:
    return json.loads(input_of(target, EVENT, rule_arn=RULE))


def transformed(template: str, paths: dict[str, str] | None = None) -> dict[str, Any]:
    return {"InputTransformer": {"InputPathsMap": paths or PATHS, "InputTemplate": template}}


@pytest.mark.parametrize(("template", "expected"), TEMPLATES.items(), ids=range(len(TEMPLATES)))
def test_the_templates_of_the_guide_are_filled_as_it_says(template: str, expected: Any) -> None:
    check_input(transformed(template))
    assert given(transformed(template)) == expected


def test_a_target_gets_the_event_a_part_of_it_or_a_constant() -> None:
    assert given({}) == EVENT
    assert given({"InputPath": "$.detail.state"}) == "RUNNING"
    assert given({"Input": '{"a": 1}'}) == {"a": 1}


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (transformed('{"a": <missing>}'), "the variable missing, which InputPathsMap does not define"),
        (transformed("<instance> is in <state>"), "not JSON when it is filled; a text needs quotes around it"),
    ],
    ids=["variable", "text"],
)
def test_a_template_that_cannot_be_filled_is_refused_with_the_target(target: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        check_input(target)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ({"InputPath": "$.detail.name"}, "names no value of the event"),
        ({"InputPath": "$.resources[*]"}, "may name several values"),
        (transformed('"<all>"', {"all": "$.detail"}), "a list, which a text cannot hold"),
    ],
    ids=["nothing", "several", "object"],
)
def test_an_input_for_which_no_result_is_documented_is_not_made(target: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        given(target)


class Account:
    """Queues and rules of a cloud."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.events, self.sqs = cloud.client("events"), cloud.client("sqs")
        self._rules = 0

    def queue(self, name: str) -> str:
        self.sqs.create_queue(QueueName=name)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def rule(self, pattern: dict[str, Any], *targets: dict[str, Any], bus: str = "default", **more: Any) -> str:
        """Define a rule with targets, and return its ARN."""
        self._rules += 1
        name = f"rule-{self._rules}"
        arn = self.events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus, **more)["RuleArn"]
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        self.events.put_targets(Rule=name, EventBusName=bus, Targets=numbered)
        return str(arn)

    def put(self, source: str, detail: Any, **more: Any) -> dict[str, Any]:
        entry = {"Source": source, "DetailType": "Reading", "Detail": json.dumps(detail), **more}
        (answer,) = self.events.put_events(Entries=[entry])["Entries"]
        return dict(answer)

    def messages(self, arn: str) -> list[dict[str, Any]]:
        """Take the messages of a queue."""
        url = self.sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        found: list[dict[str, Any]] = []
        while got := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            found += got
            for one in got:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    def bodies(self, arn: str) -> list[Any]:
        return [json.loads(one["Body"]) for one in self.messages(arn)]


@pytest.fixture(scope="module")
def account(cloud: LocalCloud) -> Account:
    return Account(cloud)


def test_an_event_reaches_the_targets_of_the_rules_that_match(account: Account) -> None:
    hot, rest = account.queue("hot"), account.queue("rest")
    account.rule({"source": ["sensors"], "detail": {"t": [{"numeric": [">", 30]}]}}, {"Arn": hot})
    account.rule({"source": ["others"]}, {"Arn": rest})
    answer = account.put("sensors", {"t": 31}, Resources=["arn:aws:iot:::thing/a"])
    account.put("sensors", {"t": 29})
    (event,) = account.bodies(hot)
    assert event["time"].endswith("Z")
    assert {**event, "time": ""} == {
        "version": "0",
        "id": answer["EventId"],
        "detail-type": "Reading",
        "source": "sensors",
        "account": ACCOUNT,
        "time": "",
        "region": REGION,
        "resources": ["arn:aws:iot:::thing/a"],
        "detail": {"t": 31},
    }
    assert account.bodies(rest) == []


def test_an_event_has_the_time_that_its_sender_gives(account: Account) -> None:
    queue = account.queue("timed")
    account.rule({"source": ["timed"]}, {"Arn": queue})
    account.put("timed", {}, Time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert [event["time"] for event in account.bodies(queue)] == ["2026-01-02T03:04:05Z"]


def test_a_disabled_rule_and_one_with_a_schedule_get_no_event(account: Account) -> None:
    queue = account.queue("silent")
    account.rule({"source": ["silent"]}, {"Arn": queue}, State="DISABLED")
    account.events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    account.events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": queue}])
    account.put("silent", {})
    assert account.bodies(queue) == []


def test_a_bus_hands_events_to_another_and_each_service_gets_its_form(account: Account) -> None:
    cloud, queue = account.cloud, account.queue("handed")
    topic = cloud.client("sns").create_topic(Name="handed")["TopicArn"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=account.queue("subscribed"))
    cloud.client("kinesis").create_stream(StreamName="handed", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/handed"
    cloud.client("logs").create_log_group(logGroupName="/aws/events/handed")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/handed"
    bus = account.events.create_event_bus(Name="second")["EventBusArn"]
    account.rule({"source": ["handed"]}, {"Arn": bus})
    account.rule({"source": ["handed"]}, {"Arn": queue}, {"Arn": topic}, {"Arn": stream}, {"Arn": group}, bus="second")
    account.put("handed", {"n": 1})
    (event,) = account.bodies(queue)
    assert (event["source"], event["detail"]) == ("handed", {"n": 1})
    (notification,) = account.bodies(account.queue("subscribed"))
    assert json.loads(notification["Message"]) == event
    kinesis = cloud.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName="handed", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    (record,) = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert json.loads(record["Data"]) == event
    (line,) = cloud.client("logs").filter_log_events(logGroupName="/aws/events/handed")["events"]
    assert json.loads(line["message"]) == event


def test_an_event_that_a_target_refuses_goes_to_its_queue_and_the_others_get_it(account: Account) -> None:
    queue, undelivered = account.queue("others"), account.queue("undelivered")
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    failing = {"Arn": gone, "DeadLetterConfig": {"Arn": undelivered}}
    rule = account.rule({"source": ["lost"]}, failing, {"Arn": gone}, {"Arn": queue})
    account.put("lost", {"n": 2})
    (kept,) = account.messages(undelivered)
    assert json.loads(kept["Body"]) == account.bodies(queue)[0]
    said = {name: value["StringValue"] for name, value in kept["MessageAttributes"].items()}
    assert (said["RULE_ARN"], said["TARGET_ARN"]) == (rule, gone)
    assert "NonExistentQueue" in said["ERROR_CODE"]


def test_a_new_object_is_an_event_of_the_default_bus(account: Account) -> None:
    queue, other = account.queue("objects"), account.queue("elsewhere")
    s3 = account.cloud.client("s3")
    s3.create_bucket(Bucket="arrivals")
    s3.put_bucket_notification_configuration(
        Bucket="arrivals", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    account.events.create_event_bus(Name="third")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"object": {"key": [{"prefix": "in/"}]}},
    }
    account.rule(pattern, {"Arn": queue})
    account.rule(pattern, {"Arn": other}, bus="third")
    s3.put_object(Bucket="arrivals", Key="in/a.json", Body=b"{}")
    s3.put_object(Bucket="arrivals", Key="out/a.json", Body=b"{}")
    s3.delete_object(Bucket="arrivals", Key="in/a.json")
    (event,) = account.bodies(queue)
    found = event["detail"]["object"]
    assert (event["source"], event["detail"]["bucket"], event["detail"]["reason"]) == (
        "aws.s3",
        {"name": "arrivals"},
        "PutObject",
    )
    assert (found["key"], found["size"]) == ("in/a.json", 2)
    assert found["etag"] == "99914b932bd37a50b983c5e7c90ae93b"
    assert account.bodies(other) == []


@pytest.mark.parametrize(
    ("source", "detail", "code"),
    [
        ("aws.ec2", "{}", "NotAuthorizedForSourceException"),
        ("a", "[]", "MalformedDetail"),
        ("a", "{", "MalformedDetail"),
        ("", "{}", "InvalidArgument"),
    ],
)
def test_an_entry_is_refused_alone(account: Account, source: str, detail: str, code: str) -> None:
    entries = [
        {"Source": source, "DetailType": "t", "Detail": detail},
        {"Source": "a", "DetailType": "t", "Detail": "{}"},
    ]
    first, second = account.events.put_events(Entries=entries)["Entries"]
    assert first["ErrorCode"] == code
    assert second["EventId"]


def test_a_request_above_a_megabyte_is_refused(account: Account) -> None:
    with pytest.raises(ClientError, match="Total size of the entries in the request is over the limit"):
        account.put("a", {"text": "x" * 1_048_576})


def test_patterns_and_targets_that_nothing_here_can_serve_are_refused(account: Account) -> None:
    with pytest.raises(ClientError, match=r"InvalidEventPatternException.*needs one of prefix"):
        account.rule({"source": [{"starts": "a"}]})
    with pytest.raises(ClientError, match="not supported by the local cloud, only events, firehose, kinesis"):
        account.rule({"source": ["a"]}, {"Arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/a"})
    stream = {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/a"}
    with pytest.raises(ClientError, match="PartitionKeyPath of a target is not supported by the local cloud"):
        account.rule({"source": ["a"]}, {**stream, "KinesisParameters": {"PartitionKeyPath": "$.detail.id"}})
    with pytest.raises(ClientError, match="a text needs quotes around it"):
        account.rule({"source": ["a"]}, {"Arn": account.queue("texts"), **transformed("is <state>")})
