"""Alarms that can reach the topic that they are attached to."""

from lake_blueprints.foundation.alarms.admission import admit_alarms, admit_alarms_to_key
from lake_blueprints.foundation.alarms.alarm import add_alarm

__all__ = (
    "add_alarm",
    "admit_alarms",
    "admit_alarms_to_key",
)
