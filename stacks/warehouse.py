"""The warehouse: curated tables, loaded into Redshift Serverless."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.network import LakeNetwork
from stacks.environment import Environment


class WarehouseStack(cdk.Stack):
    """Namespace and workgroup, free while nobody asks."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        key: kms.IKey,
        network: LakeNetwork,
        tables: Iterable[IcebergTable],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self.warehouse = Warehouse(
            self,
            "Warehouse",
            network=network,
            encryption_key=key,
            base_capacity=environment.warehouse_rpu,
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        for table in tables:
            self.warehouse.add_dataset(table)
        cdk.CfnOutput(self, "WarehouseWorkgroup", value=self.warehouse.workgroup_name)
        cdk.CfnOutput(self, "WarehouseDatabase", value=self.warehouse.database)
        cdk.CfnOutput(self, "WarehouseSecret", value=self.warehouse.connection["SecretArn"])
