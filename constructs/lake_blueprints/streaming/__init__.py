"""How records get into the lake: streams and deliveries."""

from lake_blueprints.streaming.buffering import Buffer
from lake_blueprints.streaming.delivery import Delivery
from lake_blueprints.streaming.stream import Stream
from lake_blueprints.streaming.transform import Transform

__all__ = ("Buffer", "Delivery", "Stream", "Transform")
