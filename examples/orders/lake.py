"""The app: a shop's database, a lake and a warehouse that follow it, whose orders are served and searched."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Contract, DataLake, LakeKey, Pipeline, Zone
from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.databases.redshift import Load, Warehouse
from lake_blueprints.databases.zero_etl import CreateDestination, ZeroEtl
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.dms import Replication
from lake_blueprints.orchestration import RunPipeline, Step
from lake_blueprints.processing.erasure import Erase, Erasure

CONTRACTS = Path(__file__).parent / "contracts"
NAMES = ("customers", "orders", "lines", "payments")

if __name__ == "__main__":
    app = cdk.App()
    stack = cdk.Stack(app, "Orders")
    datasets = {name: Contract.from_file(CONTRACTS / f"{name}.odcs.yaml")[name] for name in NAMES}
    second = cdk.Duration.seconds(1)

    # The shop.
    key = LakeKey(stack, "Key").key
    network = LakeNetwork(stack, "Network", encryption_key=key)
    shop = AuroraCluster(stack, "Shop", database="shop", zero_etl=True, network=network, encryption_key=key)
    host, port = shop.endpoint.host, shop.endpoint.listens_on
    reader = DatabaseSecret(stack, "Reader", username="lake_reader", host=host, port=port, encryption_key=key)

    # The lake: DMS writes changes to S3, curation merges them, and applications get the orders.
    source = DatabaseEndpoint(
        engine=DatabaseEngine.POSTGRESQL,
        host=host,
        port=port,
        database="shop",
        secret=reader.secret,
        connections=shop.connections,
    )
    changes = Zone(stack, "Changes", encryption_key=key)
    replication = Replication(
        stack,
        "Follow",
        source=source,
        datasets=list(datasets.values()),
        zone=changes,
        network=network,
        file_interval=cdk.Duration.seconds(5),
        create_account_roles=True,
    )
    served = ServingTable(stack, "Served", dataset=datasets["orders"], encryption_key=key)
    search = SearchCollection(stack, "Search", encryption_key=key)
    lake = DataLake(
        stack,
        "Lake",
        datasets=list(datasets.values()),
        ingestion=dict.fromkeys(NAMES, replication),
        serving={"orders": [served, search]},
        poll_interval=second,
    )
    lake.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))

    # The warehouse: the lake's tables are loaded into one database, and zero-ETL keeps another one current.
    warehouse = Warehouse(stack, "Warehouse", network=network, encryption_key=key, case_sensitive_identifiers=True)
    for name, table in lake.tables.items():
        warehouse.add_dataset(lake.masked.get(name, table))
    # Customers have a restricted column, of which zero-ETL could hide nothing.
    open_datasets = [dataset for dataset in datasets.values() if not dataset.restricted_columns]
    integration = ZeroEtl(stack, "Live", source=shop, target=warehouse, datasets=open_datasets)

    # Persons are erased by their number, wherever a contract tags it as `subject`.
    erasure = Erasure(
        stack,
        "Erasure",
        requests=Zone(stack, "Private", encryption_key=key),
        curations=list(lake.jobs.values()),
        encryption_key=key,
    )

    pipelines: dict[str, list[Step]] = {
        "SetUp": [CreateDestination(integration=integration)],
        "Refresh": [RunPipeline(pipeline=lake.pipeline), Load(warehouse=warehouse)],
        "Forget": [Erase(job=erasure)],
    }
    machines = {
        name: Pipeline(stack, name, steps=steps, poll_interval=second, topic=lake.topic, encryption_key=key)
        for name, steps in pipelines.items()
    }
    for name, value in {
        **{name: pipeline.state_machine.state_machine_arn for name, pipeline in machines.items()},
        "ShopHost": host,
        "ShopPort": cdk.Token.as_string(port),
        "ShopSecret": shop.secret.secret_arn,
        "ReaderSecret": reader.secret.secret_arn,
        "Changes": changes.bucket.bucket_name,
        "Curated": lake.curated_database.database_name,
        "Workgroup": lake.workgroup.workgroup_name,
        "WarehouseWorkgroup": warehouse.connection["WorkgroupName"],
        "WarehouseDatabase": warehouse.connection["Database"],
        "WarehouseSecret": warehouse.connection["SecretArn"],
        "LiveDatabase": integration.database,
        "Served": served.table_name,
        "SearchEndpoint": search.collection_endpoint,
        "Requests": erasure.requests.bucket.bucket_name,
    }.items():
        cdk.CfnOutput(stack, f"{name}Output", value=value)
    app.synth()
