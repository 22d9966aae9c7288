"""Samples of encryption."""

from __future__ import annotations

from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, HashSalt, LakeKey
from tests.conformance.sample import Sample

HASH_SALT = Sample(construct=HashSalt)
LAKE_KEY = Sample(construct=LakeKey, options=lambda _: {"eventbridge": True, "cloudtrail": True, "s3_tables": True})
SECURITY_CONFIGURATION = Sample(construct=GlueSecurityConfiguration, options=lambda lake: {"encryption_key": lake.key})
