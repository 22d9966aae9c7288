"""The run: every step from an empty machine to a checked report."""

from __future__ import annotations

import re
from pathlib import Path

from examples.demo.errors import DemoError
from examples.demo.queries import Athena, Redshift
from examples.demo.steps import StateClock, Steps
from examples.flights import account, corruption, model, producer, questions, verify
from examples.flights.account import Account
from examples.flights.history import History, Traveller, compacted
from examples.flights.lake import Lake
from examples.flights.records import as_json, dataset, records
from examples.flights.results import Results
from local_cloud.cloud import DEFAULT_REGION, LocalCloud

ROOT = Path(__file__).parents[2]
# Of the first month, which every run has.
_DAY = "year = 2013 AND month = 1 AND day = 1"
_DEPLOYED = re.compile(r"✅\s+(\S+)$")
_DEPLOYING = re.compile(r"^\S+: deploying\.\.\. \[(\d+)/(\d+)\]")


class Run:
    """One run of the demo on a local cloud that is up.

    Parameters
    ----------
    cloud: LocalCloud
        Where everything is deployed.
    steps: Steps
        Where progress is shown.
    workdir: Path
        Folder for what the run writes.
    months: int
        How many months of flights, 1 to 12.
    corrupt: int
        How many bad records are injected into the stream.
    """

    def __init__(self, cloud: LocalCloud, steps: Steps, *, workdir: Path, months: int, corrupt: int) -> None:
        self._cloud, self._steps, self._workdir = cloud, steps, workdir
        self._flights, self._weather = dataset("flights"), dataset("weather")
        self._s3 = cloud.client("s3")
        self._sent: dict[str, int] = {}
        self.results = Results(months=months, corrupt=corrupt)

    def __call__(self) -> Results:
        """Run every step.

        Raises
        ------
        DemoError, LocalCloudError
            If something is not as it must be.
        """
        self._bootstrap()
        lake = self._deploy()
        self._stream(lake)
        self._land(lake)
        with self._steps.step("Drain the buffers of Firehose"):
            self._cloud.drain()
        self._execute(lake)
        athena = Athena(self._cloud.client("athena"), lake.workgroup_name)
        redshift = Redshift(
            self._cloud.client("redshift-data"),
            workgroup=lake.warehouse_workgroup,
            database=lake.warehouse_database,
            secret=lake.warehouse_secret,
        )
        self._travel(lake, athena)
        self._ask(lake, athena, redshift)
        self._verify()
        self._weigh(lake, athena)
        self._read_model(lake)
        self._account(lake, athena)
        return self.results

    def _bootstrap(self) -> None:
        with self._steps.step("Bootstrap") as step:
            self._cloud.bootstrap(on_event=step.say)
            step.say(f"aws://{self._cloud.account}/{DEFAULT_REGION}")

    def _deploy(self) -> Lake:
        with self._steps.step("Deploy with the CDK CLI") as step:
            stacks: list[str] = []

            def follow(line: str) -> None:
                if deploying := _DEPLOYING.match(line):
                    step.expect(int(deploying[2]))
                if deployed := _DEPLOYED.search(line):
                    stacks.append(deployed[1])
                    step.advance()
                step.say(line.strip())

            outputs = self._cloud.deploy(directory=ROOT, context={"environment": "dev"}, on_event=follow)
            step.say(f"{len(stacks)} stacks")
            return Lake.from_outputs(outputs)

    def _stream(self, lake: Lake) -> None:
        with self._steps.step("Stream the flights") as step:
            lines = [as_json(record) for record in records(self._flights, self.results.months)]
            step.expect(len(lines) + self.results.corrupt)
            corrupted = corruption.corrupt(lines, self._flights, self.results.corrupt)
            sent = producer.stream(self._cloud.client("kinesis"), lake.flights_stream_name, corrupted, step.advance)
            self._sent[self._flights.name] = sent
            bad = f", {self.results.corrupt:,} of them bad" if self.results.corrupt else ""
            step.say(f"{sent:,} JSON records{bad}")

    def _land(self, lake: Lake) -> None:
        with self._steps.step("Land the reference tables", total=len(producer.REFERENCES) + 1) as step:
            references = producer.land_references(self._s3, lake.raw_bucket, step.advance)
            weather = producer.land(self._s3, lake.raw_bucket, self._weather, self.results.months)
            self._sent[self._weather.name] = weather
            step.advance()
            step.say(f"{references:,} rows of {', '.join(producer.REFERENCES)}; {weather:,} of {self._weather.name}")

    def _execute(self, lake: Lake) -> None:
        with self._steps.step("Run the state machine") as step:
            follow = StateClock(step)
            self._cloud.execute(lake.state_machine_arn, on_event=follow)
            self.results.states = follow.seconds
            step.say(f"{len(follow.seconds)} states")

    def _travel(self, lake: Lake, athena: Athena) -> None:
        table = Traveller(athena, lake.curated_database_name, self._weather.name)
        self.results.history = history = History(table=self._weather.name)
        with self._steps.step("Lose a day, and recover it") as step:
            history.deleted = table.lose_and_recover(_DAY)
            step.say(f"{history.deleted:,} rows of {history.table} deleted, and taken from the snapshot before")
        with self._steps.step("Let the optimizers run") as step:
            self._cloud.drain()
            glue = self._cloud.client("glue")
            history.compacted = compacted(glue, lake.curated_database_name, history.table)
            history.snapshots = table.snapshots()
            history.check_compacted()
            step.say(f"{history.compacted} file with deleted rows compacted")

    def _ask(self, lake: Lake, athena: Athena, redshift: Redshift) -> None:
        names = {"curated": lake.curated_database_name, "raw": lake.raw_database_name}
        for title, engine, ask in (
            ("Ask Athena", "athena", athena.ask),
            ("Ask Redshift", "redshift", redshift.ask),
        ):
            asked = questions.load(engine)
            with self._steps.step(title, total=len(asked)) as step:
                for question in asked:
                    step.say(question.title)
                    self.results.answers[question.name] = question, ask(question.on_curated(**names))
                    step.advance()
                step.say(f"{len(asked)} questions")

    def _verify(self) -> None:
        with self._steps.step("Check the answers with DuckDB") as step:
            answers = {name: answer for name, (_, answer) in self.results.answers.items()}
            self.results.checked_cells = verify.check(answers, self.results.months, self._workdir)
            step.say(f"{self.results.checked_cells:,} cells of {len(answers)} answers are equal")

    def _weigh(self, lake: Lake, athena: Athena) -> None:
        asked = questions.load("athena")
        with self._steps.step("Ask the raw data the same", total=len(asked)) as step:
            for question in asked:
                try:
                    answer = athena.ask(question.on_raw(raw=lake.raw_database_name))
                    self.results.raw_bytes[question.name] = answer.scanned_bytes or 0
                except DemoError:
                    # Athena reads no column in which one record has another type: that is what curation is for.
                    if not self.results.corrupt:
                        raise
                    self.results.unanswerable.append(question.name)
                step.advance()
            curated = sum(self.results.answers[name][1].scanned_bytes or 0 for name in self.results.raw_bytes)
            raw = sum(self.results.raw_bytes.values())
            failed = f", {len(self.results.unanswerable)} cannot be asked" if self.results.unanswerable else ""
            step.say(f"{raw / max(curated, 1):,.0f} times the bytes of the curated tables{failed}")

    def _read_model(self, lake: Lake) -> None:
        with self._steps.step("Read the trained model") as step:
            self.results.model = found = model.read(self._s3, lake.analytics_bucket)
            error, naive = (found.metrics[name] for name in ("holdout_mae", "baseline_median_mae"))
            step.say(f"mean error {error:.2f} minutes, naive {naive:.2f}")

    def _account(self, lake: Lake, athena: Athena) -> None:
        with self._steps.step("Account for every record") as step:
            for name, sent in self._sent.items():
                found = self._account_of(name, sent, lake, athena)
                found.check()
                self.results.accounts.append(found)
            kinds = corruption.expected(self.results.corrupt)
            duplicates = kinds.pop(corruption.DUPLICATE, 0)
            self.results.accounts[0].check_injected(quarantined=kinds.total(), duplicates=duplicates)
            step.say(f"{sum(self._sent.values()):,} sent, {sum(a.found for a in self.results.accounts):,} found")

    def _account_of(self, name: str, sent: int, lake: Lake, athena: Athena) -> Account:
        ((curated,),) = athena.ask(f'SELECT count(*) FROM "{lake.curated_database_name}".{name}').rows
        quarantined, reasons = account.quarantined(self._s3, lake.raw_bucket, name)
        reports = account.reported(self._s3, lake.curated_bucket, name)
        return Account(
            dataset=name,
            sent=sent,
            curated=int(curated or 0),
            quarantined=quarantined,
            duplicates=reports["duplicates"],
            filtered=reports["filtered"],
            reports=reports,
            reasons=reasons,
        )
