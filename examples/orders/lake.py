"""The app: a shop's database, and a lake that follows it, whose orders are served and searched."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Contract, DataLake, LakeKey, Zone
from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.dms import Replication

CONTRACTS = Path(__file__).parent / "contracts"
NAMES = ("customers", "orders", "payments")

if __name__ == "__main__":
    app = cdk.App()
    stack = cdk.Stack(app, "Orders")
    customers, orders, payments = (Contract.from_file(CONTRACTS / f"{name}.odcs.yaml")[name] for name in NAMES)

    key = LakeKey(stack, "Key").key
    network = LakeNetwork(stack, "Network", encryption_key=key)
    shop = AuroraCluster(stack, "Shop", database="shop", replication=True, network=network, encryption_key=key)
    host, port = shop.endpoint.host, shop.endpoint.listens_on
    reader = DatabaseSecret(stack, "Reader", username="lake_reader", host=host, port=port, encryption_key=key)
    source = DatabaseEndpoint(
        engine=DatabaseEngine.POSTGRESQL,
        host=host,
        port=port,
        database="shop",
        secret=reader.secret,
        connections=shop.connections,
    )
    replication = Replication(
        stack,
        "Follow",
        source=source,
        datasets=[customers, orders, payments],
        zone=Zone(stack, "Changes", encryption_key=key),
        network=network,
        file_interval=cdk.Duration.seconds(5),
        create_account_roles=True,
    )
    served = ServingTable(stack, "Served", dataset=orders, encryption_key=key)
    search = SearchCollection(stack, "Search", encryption_key=key)
    lake = DataLake(
        stack,
        "Lake",
        datasets=[customers, orders, payments],
        ingestion=dict.fromkeys(NAMES, replication),
        serving={"orders": [served, search]},
        warehouse=True,
        poll_interval=cdk.Duration.seconds(1),
    )
    assert lake.redshift
    lake.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
    for name, value in {
        "ShopHost": host,
        "ShopPort": cdk.Token.as_string(port),
        "ShopSecret": shop.secret.secret_arn,
        "ReaderSecret": reader.secret.secret_arn,
        "StateMachine": lake.pipeline.state_machine.state_machine_arn,
        "Curated": lake.curated_database.database_name,
        "Workgroup": lake.workgroup.workgroup_name,
        "WarehouseWorkgroup": lake.redshift.connection["WorkgroupName"],
        "WarehouseDatabase": lake.redshift.connection["Database"],
        "WarehouseSecret": lake.redshift.connection["SecretArn"],
        "Served": served.table_name,
        "SearchEndpoint": search.collection_endpoint,
    }.items():
        cdk.CfnOutput(stack, f"{name}Output", value=value)
    app.synth()
