"""Encryption: KMS keys, Glue security configurations, the secret of pseudonyms."""

from lake_blueprints.foundation.encryption.hash_salt import HashSalt
from lake_blueprints.foundation.encryption.lake_key import LakeKey
from lake_blueprints.foundation.encryption.security_configuration import GlueSecurityConfiguration

__all__ = (
    "GlueSecurityConfiguration",
    "HashSalt",
    "LakeKey",
)
