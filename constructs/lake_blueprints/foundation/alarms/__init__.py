"""Alarms that can reach the topic that they are attached to."""

from lake_blueprints.foundation.alarms.admission import admit_alarms, admit_alarms_to_key
from lake_blueprints.foundation.alarms.alarm import ABOVE, AT_LEAST, BELOW, AlarmSpec, add_alarms

__all__ = (
    "ABOVE",
    "AT_LEAST",
    "BELOW",
    "AlarmSpec",
    "add_alarms",
    "admit_alarms",
    "admit_alarms_to_key",
)
