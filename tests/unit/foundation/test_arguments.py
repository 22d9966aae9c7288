"""Arguments of another kind than a construct takes: each is refused at the call, in the caller's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, isfunction, signature
from typing import Any, cast, get_args, get_type_hints

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.contracts import Column, Contract, Dataset
from lake_blueprints.contracts.argument_types import fits
from lake_blueprints.databases.documentdb import DocumentCluster
from lake_blueprints.databases.opensearch import index_definition
from lake_blueprints.foundation.arguments import _declared as declared
from lake_blueprints.foundation.arguments import check_options, checked
from lake_blueprints.foundation.connections import DatabaseEngine
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.units import Unit
from lake_blueprints.ingestion.firehose import ParquetDestination, S3Destination
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.lake import DataLake
from lake_blueprints.orchestration import object_created
from lake_blueprints.processing.curation import merge_changes
from lake_blueprints.storage.s3 import Zone
from tests.library import constructs, values

# mypy refuses what these tests give them.
LAKE: Any = DataLake
STREAM: Any = Stream
ZONE: Any = Zone
NETWORK: Any = LakeNetwork
DOCUMENTS: Any = DocumentCluster
VALUES: dict[str, Any] = {kind.__name__: kind for kind in (*values(), S3Destination)}


@checked
@dataclass(frozen=True, kw_only=True)
class Probe:
    """Options with words."""

    engine: DatabaseEngine | None = None
    engines: Sequence[DatabaseEngine] = ()
    others: Sequence[DatabaseEngine] = ()


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
        define(cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack"))


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("Buffer", {"interval": 60}, r"'interval' of Buffer must be Duration, got 60; give .* Duration.seconds\(60\)"),
        ("Shards", {"count": "3"}, r"'count' of Shards must be int, got '3'"),
        ("LifecycleRule", {"expire_after": 3}, r"'expire_after' of LifecycleRule must be Duration, got 3; give"),
        ("Curation", {"derive": {"a": "b + 1"}}, r"'derive' of Curation must be a mapping of str to Derivation"),
        ("Derivation", {"type": int}, r"'type' of Derivation must be DataType or str, got a type"),
        ("ReferenceJoin", {"reference": "orders"}, r"'reference' of ReferenceJoin must be Dataset, got 'orders'"),
        ("ReferenceJoin", {"on": "id"}, r"'on' of ReferenceJoin must be a list of str, got 'id'; put it into a list"),
        ("Parallel", {"branches": ["load"]}, r"'branches' of Parallel must be a list of Step or lists of Step"),
        ("Curate", {"job": "orders"}, r"'job' of Curate must be CurationJob, got 'orders'"),
        ("Load", {"warehouse": ORDERS}, r"'warehouse' of Load must be Warehouse or WarehouseCluster, got a Dataset"),
        ("Transform", {"function": "arn"}, r"'function' of Transform must be IFunction, got 'arn'"),
        ("S3Destination", {"zone": "raw"}, r"'zone' of S3Destination must be Zone, got 'raw'"),
    ],
)  # fmt: skip
def test_steps_and_parts_of_options_are_refused_where_they_are_made(
    kind: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        VALUES[kind](**options)


def test_what_fits_is_taken() -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack")
    imported = kms.Key.from_key_arn(stack, "Imported", "arn:aws:kms:eu-west-1:123456789012:key/1")
    Stream(stack, "One", encryption_key=imported)
    Stream(stack, "Two", encryption_key=LakeKey(stack, "Key").key)
    DataLake(stack, "Lake", datasets=(one for one in [ORDERS]), schedule=events.Schedule.rate(cdk.Duration.hours(1)))


@pytest.mark.parametrize(
    "kind", sorted({*constructs(), *values(), S3Destination, ParquetDestination}, key=str), ids=str
)
def test_every_public_class_refuses_what_is_of_no_kind_at_all(kind: type) -> None:
    define: Any = kind.__dict__.get("__init__", Construct.__init__)
    if "__wrapped__" not in vars(define) and define is not Construct.__init__:
        pytest.fail(f"{kind.__name__} is not checked; decorate it")
    inner = getattr(define, "__wrapped__", define)
    declared = dict(inner.__annotations__)
    for name, one in signature(inner).parameters.items():
        if one.kind is Parameter.VAR_KEYWORD:
            del declared[name]
            declared |= get_args(get_type_hints(inner)[name])[0].__annotations__
    for name in declared.keys() - {"return", "scope", "construct_id"}:
        if declared[name] != "Any":
            with pytest.raises(ValueError, match=f"'{name}' of {kind.__name__} must be"):
                check_options(kind, inner, {name: object()})


def test_a_zone_takes_the_key_of_a_lake_key_alone() -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack")
    with pytest.raises(ValueError, match="give its 'key'"):
        ZONE(stack, "Raw", encryption_key=LakeKey(stack, "Key"))


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda stack: ZONE(stack, "X", encription_key=None), r"Zone has no option 'encription_key'; did you mean"),
        (lambda stack: ZONE(stack, "X", colour=1), r"Zone has no option 'colour'; it has scope, construct_id, encrypt"),
        (lambda stack: LAKE(stack, "X"), r"DataLake needs 'datasets'; give datasets=…"),
        (lambda stack: LAKE(stack, "X", [ORDERS]), r"DataLake takes datasets=…, .* by name, got a list without one"),
        (ZONE, r"Zone needs 'construct_id'; give construct_id=…"),
        (lambda stack: ZONE(stack.node.root, "X"), r"'scope' of Zone must be in a Stack, got a App; define a Stack in"),
        (lambda _: VALUES["Buffer"](60), r"Buffer takes size=…, interval=… by name, got 60 without one"),
        (lambda _: VALUES["S3Destination"](), r"S3Destination needs 'zone' and 'dataset'; give zone=…, dataset=…"),
        (lambda _: VALUES["Worker"](cout=3), r"Worker has no option 'cout'; did you mean 'count'\?"),
    ],
)  # fmt: skip
def test_an_option_that_is_misspelled_missing_or_without_a_name_is_named(
    define: Callable[[Any], Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        define(cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack"))


def test_a_list_of_unknown_length_and_a_number_that_is_not_finite_are_refused() -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack")
    zones = cdk.Fn.get_azs()
    with pytest.raises(ValueError, match=r"'availability_zones' of LakeNetwork must be a list of str of known length"):
        NETWORK(stack, "Network", availability_zones=zones)
    with pytest.raises(ValueError, match=r"'min_capacity' of DocumentCluster must be float, got nan"):
        DOCUMENTS(stack, "Documents", min_capacity=float("nan"))


def _define(kind: Any) -> Any:
    return getattr(kind.__init__, "__wrapped__", kind.__init__)


def _timed() -> list[tuple[type, Any, str, Any]]:
    """Return every option of the library that is a Duration or a Size, with the classes that have it."""
    return [
        (kind, inner, name, measure)
        for kind in sorted({*constructs(), *values()}, key=str)
        for inner in [_define(kind)]
        for name, (hint, _) in declared(kind, inner).items()
        for measure in (cdk.Duration, cdk.Size)
        if measure in (hint, *get_args(hint))
    ]


TIMED = [pytest.param(*one, id=f"{one[0].__name__}.{one[2]}") for one in _timed()]


@pytest.mark.parametrize(("kind", "define", "name", "measure"), TIMED)
def test_a_duration_or_size_that_aws_cannot_count_is_refused_at_the_call(
    kind: type, define: Any, name: str, measure: Any
) -> None:
    number = cdk.CfnParameter(cdk.Stack(), "Number", type="Number").value_as_number
    _, unit = declared(kind, define)[name]
    assert isinstance(unit, Unit), f"the type of '{name}' says no unit, as those of foundation/units.py do"
    finest = cdk.Duration.millis(1500) if measure is cdk.Duration else cdk.Size.bytes(1500)
    other = "pebibytes" if measure is cdk.Size else "days" if unit.name != "days" else "hours"
    with pytest.raises(ValueError, match=f"'{name}' of {kind.__name__} must be (known at synth|in {unit.words} if)"):
        check_options(kind, define, {name: getattr(measure, other)(number)})
    if unit.name not in ("millis", "bytes"):
        with pytest.raises(ValueError, match=f"'{name}' of {kind.__name__} must be a whole number of {unit.words}"):
            check_options(kind, define, {name: finest})
    check_options(kind, define, {name: getattr(measure, unit.name)(2)})
    if not unit.known:
        check_options(kind, define, {name: getattr(measure, unit.name)(number)})


def test_what_a_unit_refuses_comes_with_the_fix() -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack")
    with pytest.raises(ValueError, match=r"got 1\.5 days; give for instance Duration\.days\(2\)"):
        ZONE(stack, "Raw", noncurrent_expire_after=cdk.Duration.hours(36))
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    with pytest.raises(ValueError, match=r"in days if it is known at deployment only, got hours; give Duration\.days"):
        ZONE(stack, "Raw", noncurrent_expire_after=cdk.Duration.hours(number))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AuroraCluster", "version"),
        ("RdsInstance", "version"),
        ("Warehouse", "base_capacity"),
        ("S3Table", "namespace"),
        ("DatabasePull", "table"),
        ("LakeNetwork", "az_count"),
        ("Stream", "shards"),
    ],
)
def test_what_is_calculated_with_must_be_known_at_synth(kind: str, name: str) -> None:
    (found,) = (one for one in constructs() if one.__name__ == kind)
    inner: Any = vars(found)["__init__"].__wrapped__
    text = fits("", declared(found, inner)[name][0])
    parameter = cdk.CfnParameter(cdk.Stack(), "Value", type="String" if text else "Number")
    token = parameter.value_as_string if text else parameter.value_as_number
    with pytest.raises(
        ValueError, match=f"'{name}' of {kind} must be known at synth, got a (text|number) that is known"
    ):
        check_options(found, inner, {name: token})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda zone: zone.grant_read("arn:aws:iam::123456789012:role/x"),
         r"'grantee' of Zone.grant_read must be IGrantable, got 'arn:aws.*; give iam.Role.from_role_arn\(…, 'arn:"),
        (lambda zone: zone.grant_read(None), r"'grantee' of Zone.grant_read must be IGrantable, got None"),
        (lambda zone: zone.grant_read(), r"Zone.grant_read needs 'grantee'; give grantee=…"),
        (lambda zone: zone.grant_read(None, prefx="x"), r"'grantee' of Zone.grant_read must be IGrantable"),
        (lambda zone: zone.uri(3), r"'prefix' of \w+.uri must be str, got 3"),
    ],
)  # fmt: skip
def test_a_method_of_a_construct_refuses_what_its_signature_does_not_declare(
    call: Callable[[Any], Any], message: str
) -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack")
    with pytest.raises(ValueError, match=message):
        call(Zone(stack, "Raw"))


def test_every_public_method_of_a_construct_is_checked() -> None:
    ours = {base for kind in constructs() for base in kind.__mro__ if base.__module__.startswith("lake_blueprints.")}
    methods = {f"{kind.__name__}.{name}": method for kind in ours for name, method in vars(kind).items()}
    public = {name: method for name, method in methods.items() if isfunction(method) and "._" not in name}
    assert len(public) > 100
    assert [name for name, method in public.items() if not hasattr(method, "checks_arguments")] == []


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda stack: STREAM(stack, "X", encryption_key="arn:aws:kms:eu-west-1:1:key/1"),
         r"must be IKey, got 'arn:aws:kms:.*; give Key.from_key_arn\(…, 'arn"),
        (lambda stack: STREAM(stack, "X", alarm_topic="arn:aws:sns:::t"), r"give Topic.from_topic_arn\(…, 'arn"),
        (lambda stack: ZONE(stack, "X", removal_policy="destroy"), r"got 'destroy'; give RemovalPolicy.DESTROY$"),
        (lambda stack: ZONE(stack, "X", removal_policy="gone"), r"'gone'; give RemovalPolicy.DESTROY, R.*RETAIN"),
        (lambda stack: STREAM(stack, "X", mode="on-demand"), r"give StreamMode.ON_DEMAND$"),
        (lambda _: VALUES["Buffer"](size=5), r"must be Size, got 5; give for instance Size.mebibytes\(5\)"),
    ],
)  # fmt: skip
def test_a_text_or_number_comes_with_what_the_cdk_makes_of_it(define: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        define(cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack"))


def test_the_word_of_an_enumeration_becomes_its_member_wherever_it_is_taken() -> None:
    word: Any = "mysql"
    member = Probe(engine=word, engines=[word], others=(word,))
    assert member.engine is DatabaseEngine.MYSQL
    assert member.engines == [DatabaseEngine.MYSQL]
    assert [type(one) for one in (*member.engines, *member.others)] == [DatabaseEngine, DatabaseEngine]
    with pytest.raises(ValueError, match="got 'mysq'; did you mean 'mysql'"):
        Probe(engine=cast(Any, "mysq"))


@pytest.mark.parametrize(
    ("function", "option"),
    [(merge_changes, "landing"), (object_created, "zone"), (index_definition, "dataset")],
)
def test_a_function_that_apps_call_refuses_what_it_does_not_declare(function: Any, option: str) -> None:
    with pytest.raises(ValueError, match=f"'{option}' of {function.__name__} must be \\w+, got 'x'"):
        function("x")
    with pytest.raises(ValueError, match=f"{function.__name__} needs '{option}'; give {option}=…"):
        function()
