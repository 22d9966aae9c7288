"""ReplayStream: each record of a range once, in a real stream of the local cloud, whatever ends a call."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import lake_replay
import pytest
from lake_aggregation import aggregated

from lake_blueprints.ingestion.kinesis import ReplayStream, Stream, StreamReplay
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests.conformance.examples import Example
from tests.conformance.fixtures import FLIGHTS, Fixtures
from tests.conformance.test_examples import upload
from tests.support import properties, template_of

HALF = 2**127


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


class Source:
    """A stream of two shards, the first of which is split in the middle of a range."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self._kinesis, self._number = cloud.client("kinesis"), itertools.count()
        self._name = name

    def put(self, count: int) -> list[bytes]:
        """Put records, as many into the lower half of the hash keys as into the upper one."""
        records = [b'{"id": %d}' % next(self._number) for _ in range(count)]
        for place, data in enumerate(records):
            key = str(HALF * (place % 2) + place)
            self._kinesis.put_record(StreamName=self._name, Data=data, PartitionKey="k", ExplicitHashKey=key)
        return records

    def split(self) -> None:
        shard = self._kinesis.list_shards(StreamName=self._name)["Shards"][0]["ShardId"]
        self._kinesis.split_shard(StreamName=self._name, ShardToSplit=shard, NewStartingHashKey="2")

    def fill(self) -> tuple[int, int, list[bytes]]:
        """Put records before, in and after a range, and return its ends in milliseconds and its records."""
        self.put(5)
        since = _tick()
        inside = self.put(20)
        self.split()
        inside += self.put(20)
        until = _tick()
        self.put(5)
        return since, until, inside


def _tick() -> int:
    """Return a millisecond between what was before and what comes."""
    time.sleep(0.003)
    now = int(time.time() * 1000)
    time.sleep(0.003)
    return now


def _text(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, tz=UTC).isoformat()


