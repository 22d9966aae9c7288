"""The run: sensors publish, a stream processor sorts their messages, and the lake accounts for each of them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from examples.demo.caches import open_cache
from examples.demo.queries import Athena
from examples.demo.steps import Steps
from examples.devices.fleet import Fleet
from examples.devices.results import Detection, Reading, Results, threshold
from examples.devices.sensors import LAST, Fate, messages
from local_cloud.cloud import LocalCloud

ROOT = Path(__file__).parents[2]
TOPIC = "dt/{device}/readings"
LAKE, TABLE, CACHE = "Athena", "DynamoDB", "Valkey"


class Run:
    """One run on a local cloud that is up.

    Parameters
    ----------
    cloud: LocalCloud
        Where everything is deployed.
    steps: Steps
        Where progress is shown.
    folder: Path
        Where the sensors keep their certificates.
    disturb: callable, optional
        Called once, when half of the messages are sent. By default nothing disturbs the run.
    """

    def __init__(
        self, cloud: LocalCloud, steps: Steps, folder: Path, disturb: Callable[[LocalCloud], None] | None = None
    ) -> None:
        self._cloud, self._steps, self._folder, self._disturb = cloud, steps, folder, disturb
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
        with self._steps.step("Start the processor"):
            self._cloud.execute(self._outputs["Start"])
        self._publish()
        with self._steps.step("Pass what is under way"):
            self._cloud.drain()
        with self._steps.step("Curate"):
            self._cloud.execute(self._outputs["Curate"])
        with self._steps.step("Stop the processor"):
            self._cloud.execute(self._outputs["Stop"])
        self._compare()
        return self.results

    def _deploy(self) -> None:
        with self._steps.step("Deploy with the CDK CLI") as step:
            deployed = self._cloud.deploy(directory=ROOT, app="python -m examples.devices.lake", on_event=step.say)
            self._outputs = {name.removesuffix("Output"): value for name, value in deployed["Devices"].items()}
            step.say("1 stack")

    def _publish(self) -> None:
        sent = self.results.sent = messages()
        self.results.drawn = dict(Counter(message.fate for message in sent))
        # The last readings are an hour later: they must not overtake those before them.
        half, last = len(sent) // 2, sum(message.number < LAST for message in sent)
        with self._steps.step("Publish over MQTT", total=len(sent)) as step:
            iot, authority = self._cloud.client("iot"), self._cloud.authority
            with Fleet(iot, policy=self._outputs["Policy"], authority=authority, folder=self._folder) as fleet:
                started = time.monotonic()
                fleet.publish(TOPIC, sent[:half], step.advance)
                if self._disturb:
                    self._disturb(self._cloud)
                fleet.publish(TOPIC, sent[half:last], step.advance)
                fleet.publish(TOPIC, sent[last:], step.advance)
                self.results.seconds = time.monotonic() - started
            step.say(f"{len(sent):,} messages of {len({message.device for message in sent})} sensors")

    def _compare(self) -> None:
        with self._steps.step("Compare") as step:
            results = self.results
            results.account = self._account()
            results.windows, results.counted = self._windows()
            results.newest = {LAKE: self._newest(), TABLE: self._items(), CACHE: self._hashes()}
            results.check()
            known = frozenset(message.id for message in results.sent if message.anomalous)
            results.detections = {
                "z-score": Detection(known=known, found=self._anomalies()),
                "fixed thresholds": Detection(known=known, found=threshold(results.sent)),
            }
            results.alerts = self._alerts()
            step.say(f"{len(results.sent):,} messages are accounted for")

    def _account(self) -> dict[Fate, int]:
        """Return the messages by what became of them: three counts of the lake, two of the stream of what arrived."""
        arrived = self._arrived()
        return {
            Fate.CLEAN: self._count("readings"),
            Fate.REJECTED: self._count("readings_rejected"),
            Fate.LATE: self._count("readings_late"),
            Fate.FILTERED: len(self.results.sent) - len(arrived),
            Fate.DUPLICATE: len(arrived) - len(set(arrived)),
        }

    def _arrived(self) -> list[str]:
        """Return the number of the reading of each record that the rule has put into the stream."""
        kinesis = self._cloud.client("kinesis")
        stream = self._outputs["Arrived"]
        (shard,) = kinesis.list_shards(StreamName=stream)["Shards"]
        place = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found: list[str] = []
        late = 1
        while late:
            answer = kinesis.get_records(ShardIterator=place)
            place, late = answer["NextShardIterator"], answer["MillisBehindLatest"]
            found += [json.loads(record["Data"])["id"] for record in answer["Records"]]
        return found

    def _windows(self) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
        """Return the readings in each window that is closed, as the processor and as a query of the lake count them."""
        database = self._outputs["Database"]
        # The windows of the last readings, which are all of one time, are open.
        newest = max(message.measured_at for message in self.results.sent)
        begins = "date_add('minute', (minute(measured_at) / 5) * 5, date_trunc('hour', measured_at))"
        of_processor = self._ask(f'SELECT device, window_start, readings FROM "{database}".five_minutes')
        of_lake = self._ask(
            f'SELECT device, {begins} AS begins, count(*) AS readings FROM "{database}".readings '
            f"WHERE measured_at < TIMESTAMP '{newest:%Y-%m-%d %H:%M:%S}' GROUP BY device, {begins}"
        )
        return _by_window(of_processor), _by_window(of_lake)

    def _newest(self) -> dict[str, Reading]:
        rows = self._ask(
            f"SELECT device, max(measured_at) AS at, max_by(celsius, measured_at) AS celsius "
            f'FROM "{self._outputs["Database"]}".readings GROUP BY device'
        )
        return {str(device): (_time(str(at)), float(str(celsius))) for device, at, celsius in rows}

    def _items(self) -> dict[str, Reading]:
        found = self._cloud.client("dynamodb").scan(TableName=self._outputs["Newest"])["Items"]
        return {item["device"]["S"]: (_time(item["measured_at"]["S"]), float(item["celsius"]["N"])) for item in found}

    def _hashes(self) -> dict[str, Reading]:
        with open_cache(self._cloud, name=self._outputs["Cache"], user=self._outputs["CacheUser"]) as client:
            found = [client.hgetall(key) for key in client.scan_iter("readings:*")]
        return {one["device"]: (_time(one["measured_at"]), float(one["celsius"])) for one in found}

    def _anomalies(self) -> frozenset[str]:
        """Return the readings that were found anomalous, known by sensor and time."""
        rows = self._ask(f'SELECT device, measured_at FROM "{self._outputs["Database"]}".anomalies')
        found = {(str(device), _time(str(at))) for device, at in rows}
        return frozenset(one.id for one in self.results.sent if (one.device, one.measured_at) in found)

    def _alerts(self) -> int:
        sqs, count = self._cloud.client("sqs"), 0
        while received := sqs.receive_message(QueueUrl=self._outputs["Heard"], MaxNumberOfMessages=10).get("Messages"):
            count += len(received)
            for one in received:
                sqs.delete_message(QueueUrl=self._outputs["Heard"], ReceiptHandle=one["ReceiptHandle"])
        return count

    def _count(self, table: str) -> int:
        ((count,),) = self._ask(f'SELECT count(*) FROM "{self._outputs["Database"]}".{table}')
        return int(str(count))

    def _ask(self, sql: str) -> tuple[tuple[object, ...], ...]:
        return Athena(self._cloud.client("athena"), self._outputs["Workgroup"]).ask(sql).rows


def _by_window(rows: tuple[tuple[object, ...], ...]) -> dict[tuple[str, str], int]:
    return {(str(device), str(begin)): int(str(count)) for device, begin, count in rows}


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace(" UTC", ""))
    return found.replace(tzinfo=found.tzinfo or UTC)
