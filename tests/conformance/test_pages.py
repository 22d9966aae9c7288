"""Pages: each capability has one, whose head is current and whose rest is written."""

from __future__ import annotations

import pytest

from tests.conformance.controls import Hasty, Stubborn
from tests.conformance.pages import END, by_capability, options, page_of, rendered
from tests.conformance.prices import UNKNOWN, idle, table

CAPABILITIES = by_capability()


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_the_head_of_a_page_is_current(capability: str) -> None:
    assert page_of(capability).read_text() == rendered(capability, CAPABILITIES[capability]), (
        "write it again: python -m tests.conformance.pages"
    )


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_a_page_says_when_to_use_a_capability_and_what_was_decided(capability: str) -> None:
    by_hand = page_of(capability).read_text().partition(END)[2]
    headings = [line for line in by_hand.splitlines() if line.startswith("## ")]
    assert headings[:2] == ["## When to use it", "## Decisions"]
    assert len(by_hand.split()) >= 60


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_the_idle_cost_of_a_capability_is_known(capability: str) -> None:
    assert UNKNOWN not in page_of(capability).read_text()


def test_a_change_of_a_default_is_noticed() -> None:
    assert "| `removal_policy` |  | `DESTROY` |  |" in options(Hasty)
    assert "| `removal_policy` |  | `RETAIN` |  |" in options(Stubborn)


def test_no_page_is_left_without_its_capability() -> None:
    folder = page_of("").parent
    assert {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.md")} == set(CAPABILITIES)


def test_idle_costs_are_those_of_the_table() -> None:
    interface = {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Interface", "SubnetIds": [1, 2]}}
    gateway = {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}}
    assert idle(interface) == pytest.approx(14.60)
    assert idle(gateway) == 0
    assert idle({"Type": "AWS::KMS::Key"}) == 1
    assert idle({"Type": "AWS::Nobody::Knows"}) is None


def test_each_price_has_a_page_of_aws_and_the_table_a_date() -> None:
    assert table()["recorded"].year >= 2026
    assert all(price["source"].startswith("https://aws.amazon.com/") for price in table()["billing"].values())
