"""Arguments of another kind than a construct takes: each is refused at the call, in the caller's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.contracts import Column, Contract, Dataset
from lake_blueprints.foundation.arguments import check_options
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.lake import DataLake
from lake_blueprints.storage.s3 import Zone
from tests.library import constructs

# mypy refuses what these tests give them.
LAKE: Any = DataLake
STREAM: Any = Stream
ZONE: Any = Zone
ORDERS = Dataset(name="orders", columns=[Column(name="id", type="int")])
CONTRACT = Contract(id="c", version="1.0.0", datasets=(ORDERS,))


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda stack: STREAM(stack, "X", encryption_key=LakeKey(stack, "Key")),
         r"'encryption_key' of Stream must be IKey, got a LakeKey; give its 'key'"),
        (lambda stack: LAKE(stack, "X", datasets=CONTRACT),
         r"'datasets' of DataLake must be a list of Dataset, got a Contract; give its 'datasets'"),
        (lambda stack: LAKE(stack, "X", datasets=ORDERS),
         r"'datasets' of DataLake must be a list of Dataset, got a Dataset; put it into a list"),
        (lambda stack: LAKE(stack, "X", datasets=[CONTRACT]),
         r"'datasets' of DataLake must be a list of Dataset, got a list"),
        (lambda stack: LAKE(stack, "X", datasets=[ORDERS], schedule="cron(0 5 * * ? *)"),
         r"'schedule' of DataLake must be Schedule, got 'cron\(0 5 .*'; give events.Schedule.expression\('cron\(0 5 "),
        (lambda stack: LAKE(stack, "X", datasets=[ORDERS], raw_expire_after=30),
         r"must be Duration, got 30; give for instance Duration.seconds\(30\)"),
        (lambda stack: LAKE(stack, "X", datasets=[ORDERS], warehouse="yes"),
         r"'warehouse' of DataLake must be bool, got 'yes'"),
        (lambda stack: LAKE(stack, "X", datasets=[ORDERS], curations={"orders": "drop"}),
         r"'curations' of DataLake must be a mapping of str to Curation, got a dict"),
        (lambda stack: LAKE(stack, "X", datasets=[ORDERS], removal_policy="destroy"),
         r"'removal_policy' of DataLake must be RemovalPolicy, got 'destroy'"),
    ],
)  # fmt: skip
def test_the_message_says_what_was_probably_meant(define: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        define(cdk.Stack(cdk.App(), "Stack"))


def test_what_fits_is_taken() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    imported = kms.Key.from_key_arn(stack, "Imported", "arn:aws:kms:eu-west-1:123456789012:key/1")
    Stream(stack, "One", encryption_key=imported)
    Stream(stack, "Two", encryption_key=LakeKey(stack, "Key").key)
    DataLake(stack, "Lake", datasets=(one for one in [ORDERS]), schedule=events.Schedule.rate(cdk.Duration.hours(1)))


@pytest.mark.parametrize("kind", sorted(constructs(), key=str), ids=str)
def test_every_construct_refuses_what_is_of_no_kind_at_all(kind: type[Construct]) -> None:
    define: Any = kind.__init__
    if "__wrapped__" not in vars(define) and kind.__init__ is not Construct.__init__:
        pytest.fail(f"{kind.__name__} is not checked; decorate it")
    inner = getattr(define, "__wrapped__", define)
    names = [name for name in inner.__annotations__ if name not in ("return", "scope", "construct_id")]
    for name in names:
        if inner.__annotations__[name] != "Any":
            with pytest.raises(ValueError, match=f"'{name}' of {kind.__name__} must be"):
                check_options(kind, inner, {name: object()})


def test_a_zone_takes_the_key_of_a_lake_key_alone() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(ValueError, match="give its 'key'"):
        ZONE(stack, "Raw", encryption_key=LakeKey(stack, "Key"))
