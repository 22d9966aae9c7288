"""AWS IoT Core: messages of devices, taken into the lake by rules."""

from lake_blueprints.ingestion.iot.actions import (
    DeliveryAction,
    ItemAction,
    ObjectAction,
    QueueAction,
    RuleAction,
    StreamAction,
)
from lake_blueprints.ingestion.iot.device_ingest import DeviceIngest
from lake_blueprints.ingestion.iot.device_policy import DevicePolicy

__all__ = (
    "DeliveryAction",
    "DeviceIngest",
    "DevicePolicy",
    "ItemAction",
    "ObjectAction",
    "QueueAction",
    "RuleAction",
    "StreamAction",
)