def objects(cloud: LocalCloud, bucket: str, prefix: str) -> dict[str, bytes]:
    client = cloud.client("s3")
    keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
    return {key: gzip.decompress(client.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys}


def lines(found: dict[str, bytes]) -> list[bytes]:
    return [line for content in found.values() for line in content.splitlines()]


def reads(number: int) -> Callable[[], bool]:
    """Return what tells that there is time for some reads, and none for more."""
    left = itertools.count(number, -1)
    return lambda: next(left) > 0


class Calls:
    """Calls of the function's module, each with time for some reads of each shard."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.s3, self.kinesis = cloud.client("s3"), cloud.client("kinesis")
        self.bucket = name
        self.s3.create_bucket(Bucket=name)
        self.kinesis.create_stream(StreamName=name, ShardCount=2)
        summary = self.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        self._arn = summary["StreamARN"]
        self.source = Source(cloud, name)

    def replay(self, has_time: Callable[[], bool] = lambda: True, **clients: Any) -> Any:
        return lake_replay.RangeReader(
            kinesis=clients.get("kinesis", self.kinesis),
            s3=clients.get("s3", self.s3),
            stream=self._arn,
            bucket=self.bucket,
            prefix="replayed/",
            reports="reports/",
            has_time=has_time,
        )

    def state(self, since: int, until: int) -> dict[str, Any]:
        begun: dict[str, Any] = self.replay().begin({"since": _text(since), "until": _text(until)})
        return begun


@pytest.fixture
def calls(cloud: LocalCloud, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setattr(lake_replay, "_PAUSE_SECONDS", 0.01)
    # The records after the range come within it.
    monkeypatch.setattr(lake_replay, "_SLACK", 300)
    monkeypatch.setattr(lake_replay, "_MOST_RECORDS", 3)
    return Calls(cloud, f"replay-{abs(hash(request.node.name))}")


class Killed:
    """A client of S3 whose caller is killed when it puts one object more than some."""

    def __init__(self, client: Any, puts: int) -> None:
        self._client, self._left = client, itertools.count(puts, -1)

    def put_object(self, **request: Any) -> Any:
        if next(self._left) <= 0:
            raise KeyboardInterrupt
        return self._client.put_object(**request)


def test_each_record_comes_once_though_a_call_was_killed_and_the_others_end_early(
    cloud: LocalCloud, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, until, inside = calls.source.fill()
    begun = calls.state(since, until)
    for puts in (2, 8):
        with pytest.raises(KeyboardInterrupt):
            calls.replay(s3=Killed(calls.s3, puts)).go_on(begun)
    left = objects(cloud, calls.bucket, "replayed/")
    assert left
    # A few records in each answer, so that a call ends in the middle of an object.
    get = calls.kinesis.get_records
    monkeypatch.setattr(calls.kinesis, "get_records", lambda **given: get(**given, Limit=4))
    monkeypatch.setattr(lake_replay, "_SHARDS_AT_ONCE", 1)
    state, rounds = begun, 0
    while not state.get("done"):
        # Through JSON, as Step Functions hands it on.
        state = json.loads(json.dumps(calls.replay(reads(3)).go_on(state)))
        rounds += 1
    found = objects(cloud, calls.bucket, "replayed/")
    assert rounds > 3
    assert left.items() <= found.items()
    assert sorted(lines(found)) == sorted(inside)
    assert (state["records"], state["objects"]) == (40, len(found))
    # Two shards, of which one has two children; in each, the order of the stream.
    shards = {key.split("/")[-2] for key in found}
    assert len(shards) == 4
    for shard in shards:
        ids = [json.loads(line)["id"] for line in lines({key: found[key] for key in sorted(found) if shard in key})]
        assert ids == sorted(ids)


def test_hours_without_records_are_not_read_again(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    calls.source.put(2)
    since, until = _tick() - 3_600_000 * 5, _tick()
    state = calls.state(since, until)
    records = calls.kinesis.get_records

    def behind(**given: Any) -> Any:
        # An answer from the middle of an idle stretch.
        return {**records(**given), "Records": [], "MillisBehindLatest": 3_600_000}

    monkeypatch.setattr(calls.kinesis, "get_records", behind)
    after = calls.replay(reads(4)).go_on(state)
    assert not after["done"]
    assert max(one["time"] for one in after["positions"].values()) > since + 3 * 3_600_000


def test_a_record_that_came_out_of_order_from_before_the_range_is_not_in_it(
    cloud: LocalCloud, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, until, _ = calls.source.fill()
    get = calls.kinesis.get_records

    def earlier(**given: Any) -> Any:
        answer = get(**given)
        for record in answer["Records"]:
            record["ApproximateArrivalTimestamp"] -= timedelta(minutes=1)
        return answer

    monkeypatch.setattr(calls.kinesis, "get_records", earlier)
    assert calls.replay().go_on(calls.state(since, until))["records"] == 0
    assert objects(cloud, calls.bucket, "replayed/") == {}


def test_what_a_producer_has_aggregated_is_taken_apart(cloud: LocalCloud, calls: Calls) -> None:
    ((key, data),) = aggregated([("k", b'{"id": 1}'), ("k", b'{"id": 2}\n')])
    since = _tick()
    calls.kinesis.put_record(StreamName=calls.bucket, Data=data, PartitionKey=key)
    ended = calls.replay().go_on(calls.state(since, _tick()))
    assert list(objects(cloud, calls.bucket, "replayed/").values()) == [b'{"id": 1}\n{"id": 2}\n']
    assert ended["records"] == 2


def test_a_range_that_the_stream_no_longer_has_is_refused(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = calls.kinesis.describe_stream_summary
    monkeypatch.setattr(
        calls.kinesis,
        "describe_stream_summary",
        lambda **given: {
            "StreamDescriptionSummary": {
                **summary(**given)["StreamDescriptionSummary"],
                "StreamCreationTimestamp": datetime.now(UTC) - timedelta(days=9),
            }
        },
    )
    now = int(time.time() * 1000)
    state = calls.state(now - 25 * 3_600_000, now)
    with pytest.raises(lake_replay.RangeError, match=r"no record before .* of the 24 hours that it keeps; begin later"):
        calls.replay().go_on(state)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "'since' must be a time with its zone, .* got None"),
        ({"since": "2026-01-01T00:00:00", "until": "2026-01-02T00:00:00Z"}, "'since' must be a time with its zone"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "must begin before it ends"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2999-01-01T00:00:00Z"}, "and have ended"),
    ],
)
def test_refuses_what_is_no_range(calls: Calls, asked: dict[str, str], message: str) -> None:
    with pytest.raises(lake_replay.RangeError, match=message):
        calls.replay().begin(asked)


def test_a_pipeline_replays_the_range_of_its_input(cloud: LocalCloud) -> None:
    app = cdk.App(builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Replaying", synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False))
    stream, zone = Stream(stack, "Source", shards=2), Zone(stack, "Raw")
    replay = StreamReplay(stack, "Flights", stream=stream, zone=zone, dataset=FLIGHTS)
    pipeline = Pipeline(stack, "Pipeline", steps=[ReplayStream(replay=replay)])
    for name, value in (
        ("Machine", pipeline.state_machine.state_machine_arn),
        ("Stream", stream.stream.stream_name),
        ("Bucket", zone.bucket.bucket_name),
    ):
        cdk.CfnOutput(stack, f"{name}Of", value=value)
    example = Example(Path(app.synth().directory))
    for asset in example.assets():
        upload(cloud, asset)
    (template,) = example.templates
    client = cloud.client("cloudformation")
    client.create_stack(
        StackName="Replaying", TemplateBody=template.path.read_text(), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    (deployed,) = client.describe_stacks(StackName="Replaying")["Stacks"]
    assert deployed["StackStatus"] == "CREATE_COMPLETE", deployed.get("StackStatusReason")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in deployed["Outputs"]}

    since, until, inside = Source(cloud, outputs["StreamOf"]).fill()
    with cloud.inject("lambda", "Invoke", "ServiceException") as fault:
        output = cloud.execute(outputs["MachineOf"], {"since": _text(since), "until": _text(until)})
        assert fault.struck == 1
    found = objects(cloud, outputs["BucketOf"], "replayed/flights/")
    assert sorted(lines(found)) == sorted(inside)
    assert output["replay"]["records"] == 40
    bucket, _, key = output["replay"]["report"].removeprefix("s3://").partition("/")
    report = json.loads(cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert (report["records"], report["objects"]) == (40, len(found))
    with pytest.raises(LocalCloudError, match="must begin before it ends"):
        cloud.execute(outputs["MachineOf"], {"since": _text(until), "until": _text(since)})


def _replay(stack: cdk.Stack, **options: Any) -> StreamReplay:
    lake = Fixtures(stack)
    return StreamReplay(stack, "Again", stream=lake.stream, zone=lake.raw, dataset=FLIGHTS, **options)


def test_a_step_may_name_its_range(stack: cdk.Stack) -> None:
    since = datetime(2026, 1, 1, 1, tzinfo=UTC)
    until = since + timedelta(hours=1)
    step = ReplayStream(replay=_replay(stack), since=since, until=until, timeout=cdk.Duration.hours(1))
    Pipeline(stack, "Pipeline", steps=[step])
    text = json.dumps(properties(template_of(stack), "AWS::StepFunctions::StateMachine")["DefinitionString"])
    assert "2026-01-01T01:00:00+00:00" in text
    assert "2026-01-01T02:00:00+00:00" in text
    assert "$$.Execution.Input" not in text
    # Calls of 14 minutes.
    assert r"\"NumericGreaterThanEquals\":5" in text


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), None, "both or neither"),
        (datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC), "'since' must have a time zone"),
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), "'since' must be before 'until'"),
    ],
)
def test_a_step_refuses_what_is_no_range(
    stack: cdk.Stack, since: datetime, until: datetime | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ReplayStream(replay=_replay(stack), since=since, until=until)


def test_refuses_a_prefix_that_a_delivery_may_write_to(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"'prefix' must begin with 'replayed/', .* use 'replayed/flights/'"):
        _replay(stack, prefix="flights/")
