"""Two lakes in one account, with everything that the library has roles for, each spread over two stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from attrs import evolve
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lake_blueprints.analytics.athena import Export, Query, Workgroup
from lake_blueprints.analytics.quality import Evaluate, QualityRuleset
from lake_blueprints.catalog import ArrivalTime, Database
from lake_blueprints.catalog.iceberg import OptimizerRole
from lake_blueprints.catalog.inventory import Inventory
from lake_blueprints.contracts import Column, Dataset, DatasetFormat, Masking
from lake_blueprints.databases.aurora import AuroraCluster, ClusterExport, ExportCluster
from lake_blueprints.databases.dynamodb import ExportItems, ServingTable
from lake_blueprints.databases.opensearch import SearchCollection, SearchIngestion
from lake_blueprints.databases.redshift import (
    Load,
    ModelProblem,
    PauseResume,
    SetUsageLimits,
    TrainModel,
    UsageLimit,
    Warehouse,
    WarehouseCluster,
    WarehouseModel,
)
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.databases.zero_etl import CreateDestination, ZeroEtl
from lake_blueprints.foundation.connections import Connection, DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.crawler import Crawl, Crawler, SchemaDelete
from lake_blueprints.ingestion.datasync import FileTransfer, S3Location, StartTransfer
from lake_blueprints.ingestion.dms import Replication, StartReplication, StopReplication
from lake_blueprints.ingestion.firehose import (
    DeliveryStream,
    HttpDestination,
    IcebergDestination,
    KafkaSource,
    ParquetDestination,
    S3Destination,
    Transform,
)
from lake_blueprints.ingestion.iot import (
    DeliveryAction,
    DeviceIngest,
    ItemAction,
    ObjectAction,
    QueueAction,
    RuleAction,
    StreamAction,
)
from lake_blueprints.ingestion.kafka import KafkaCluster
from lake_blueprints.ingestion.kinesis import ReplayStream, Stream, StreamConsumer, StreamReplay
from lake_blueprints.ingestion.kinesisvideo import VideoStream
from lake_blueprints.machine_learning.training import (
    Compute,
    InputChannel,
    Register,
    Spot,
    Train,
    TrainingJob,
    TrainingNetwork,
)
from lake_blueprints.orchestration import Parallel, Pipeline, RunPipeline
from lake_blueprints.processing.curation import Curate, Curation, CurationJob, ReferenceJoin
from lake_blueprints.processing.database_pull import DatabasePull
from lake_blueprints.processing.erasure import Erasure, ExportedObjects
from lake_blueprints.processing.flink import PythonApplication, StartStream, StopStream, StreamProcessor
from lake_blueprints.processing.index_load import IndexLoadJob, LoadIndex
from lake_blueprints.processing.item_load import ItemLoadJob, LoadItems
from lake_blueprints.processing.stream_sinks import CacheTarget, NewestRecords, StreamAlerts, StreamMetrics
from lake_blueprints.processing.streaming import (
    CleanRecords,
    Count,
    LateRecords,
    Output,
    RejectedRecords,
    StreamFunction,
    StreamPlan,
    StreamSource,
    WindowAggregates,
)
from lake_blueprints.storage.s3 import AccessLogBucket, Zone

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="flight", type="string"),
        Column(name="origin", type="string"),
        Column(name="delay", type="int"),
        Column(name="scheduled", type="timestamp"),
        Column(name="day", type="date"),
    ],
    primary_key=["flight"],
    partition_keys=["day"],
    format=DatasetFormat.JSON,
)
AIRPORTS = Dataset(
    name="airports",
    columns=[Column(name="origin", type="string"), Column(name="city", type="string", unique=True)],
    primary_key=["origin"],
    format=DatasetFormat.CSV,
)
ORDERS = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint"), Column(name="day", type="date")],
    primary_key=["id"],
    partition_keys=["day"],
)
PEOPLE = Dataset(
    name="people",
    columns=[
        Column(name="name", type="string", classification="restricted", masking=Masking.HASH, tags=["subject"]),
        Column(name="city", type="string"),
    ],
    primary_key=["name"],
    partition_keys=["city"],
    format=DatasetFormat.JSON,
)


class SampleLake:
    """Sample lake: data in one stack, what works on it in another; ids differ, so that stacks can be told apart.

    One that is recorded has what the local cloud runs in a few minutes; all of it is proven.
    """

    def __init__(self, app: cdk.App, name: str, env: cdk.Environment | None = None, *, recorded: bool = False) -> None:
        self.data, self.work = (cdk.Stack(app, f"{name}-{what}", env=env) for what in ("data", "work"))
        self._name = name
        self._define_storage()
        self._define_streaming()
        self._define_jobs()
        self._define_rules()
        self._define_engines()
        self._define_sinks()
        self._define_pipelines()
        if not recorded:
            self._define_what_is_not_recorded()

    def _id(self, name: str) -> str:
        return f"{self._name}{name}"

    def _define_storage(self) -> None:
        self.key = LakeKey(self.data, self._id("Key")).key
        self.every_key = LakeKey(
            self.data,
            self._id("EveryKey"),
            eventbridge=True,
            cloudwatch_alarms=True,
            budgets=True,
            s3_notifications=True,
            s3_tables=True,
            log_delivery=True,
            cloudtrail=True,
        ).key
        self.inventory_key = LakeKey(self.data, self._id("InventoryKey"), s3_inventory=True).key
        self.access_logs = AccessLogBucket(self.data, self._id("Logs"))
        common: dict[str, Any] = {"encryption_key": self.key, "access_logs": self.access_logs}
        self.raw = Zone(self.data, self._id("Raw"), **common)
        self.curated = Zone(self.data, self._id("Curated"), **common)
        self.analytics = Zone(self.data, self._id("Analytics"), **common)
        self.governed = Zone(self.data, self._id("Governed"), **common)
        self.raw_database = Database(self.data, self._id("RawDatabase"), zone=self.raw)
        self.database = Database(self.data, self._id("CuratedDatabase"), zone=self.curated)
        self.analytics_database = Database(self.data, self._id("AnalyticsDatabase"), zone=self.analytics)
        governed = Database(self.data, self._id("GovernedDatabase"), zone=self.governed, lake_formation=True)
        self.governed_flights = governed.add_table(FLIGHTS)
        self.inventory = Inventory(
            self.data, self._id("Inventory"), zone=self.raw, database=self.analytics_database, table_name="raw_objects"
        )
        self.raw_flights = self.raw_database.add_table(FLIGHTS, format=FLIGHTS.format)
        join = Curation(joins=[ReferenceJoin(reference=AIRPORTS, on=["origin"], columns=["city"])])
        self.airports = self.database.add_table(Curation().curated(AIRPORTS))
        self.flights = self.database.add_iceberg_table(join.curated(FLIGHTS))
        self.examples = self.database.add_table(FLIGHTS, table_name="examples", prefix="examples/")
        self.people = self.database.add_iceberg_table(Curation().curated(PEOPLE))
        self.masked_people = self.analytics_database.add_iceberg_table(Curation().curated(PEOPLE).masked())
        self.database.add_iceberg_table(ORDERS)
        trips = [*ORDERS.columns, Column(name="city", type="string")]
        # Without partitions: into others the local Athena writes no rows.
        self.trips = self.database.add_iceberg_table(evolve(ORDERS, name="trips", columns=trips, partition_keys=[]))
        subjects = evolve(
            ORDERS, name="subjects", columns=[evolve(ORDERS.columns[0], tags=["subject"]), ORDERS.columns[1]]
        )
        self.subjects = self.database.add_iceberg_table(subjects)
        self.archive = self.database.add_table(evolve(subjects, name="archive", partition_keys=()))
        self.join = join

    def _define_streaming(self) -> None:
        stack = self.work
        topic_key = LakeKey(stack, self._id("TopicKey"), cloudwatch_logs=False).key
        self.topic = sns.Topic(stack, self._id("Topic"), master_key=topic_key, enforce_ssl=True)
        self.stream = Stream(stack, self._id("Stream"), encryption_key=self.key, alarm_topic=self.topic)
        code = lambda_.Code.from_inline("def handler(event, context): ...")
        function = lambda_.Function(
            stack, self._id("Function"), runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code
        )
        transform = Transform(function=function)
        arrivals = Database(self.data, self._id("Arrivals"), zone=self.raw).add_table(
            FLIGHTS, prefix="arrivals/", layout=ArrivalTime()
        )
        flights = S3Destination(zone=self.raw, dataset=FLIGHTS)
        people = S3Destination(zone=self.raw, dataset=PEOPLE)
        parquet = ParquetDestination(table=arrivals)
        self._define_plan(stack)
        self.delivery = DeliveryStream(
            stack, self._id("Delivery"), source=self.stream, destination=flights, alarm_topic=self.topic
        )
        self.direct = DeliveryStream(stack, self._id("Direct"), destination=people, transform=transform)
        self.converting = DeliveryStream(stack, self._id("Converting"), destination=parquet)
        arrived = self.database.add_iceberg_table(FLIGHTS, table_name="arrived", prefix="arrived/", partitioning=[])
        rows = IcebergDestination(table=arrived, upsert=True, zone=self.raw)
        self.upserting = DeliveryStream(stack, self._id("Upserting"), destination=rows)
        endpoint = HttpDestination(
            url="https://collector.example.com/flights",
            secret=secretsmanager.Secret(self.data, self._id("EndpointKey"), encryption_key=self.key),
            zone=self.raw,
            dataset=FLIGHTS,
            retry=cdk.Duration.seconds(0),
        )
        self.sending = DeliveryStream(stack, self._id("Sending"), destination=endpoint)

    def _define_sinks(self) -> None:
        """Functions on the stream: items for applications, alerts for people and applications."""
        common: dict[str, Any] = {"stream": self.stream, "dataset": FLIGHTS, "errors": self.raw}
        newest = ServingTable(self.data, self._id("NewestFlights"), dataset=FLIGHTS, encryption_key=self.key)
        NewestRecords(self.work, self._id("Newest"), event_time="scheduled", target=newest, **common)
        bus = events.EventBus(self.work, self._id("Bus"))
        alerts: dict[str, Any] = {
            "about": ["flight"],
            "headline": "Flight {flight} is late",
            "topic": self.topic,
            "bus": bus,
        }
        StreamAlerts(self.work, self._id("Alerts"), **alerts, **common)
        self.replay = StreamReplay(self.work, self._id("Replay"), stream=self.stream, zone=self.raw, dataset=FLIGHTS)
        cache = ServerlessCache(self.work, self._id("State"), network=self.network, encryption_key=self.key)
        target = CacheTarget(cache=cache, keys=["flight"])
        NewestRecords(self.work, self._id("Cached"), event_time="scheduled", target=target, **common)

    def _define_rules(self) -> None:
        """Video, and rules of IoT after the table that one of them writes to."""
        VideoStream(self.data, self._id("Video"), encryption_key=self.key)
        queue = sqs.Queue(self.work, self._id("Messages"), encryption_master_key=self.key, enforce_ssl=True)
        storing: list[RuleAction] = [
            StreamAction(stream=self.stream),
            ObjectAction(zone=self.raw, prefix="messages/"),
            QueueAction(queue=queue),
        ]
        # That of people comes by another delivery.
        for name, dataset, actions in (
            ("Flights", FLIGHTS, storing),
            ("People", PEOPLE, [DeliveryAction(delivery=self.direct)]),
            ("Airports", AIRPORTS, [ItemAction(table=self.served.table)]),
        ):
            DeviceIngest(
                self.work,
                self._id(f"Ingest{name}"),
                topic_filter=f"dt/+/{dataset.name}",
                dataset=dataset,
                actions=actions,
                errors=self.raw,
            )

    def _define_plan(self, stack: cdk.Stack) -> None:
        narrow, good, bad, late, hours = (
            Stream(stack, self._id(name), encryption_key=self.key, shards=1)
            for name in ("Narrow", "Good", "Bad", "Late", "Hours")
        )
        counted = WindowAggregates(name="hours", window=cdk.Duration.hours(1), measures={"flights": Count()})
        outputs: dict[Output, Stream | DeliveryStream] = {
            CleanRecords(): good,
            RejectedRecords(): bad,
            LateRecords(): late,
            counted: hours,
        }
        plan = StreamPlan(source=StreamSource(stream=narrow, dataset=FLIGHTS), outputs=outputs)
        StreamFunction(stack, self._id("Follow"), plan=plan, state=self.raw, alarm_topic=self.topic)
        StreamMetrics(stack, self._id("Metrics"), plan=plan, aggregates=counted, errors=self.raw)

    def _define_jobs(self) -> None:
        stack = self.work
        self.job = CurationJob(
            stack,
            self._id("Curate"),
            dataset=FLIGHTS,
            source=self.raw,
            target=self.flights,
            curation=self.join,
            references=[self.airports],
        )
        self.masking_job = CurationJob(
            stack,
            self._id("Mask"),
            dataset=PEOPLE,
            source=self.raw,
            target=self.people,
            masked=self.masked_people,
        )
        self.erasure = Erasure(
            stack,
            self._id("Erasure"),
            requests=self.analytics,
            curations=[self.masking_job],
            tables=[self.subjects, self.archive],
            exports=[ExportedObjects(storage=self.analytics, prefix="exports/")],
        )
        self.crawler = Crawler(
            stack, self._id("Crawler"), database=self.raw_database, prefixes=["found/", "more/"], table_prefix="found_"
        )
        self.deleting_crawler = Crawler(
            stack,
            self._id("DeletingCrawler"),
            database=self.raw_database,
            prefixes=["gone/"],
            table_prefix="gone_",
            on_delete=SchemaDelete.DELETE,
        )
        self.served = ServingTable(self.data, self._id("Served"), dataset=AIRPORTS, encryption_key=self.key)
        self.item_load = ItemLoadJob(stack, self._id("ItemLoad"), source=self.airports, target=self.served)
        self.search = SearchCollection(self.data, self._id("Search"), encryption_key=self.key)
        self.index_load = IndexLoadJob(stack, self._id("IndexLoad"), source=self.airports, target=self.search)
        self.ruleset = QualityRuleset(stack, self._id("Ruleset"), table=self.airports)

    def _define_engines(self) -> None:
        stack = self.work
        self.workgroup = Workgroup(stack, self._id("Workgroup"), encryption_key=self.key, access_logs=self.access_logs)
        self.network = LakeNetwork(stack, self._id("Network"), encryption_key=self.key)
        self.warehouse = Warehouse(
            stack,
            self._id("Warehouse"),
            network=self.network,
            encryption_key=self.key,
            usage_limits=[UsageLimit(rpu_hours=200)],
            case_sensitive_identifiers=True,
        )
        self.cluster = WarehouseCluster(
            stack,
            self._id("Cluster"),
            network=self.network,
            encryption_key=self.key,
            schedule=PauseResume(),
            enhanced_vpc_routing=False,
        )
        for warehouse in (self.warehouse, self.cluster):
            warehouse.add_dataset(self.flights)
            warehouse.add_dataset(self.airports)
        self.training = TrainingJob(
            stack,
            self._id("Training"),
            channels={"train": InputChannel(table=self.examples)},
            output=self.analytics,
            hyperparameters={"target": "delay", "features": "origin", "time_column": "scheduled"},
        )
        self.export = Export(workgroup=self.workgroup, table=self.trips, zone=self.analytics, prefix="exports/")
        self.export_training = TrainingJob(
            stack,
            self._id("ExportTraining"),
            channels={"train": InputChannel(export=self.export)},
            output=self.analytics,
            output_prefix="exported/",
            hyperparameters={"target": "id", "features": "city", "time_column": "day"},
        )
        private = LakeNetwork(stack, self._id("Private"), encryption_key=self.key)
        user = DatabaseSecret(
            stack, self._id("User"), username="lake", host="shop.example.com", port=5432, encryption_key=self.key
        )
        self.shop = DatabaseEndpoint(
            engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret
        )
        self.replication = Replication(
            stack,
            self._id("Replication"),
            source=self.shop,
            datasets=[ORDERS],
            zone=self.raw,
            network=private,
            alarm_topic=self.topic,
        )
        cluster = AuroraCluster(
            stack,
            self._id("Shop"),
            database="shop",
            network=self.network,
            encryption_key=self.key,
            zero_etl=True,
        )
        self.integration = ZeroEtl(
            stack, self._id("Integration"), source=cluster, target=self.warehouse, datasets=[ORDERS]
        )
        self.cluster_export = ClusterExport(
            stack, self._id("ClusterExport"), cluster=cluster, zone=self.raw, prefix="shop/"
        )
        self.table_integration = ZeroEtl(stack, self._id("TableIntegration"), source=self.served, target=self.warehouse)
        self.kafka = KafkaCluster(stack, self._id("Kafka"), network=private)
        self.from_kafka = DeliveryStream(
            stack,
            self._id("FromKafka"),
            source=KafkaSource("flights", cluster=self.kafka),
            destination=S3Destination(zone=self.raw, dataset=FLIGHTS),
        )
        self.consumer = StreamConsumer(stack, self._id("Consumer"), stream=self.stream)
        self.processed = Stream(stack, self._id("Processed"), encryption_key=self.key)
        ends = {"source": self.stream.stream.stream_arn, "sink": self.processed.stream.stream_arn}
        self.processor = StreamProcessor(
            stack,
            self._id("Processor"),
            code=PythonApplication(path=Path(__file__).with_name("application")),
            reads=[self.stream],
            writes=[self.processed],
            properties={"flights": {**ends, "region": cdk.Aws.REGION}},
            network=self.network,
            encryption_key=self.key,
            alarm_topic=self.topic,
        )
        exports = S3Location(bucket=self.analytics.bucket, key=self.key, prefix="partner/")
        self.transfer = FileTransfer(stack, self._id("Transfer"), source=exports, zone=self.raw, prefix="transferred/")
        subnets, group = self.network.vpc.isolated_subnets, self.warehouse.connections.security_groups
        self.spot_training = TrainingJob(
            stack,
            self._id("SpotTraining"),
            channels={"train": InputChannel(zone=self.curated, prefix="features/")},
            output=self.analytics,
            output_prefix="spot/",
            compute=Compute(spot=Spot(max_wait=cdk.Duration.hours(2))),
            network=TrainingNetwork(subnets=subnets, security_groups=group),
        )

    def _define_what_is_not_recorded(self) -> None:
        stack = self.work
        model = WarehouseModel(
            stack,
            self._id("Model"),
            warehouse=self.warehouse,
            table=self.flights,
            target="delay",
            features=["origin", "scheduled"],
            problem=ModelProblem.REGRESSION,
            access_logs=self.access_logs,
        )
        Pipeline(stack, self._id("Modelling"), steps=[TrainModel(model=model)], encryption_key=self.every_key)
        SearchIngestion(
            stack, self._id("Searching"), source=self.stream.stream, target=self.search, dataset=FLIGHTS, zone=self.raw
        )
        way = Connection(stack, self._id("Way"), endpoint=self.shop, network=self.network)
        changes = evolve(ORDERS, columns=[*ORDERS.columns, Column(name="changed", type="timestamp", required=True)])
        DatabasePull(stack, self._id("Pull"), connection=way, dataset=changes, zone=self.raw, watermark="changed")
        # A zone of its own, of which all is the role's to change.
        zone = Zone(self.data, self._id("Optimized"), encryption_key=self.key, access_logs=self.access_logs)
        database = Database(self.data, self._id("OptimizedDatabase"), zone=zone)
        optimizers = OptimizerRole(self.data, self._id("Optimizers"), database=database)
        database.add_iceberg_table(ORDERS, optimizer_role=optimizers)

    def _define_pipelines(self) -> None:
        repair = Query(
            name="Repair",
            workgroup=self.workgroup,
            sql="MSCK REPAIR TABLE examples",
            database=self.database.database_name,
            reads=[self.examples],
            writes=[self.examples],
        )
        common: dict[str, Any] = {"encryption_key": self.every_key}
        self.export_pipeline = Pipeline(
            self.work,
            self._id("Exporting"),
            steps=[self.export, Train(job=self.export_training), Register(job=self.export_training)],
            **common,
        )
        self.pipeline = Pipeline(
            self.work,
            self._id("Pipeline"),
            steps=[
                Parallel(branches=[Crawl(crawler=self.crawler), Curate(job=self.job)]),
                Evaluate(ruleset=self.ruleset),
                repair,
                Load(warehouse=self.warehouse),
                Load(warehouse=self.cluster),
                Train(job=self.training),
                Register(job=self.training),
            ],
            schedule=events.Schedule.rate(cdk.Duration.days(1)),
            **common,
        )
        self.serving_pipeline = Pipeline(
            self.work,
            self._id("Serving"),
            steps=[
                LoadItems(job=self.item_load),
                LoadIndex(job=self.index_load),
                ExportItems(table=self.served, zone=self.raw, prefix="served/"),
            ],
            **common,
        )
        self.replicating_pipeline = Pipeline(
            self.work,
            self._id("Replicating"),
            steps=[
                StartReplication(replication=self.replication),
                StopReplication(replication=self.replication),
                StartTransfer(transfer=self.transfer),
            ],
            **common,
        )
        self.replaying_pipeline = Pipeline(
            self.work, self._id("Replaying"), steps=[ReplayStream(replay=self.replay)], **common
        )
        self.starting_pipeline = Pipeline(
            self.work, self._id("Starting"), steps=[StartStream(processor=self.processor)], **common
        )
        self.stopping_pipeline = Pipeline(
            self.work, self._id("Stopping"), steps=[StopStream(processor=self.processor)], **common
        )
        self.integrating_pipeline = Pipeline(
            self.work,
            self._id("Integrating"),
            steps=[
                CreateDestination(integration=self.integration),
                CreateDestination(integration=self.table_integration),
                ExportCluster(export=self.cluster_export),
                SetUsageLimits(warehouse=self.warehouse),
            ],
            **common,
        )
        self.outer_pipeline = Pipeline(
            self.work,
            self._id("Outer"),
            steps=[RunPipeline(pipeline=self.pipeline), RunPipeline(pipeline=self.serving_pipeline)],
            **common,
        )
