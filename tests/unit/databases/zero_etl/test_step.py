from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.databases.zero_etl import CreateDestination, ZeroEtl
from lake_blueprints.orchestration.context import StepContext
from tests.conformance.fixtures import Fixtures
from tests.unit.databases.zero_etl.sample import of_cluster, of_table


@pytest.fixture
def integration(stack: cdk.Stack) -> ZeroEtl:
    return ZeroEtl(stack, "Integration", **of_cluster(Fixtures(stack)))


def states(step: CreateDestination) -> dict[str, Any]:
    return dict(step.render(StepContext(pipeline="p", topic_arn="t", poll_interval=cdk.Duration.seconds(10))).states)


def sql(integration: ZeroEtl, text: str) -> str:
    return text.replace(integration.integration_id, "<id>")


def test_the_database_is_made_from_the_integration_outside_a_transaction(integration: ZeroEtl) -> None:
    state = states(CreateDestination(integration=integration))["Create shop"]
    assert state["Resource"].endswith("aws-sdk:redshiftdata:executeStatement")
    found = sql(integration, state["Parameters"]["Sql"])
    assert found == 'CREATE DATABASE "shop" FROM INTEGRATION \'<id>\' DATABASE "shop"'


def test_of_a_table_no_database_is_named(stack: cdk.Stack) -> None:
    integration = ZeroEtl(
        stack, "Integration", **of_table(Fixtures(stack)), database="served", refresh_interval=cdk.Duration.hours(1)
    )
    found = states(CreateDestination(integration=integration))
    made = sql(integration, found["Create served"]["Parameters"]["Sql"])
    assert made == "CREATE DATABASE \"served\" FROM INTEGRATION '<id>' SET REFRESH_INTERVAL 3600"
    assert found["Create served settings given"]["Result"] == [
        {"sql": 'ALTER DATABASE "served" INTEGRATION SET REFRESH_INTERVAL 3600'}
    ]


def test_a_database_that_is_there_must_be_this_integrations(integration: ZeroEtl) -> None:
    found = states(CreateDestination(integration=integration))
    exists = found["Create shop decides"]["Choices"][1]
    assert exists["Next"] == "Create shop checks"
    check = sql(integration, found["Create shop checks"]["Parameters"]["Sql"])
    assert "integration_id = '<id>' AND target_database = 'shop'" in check
    assert "already that is not this integration's" in found["Create shop checks ended badly 1"]["Cause"]
    assert found["Create shop checks done"]["Next"] == "Create shop done"


def test_readers_may_read_every_table(integration: ZeroEtl) -> None:
    found = states(CreateDestination(integration=integration, readers=["analysts"]))
    assert [one["sql"] for one in found["Create shop settings given"]["Result"]] == [
        'GRANT USAGE FOR SCHEMAS IN DATABASE "shop" TO ROLE "analysts"',
        'GRANT SELECT FOR TABLES IN DATABASE "shop" TO ROLE "analysts"',
    ]
