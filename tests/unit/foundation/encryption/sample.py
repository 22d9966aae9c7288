"""Samples of encryption."""

from __future__ import annotations

from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, HashSalt, LakeKey
from tests.conformance.sample import Sample

SERVICES = ("eventbridge", "cloudwatch_alarms", "budgets", "s3_notifications", "s3_inventory", "s3_tables")
LOGS = ("cloudwatch_logs", "log_delivery", "cloudtrail")

HASH_SALT = Sample(construct=HashSalt)
LAKE_KEY = Sample(construct=LakeKey, options=lambda _: dict.fromkeys([*SERVICES, *LOGS], True))
SECURITY_CONFIGURATION = Sample(construct=GlueSecurityConfiguration, options=lambda lake: {"encryption_key": lake.key})
