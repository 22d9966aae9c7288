"""Replace the catalogs of Glue and S3 Tables in Spark's settings by Iceberg's REST API.

Iceberg's jar has the class GlueCatalog but not the AWS SDK for Java, which no Python package brings, and without
which it signs no request. The REST APIs of the local cloud are in front of the same tables. A job's settings stay as
they were deployed; each is replaced where it is set.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

ENDPOINT = "LOCAL_CLOUD_ICEBERG_URI"
TOKEN = "LOCAL_CLOUD_ICEBERG_TOKEN"
_CATALOG = "spark.sql.catalog."
_S3_TABLES = "s3tables"


def replaced(name: str, value: Any, variables: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the settings that stand for one of a job's."""
    if not name.startswith(_CATALOG):
        return {name: value}
    catalog, _, option = name.removeprefix(_CATALOG).partition(".")
    prefix, text = f"{_CATALOG}{catalog}", str(value)
    rest = {f"{prefix}.type": "rest", f"{prefix}.uri": variables[ENDPOINT], f"{prefix}.token": variables[TOKEN]}
    glue = option == "catalog-impl" and text.endswith(".GlueCatalog")
    if glue or (option == "type" and text in ("glue", "rest")):
        return rest
    if option == "io-impl":
        return {name: "org.apache.iceberg.hadoop.HadoopFileIO"}
    if option == "rest.signing-name" and text == _S3_TABLES:
        return {f"{prefix}.header.X-Local-Cloud-Service": _S3_TABLES}
    # The catalog is named and signed for by the token.
    if option == "uri" or option.startswith(("rest.sig", "rest.auth", "glue.", "client.", "s3.")):
        return {}
    return {name: value}


def replaced_all(settings: Mapping[str, Any], variables: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the settings that stand for all of a job's."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        found |= replaced(name, value, variables)
    return found
