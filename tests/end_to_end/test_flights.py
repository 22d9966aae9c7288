"""The whole: the real CDK CLI deploys the reference app, a month of flights goes through it, and is counted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rich.console import Console

from examples.demo.queries import Athena, Redshift
from examples.demo.steps import Steps
from examples.flights.lake import Lake
from examples.flights.results import Results
from examples.flights.run import ROOT, Run
from local_cloud.cloud import LocalCloud

CORRUPT = 200


@dataclass(frozen=True)
class Demo:
    """A lake through which the flights have gone."""

    cloud: LocalCloud
    results: Results
    lake: Lake

    @property
    def athena(self) -> Athena:
        return Athena(self.cloud.client("athena"), self.lake.workgroup_name)

    def rows(self) -> dict[str, object]:
        """Return how many rows each curated table has, in the lake and in the warehouse."""
        redshift = Redshift(
            self.cloud.client("redshift-data"),
            workgroup=self.lake.warehouse_workgroup,
            database=self.lake.warehouse_database,
            secret=self.lake.warehouse_secret,
        )
        counted: dict[str, object] = {}
        for table in ("flights", "weather"):
            sql = f"select count(*) from {{}}{table}"
            counted[f"lake {table}"] = self.athena.ask(sql.format(f"{self.lake.curated_database_name}.")).rows[0][0]
            counted[f"warehouse {table}"] = redshift.ask(sql.format("public.")).rows[0][0]
        return counted


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("flights")
    with LocalCloud(workdir=folder, longest_wait=1) as cloud:
        steps = Steps(Console(file=io.StringIO()))
        results = Run(cloud, steps, workdir=folder, months=1, corrupt=CORRUPT)()
        outputs = cloud.deploy(directory=ROOT, context={"environment": "dev"})
        yield Demo(cloud, results, Lake.from_outputs(outputs))


def test_every_record_is_accounted_for(demo: Demo) -> None:
    flights, weather = demo.results.accounts
    assert (flights.sent, flights.curated) == (27_004 + CORRUPT, 27_004)
    assert (weather.sent, weather.curated) == (2_226, 2_226)
    assert flights.found == flights.sent


def test_bad_records_are_set_aside_with_their_reasons_and_duplicates_left_out(demo: Demo) -> None:
    flights = demo.results.accounts[0]
    assert (flights.quarantined, flights.duplicates) == (150, 50)
    assert sum(flights.reasons.values()) >= 150
    assert len(flights.reasons) == 3


def test_the_answers_are_those_of_duckdb_on_the_original_files(demo: Demo) -> None:
    # The run has compared every cell, and fails on the first difference.
    assert demo.results.checked_cells > 100
    assert len(demo.results.answers) == 7


def test_curated_tables_are_read_with_a_fraction_of_the_bytes(demo: Demo) -> None:
    # Both join by the day, which is a text in some of the corrupt records.
    assert demo.results.unanswerable == ["4_weather", "5_cancellations"]
    assert len(demo.results.raw_bytes) == 3
    for name, raw in demo.results.raw_bytes.items():
        curated = demo.results.answers[name][1].scanned_bytes
        assert curated is not None
        assert 0 < curated < raw / 5


def test_the_model_is_better_than_a_naive_one_on_flights_it_has_not_seen(demo: Demo) -> None:
    assert demo.results.model is not None
    metrics = demo.results.model.metrics
    assert metrics["holdout_mae"] < metrics["baseline_median_mae"] / 1.5
    assert metrics["holdout_rmse"] < metrics["baseline_rmse"] / 1.5


def test_a_deleted_day_comes_back_from_an_older_snapshot_and_compaction_keeps_the_rows(demo: Demo) -> None:
    history = demo.results.history
    assert history is not None
    left = 2_226 - history.deleted
    # Curation makes its branch of an empty snapshot.
    assert [(snapshot.operation, snapshot.rows) for snapshot in history.snapshots] == [
        ("append", 0),
        ("append", 2_226),
        ("delete", left),
        ("append", 2_226),
        ("replace", 2_226),
    ]
    assert history.compacted == 1


def test_the_model_is_registered_with_its_snapshot_and_waits_for_approval(demo: Demo) -> None:
    sagemaker = demo.cloud.client("sagemaker")
    groups = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    (package,) = sagemaker.list_model_packages(ModelPackageGroupName=groups[0]["ModelPackageGroupName"])[
        "ModelPackageSummaryList"
    ]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    described = sagemaker.describe_model_package(ModelPackageName=package["ModelPackageArn"])
    newest = (
        f'SELECT snapshot_id FROM "{demo.lake.curated_database_name}"."flights$snapshots" ORDER BY committed_at DESC'
    )
    assert described["CustomerMetadataProperties"] == {
        "train.table": f"{demo.lake.curated_database_name}.flights",
        "train.snapshot": str(demo.athena.ask(newest).rows[0][0]),
        "train.contract": "flights 1.0.0",
    }


def test_a_second_execution_without_new_data_adds_no_row(demo: Demo) -> None:
    before = demo.rows()
    demo.cloud.execute(demo.lake.state_machine_arn)
    assert demo.rows() == before
    assert before["lake flights"] == before["warehouse flights"] == 27_004


def test_a_failed_job_ends_the_execution_and_is_published(demo: Demo) -> None:
    sqs, sns = demo.cloud.client("sqs"), demo.cloud.client("sns")
    queue = sqs.create_queue(QueueName="failures")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = next(t["TopicArn"] for t in sns.list_topics()["Topics"] if "storage-Topic" in t["TopicArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    # The reference that the flights are joined with is gone.
    demo.cloud.client("glue").delete_table(DatabaseName=demo.lake.curated_database_name, Name="weather")
    demo.cloud.client("s3").put_object(Bucket=demo.lake.raw_bucket, Key="flights/late.json", Body=b'{"year": 2013}\n')
    with pytest.raises(Exception, match="Curate"):
        demo.cloud.execute(demo.lake.state_machine_arn)
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert "Curate" in message["Body"]
