"""From inside a network a call passes role, endpoint, bucket and key; there are as many endpoints as that takes."""

from __future__ import annotations

from dataclasses import replace

import aws_cdk as cdk
import pytest

from tests.permissions.deployed import STRANGER
from tests.permissions.networks import NetworkLake, Way, from_inside, given, isolated, stopped, through, ways_of
from tests.permissions.proof import Proof, deployment_of
from tests.permissions.simulator import Policy, Request, Simulator

_ALL: Policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_OPEN: Policy = {"Version": "2012-10-17", "Statement": [{**_ALL["Statement"][0], "Principal": "*"}]}


class Inside:
    """A lake in a network, with its endpoints and the calls from there."""

    def __init__(self, proof: Proof, lake: NetworkLake) -> None:
        self.proof = proof
        self.ways = ways_of(proof, lake.stack.stack_name)
        self.calls = list(from_inside(proof, lake.roles))

    def stopped(self, calls: list[Request], ways: list[Way] | None = None) -> list[str]:
        return stopped(self.proof, calls, self.ways if ways is None else ways)

    def opened(self, calls: list[Request]) -> list[str]:
        """Return the calls that endpoints allow; all would be allowed if there were no policies of endpoints."""
        going = [found for call in calls if (found := through(call, self.ways))]
        assert len(going) == len(calls) > 0
        assert self.proof.refused([replace(one, endpoint=None) for one in going]) == []
        return self.proof.allowed(going)


@pytest.fixture(scope="module", params=["isolated", "given"])
def inside(request: pytest.FixtureRequest, simulator: Simulator) -> Inside:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    lake = isolated(app, "Isolated") if request.param == "isolated" else given(app, "Given", endpoints=True)
    return Inside(Proof(simulator, deployment_of(app)), lake)


def test_every_call_from_inside_arrives_and_is_allowed(inside: Inside) -> None:
    assert len(inside.calls) > 100
    assert inside.stopped(inside.calls) == []


def test_without_any_one_of_the_endpoints_a_call_fails(inside: Inside) -> None:
    assert len(inside.ways) >= 5
    for way in inside.ways:
        assert inside.stopped(inside.calls, [one for one in inside.ways if one is not way]) != [], way.name


def test_no_endpoint_lets_credentials_of_another_account_out(inside: Inside) -> None:
    """To that account's own resources, where they may do everything."""
    stranger = "arn:aws:iam::{}:role/brought"
    asked = [
        replace(call, principal=stranger.format(STRANGER), account=STRANGER, identity=[_ALL], guard=_OPEN)
        for call in inside.calls
    ]
    assert inside.opened(asked) == []


def test_no_endpoint_leads_to_buckets_of_another_account(inside: Inside) -> None:
    """Even if the role may write everywhere and the bucket admits everyone."""
    asked = [
        replace(call, resource="arn:aws:s3:::theirs/flights", account=STRANGER, identity=[_ALL], guard=_OPEN)
        for call in inside.calls
        if call.action == "s3:PutObject"
    ]
    assert inside.opened(asked) == []


def test_a_lake_without_a_network_has_no_endpoint(simulator: Simulator) -> None:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    NetworkLake(app, "Nowhere")
    proof = Proof(simulator, deployment_of(app))
    kinds = {one["Type"] for one in proof.deployment.templates["Nowhere"]["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::EC2::")]
