"""Table optimizers: what is configured for a table, and that it goes with the table."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_cloud.iceberg.conftest import orders

ROLE = "arn:aws:iam::123456789012:role/optimize"
CONFIGURATION = {
    "roleArn": ROLE,
    "enabled": True,
    "retentionConfiguration": {"icebergConfiguration": {"snapshotRetentionPeriodInDays": 5}},
}


def of(name: str, kind: str = "retention") -> dict[str, Any]:
    return {"CatalogId": "123456789012", "DatabaseName": "shop", "TableName": name, "Type": kind}


@pytest.fixture
def optimized(glue: Any, request: pytest.FixtureRequest) -> str:
    """Return the name of a table with an optimizer."""
    name = str(request.node.originalname)[:40]
    glue.create_table(**orders(name))
    glue.create_table_optimizer(**of(name), TableOptimizerConfiguration=CONFIGURATION)
    return name


def test_returns_what_was_configured(glue: Any, optimized: str) -> None:
    found = glue.get_table_optimizer(**of(optimized))
    assert found["TableOptimizer"] == {
        "type": "retention",
        "configuration": CONFIGURATION,
        "configurationSource": "table",
    }
    assert (found["DatabaseName"], found["TableName"]) == ("shop", optimized)
    assert glue.list_table_optimizer_runs(**of(optimized))["TableOptimizerRuns"] == []


def test_an_update_replaces_the_configuration(glue: Any, optimized: str) -> None:
    disabled = {"roleArn": ROLE, "enabled": False}
    glue.update_table_optimizer(**of(optimized), TableOptimizerConfiguration=disabled)
    assert glue.get_table_optimizer(**of(optimized))["TableOptimizer"]["configuration"] == disabled


def test_a_table_has_one_of_each_type(glue: Any, optimized: str) -> None:
    glue.create_table_optimizer(**of(optimized, "compaction"), TableOptimizerConfiguration=CONFIGURATION)
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_table_optimizer(**of(optimized), TableOptimizerConfiguration=CONFIGURATION)


def test_what_is_deleted_is_not_found(glue: Any, optimized: str) -> None:
    glue.delete_table_optimizer(**of(optimized))
    for call in (glue.get_table_optimizer, glue.delete_table_optimizer):
        with pytest.raises(glue.exceptions.EntityNotFoundException, match="has no optimizer of type retention"):
            call(**of(optimized))


def test_a_table_takes_its_optimizers_along(glue: Any, optimized: str) -> None:
    glue.delete_table(DatabaseName="shop", Name=optimized)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_table_optimizer(**of(optimized))
    glue.create_table(**orders(f"{optimized}_again"))
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_table_optimizer(**of(f"{optimized}_again"))


def test_only_iceberg_tables_have_optimizers(glue: Any) -> None:
    glue.create_table(DatabaseName="shop", TableInput={"Name": "hive"})
    with pytest.raises(ClientError, match="hive is not an Iceberg table"):
        glue.create_table_optimizer(**of("hive"), TableOptimizerConfiguration=CONFIGURATION)
