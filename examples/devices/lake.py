"""The app: sensors publish readings, Flink sorts them and finds anomalies, and a lake keeps everything."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_sns_subscriptions import SqsSubscription

from examples.devices.sensors import DEVICES
from lake_blueprints import Column, Contract, Dataset, LakeKey, Pipeline, Workgroup, Zone
from lake_blueprints.catalog import Database
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.iot import DeviceIngest, DevicePolicy, StreamAction
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.orchestration import Parallel, Step
from lake_blueprints.processing.curation import Curate, CurationJob
from lake_blueprints.processing.flink import StartStream, StopStream, StreamProcessor
from lake_blueprints.processing.stream_sinks import CacheTarget, NewestRecords, StreamAlerts
from lake_blueprints.processing.streaming import (
    Anomalies,
    CleanRecords,
    Count,
    LateRecords,
    Max,
    Mean,
    Min,
    Output,
    Reference,
    RejectedRecords,
    StreamPlan,
    StreamSource,
    WindowAggregates,
    ZScore,
)

CONTRACT = Path(__file__).parent / "contracts" / "readings.odcs.yaml"
SENSORS = Dataset(
    name="sensors", columns=[Column(name="name", type="string"), Column(name="hall", type="string", required=True)]
)
HALLS = [{"name": name, "hall": f"Hall {number // 2 + 1}"} for number, name in enumerate(DEVICES)]

if __name__ == "__main__":
    app = cdk.App()
    stack = cdk.Stack(app, "Devices")
    readings = Contract.from_file(CONTRACT)["readings"]
    key = LakeKey(stack, "Key").key
    raw = Zone(stack, "Raw", encryption_key=key)
    curated = Zone(stack, "Curated", encryption_key=key)

    # Each sensor publishes as itself; those that are tested are left out.
    arrived = Stream(stack, "Arrived", shards=1, encryption_key=key)
    ingest = DeviceIngest(
        stack,
        "Ingest",
        topic_filter="dt/+/readings",
        dataset=readings,
        derive={"device": "topic(2)"},
        where="mode <> 'test'",
        actions=[StreamAction(stream=arrived, partition_key="${topic(2)}")],
        errors=raw,
    )
    policy = DevicePolicy(stack, "Sensors", ingests=[ingest])

    # What becomes of each record.
    halls = Reference(dataset=SENSORS, rows=HALLS, on={"device": "name"}, otherwise={"hall": "unknown"})
    source = StreamSource(stream=arrived, dataset=readings, references=[halls])
    clean, late, rejected = CleanRecords(), LateRecords(), RejectedRecords()
    minutes = WindowAggregates(
        name="five_minutes",
        window=cdk.Duration.minutes(5),
        keys=["device"],
        measures={"readings": Count(), "coldest": Min("celsius"), "mean": Mean("celsius"), "hottest": Max("celsius")},
    )
    anomalies = Anomalies(column="celsius", keys=["device"], detector=ZScore())
    outputs: tuple[Output, ...] = (clean, late, rejected, minutes, anomalies)
    datasets = {output: output.dataset_of(source) for output in outputs}
    # Two of them are read by others besides the lake.
    streams: dict[Output, Stream] = {
        output: Stream(stack, output.output_name.title(), shards=1, encryption_key=key) for output in (clean, anomalies)
    }
    deliveries = {
        output: DeliveryStream(
            stack,
            f"{dataset.name.title()}Delivery",
            source=streams.get(output),
            destination=S3Destination(zone=raw, dataset=dataset),
        )
        for output, dataset in datasets.items()
    }
    plan = StreamPlan(
        source=source,
        outputs={output: streams.get(output, deliveries[output]) for output in outputs},
        lateness=cdk.Duration.minutes(2),
    )
    processor = StreamProcessor(stack, "Processor", code=plan, checkpoint_interval=cdk.Duration.seconds(10))

    # An application reads the newest state; people hear of anomalies.
    newest = ServingTable(stack, "Newest", dataset=readings, partition_key="device", encryption_key=key)
    NewestRecords(
        stack,
        "Keep",
        stream=streams[clean],
        dataset=datasets[clean],
        event_time="measured_at",
        target=newest,
        errors=raw,
    )
    cache = ServerlessCache(stack, "Cache", encryption_key=key)
    NewestRecords(
        stack,
        "KeepCached",
        stream=streams[clean],
        dataset=readings,
        event_time="measured_at",
        target=CacheTarget(cache=cache, keys=["device"]),
        errors=raw,
        batch_size=10_000,
        batching_window=cdk.Duration.seconds(10),
    )
    topic = sns.Topic(stack, "Alerts", master_key=key, enforce_ssl=True)
    heard = sqs.Queue(stack, "Heard", encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True)
    topic.add_subscription(SqsSubscription(heard))
    StreamAlerts(
        stack,
        "Alert",
        stream=streams[anomalies],
        dataset=datasets[anomalies],
        about=["device"],
        headline="{device} in {hall} measures {celsius} °C",
        topic=topic,
        errors=raw,
    )

    # The lake.
    database = Database(stack, "Database", zone=curated)
    tables = {dataset.name: database.add_iceberg_table(dataset) for dataset in datasets.values()}
    jobs = [
        CurationJob(stack, f"Curate{name.title()}", dataset=dataset, source=raw, target=tables[name])
        for name, dataset in ((dataset.name, dataset) for dataset in datasets.values())
    ]
    workgroup = Workgroup(stack, "Workgroup", encryption_key=key)
    second = cdk.Duration.seconds(1)
    pipelines: dict[str, list[Step]] = {
        "Start": [StartStream(processor=processor)],
        "Curate": [Parallel(branches=[Curate(job=job) for job in jobs])],
        "Stop": [StopStream(processor=processor)],
    }
    machines = {
        name: Pipeline(stack, name, steps=steps, poll_interval=second, encryption_key=key)
        for name, steps in pipelines.items()
    }
    for name, value in {
        **{name: pipeline.state_machine.state_machine_arn for name, pipeline in machines.items()},
        "Arrived": arrived.stream.stream_name,
        "Policy": policy.policy_name,
        "Application": processor.application_name,
        "Database": database.database_name,
        "Workgroup": workgroup.workgroup_name,
        "Newest": newest.table_name,
        "Cache": cache.cache_name,
        "CacheUser": cache.user_name,
        "Heard": heard.queue_url,
    }.items():
        cdk.CfnOutput(stack, f"{name}Output", value=value)
    app.synth()
