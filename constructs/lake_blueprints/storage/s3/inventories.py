"""Inventory configurations of a bucket, added one by one."""

from __future__ import annotations

from typing import cast
from weakref import WeakKeyDictionary

from aws_cdk import IResolvable
from aws_cdk import aws_s3 as s3

_CONFIGURATIONS: WeakKeyDictionary[s3.Bucket, list[IResolvable | s3.CfnBucket.InventoryConfigurationProperty]] = (
    WeakKeyDictionary()
)


def add_inventory(bucket: s3.Bucket, configuration: s3.CfnBucket.InventoryConfigurationProperty) -> None:
    """Add an inventory to a bucket of the app.

    The L2's own way names the listed bucket in the policy of the bucket of reports, and each needs the other then.
    """
    configurations = _CONFIGURATIONS.setdefault(bucket, [])
    configurations.append(configuration)
    cast(s3.CfnBucket, bucket.node.default_child).inventory_configurations = configurations
