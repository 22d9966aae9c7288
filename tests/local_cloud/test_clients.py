"""The clients by which a cloud calls itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.server.runtime import Runtime

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/reader"


def test_a_client_is_made_once_for_all_threads(runtime: Runtime) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: runtime.client("sqs", REGION), range(32)))
    assert len({id(one) for one in found}) == 1


@pytest.mark.parametrize(
    "more",
    [{"service": "sns"}, {"region": "eu-central-1"}, {"role": ROLE}, {"read_timeout": 5}],
    ids=lambda more: next(iter(more)),
)
def test_another_service_region_role_or_timeout_has_a_client_of_its_own(
    runtime: Runtime, more: dict[str, object]
) -> None:
    first = runtime.client("sqs", REGION)
    arguments = {"service": "sqs", "region": REGION, **more}
    other = runtime.client(**arguments)  # type: ignore[arg-type]
    assert other is not first
    assert other is runtime.client(**arguments)  # type: ignore[arg-type]


def test_callers_get_clients_of_their_own(cloud: LocalCloud) -> None:
    assert cloud.client("sqs") is not cloud.client("sqs")
