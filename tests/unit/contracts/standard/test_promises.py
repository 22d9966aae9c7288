"""Service levels: lengths of time in words, symbols and ISO 8601, and which dataset they are about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lake_blueprints.contracts import Contract, Dataset, ServiceLevels
from lake_blueprints.contracts.standard.sla_properties import parse_duration

HEAD = "version: 1.2.0\napiVersion: v3.1.0\nkind: DataContract\nid: shop\nstatus: active\n"
PROPERTIES = "properties: [{name: day, logicalType: date}, {name: id, logicalType: string}]"
ORDERS = f"{{id: orders_id, name: orders, {PROPERTIES}}}"
CUSTOMERS = f"{{name: Customers, physicalName: crm.customers, {PROPERTIES}}}"


def contract(promises: str, objects: str = ORDERS, more: str = "") -> Contract:
    return Contract.from_text(f"{HEAD}{more}\nschema: [{objects}]\nslaProperties: [{promises}]")


def dataset(promises: str) -> Dataset:
    return contract(promises).datasets[0]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (4, "d", timedelta(days=4)),
        (4, "days", timedelta(days=4)),
        (1.5, "hours", timedelta(minutes=90)),
        ("90", "min", timedelta(minutes=90)),
        (2, "m", timedelta(minutes=2)),
        (2, "M", timedelta(days=60)),
        (2, "Months", timedelta(days=60)),
        (3, "y", timedelta(days=1095)),
        (2, "weeks", timedelta(days=14)),
        (1, "quarter", timedelta(days=91)),
        (500, "ms", timedelta(milliseconds=500)),
        ("500ms", None, timedelta(milliseconds=500)),
        ("24 hours", None, timedelta(days=1)),
        ("P1Y", None, timedelta(days=365)),
        ("P1M", None, timedelta(days=30)),
        ("PT1M", None, timedelta(minutes=1)),
        ("P1DT12H30M5.5S", None, timedelta(days=1, hours=12, minutes=30, seconds=5.5)),
        ("p2w", None, timedelta(days=14)),
        ("daily", None, timedelta(days=1)),
        ("Hourly", None, timedelta(hours=1)),
    ],
)
def test_reads_lengths_of_time(value: Any, unit: str | None, expected: timedelta) -> None:
    assert parse_duration(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit"),
    [(0, "d"), (-1, "d"), (4, None), (4, "moons"), ("P", None), ("PT", None), ("", "d"), ("soon", "d"), (10**11, "y"),
     (None, "d"), (True, "d"), ("9" * 5000, "d"), ("P999999999Y", None)],
)  # fmt: skip
def test_knows_what_is_no_length_of_time(value: Any, unit: str | None) -> None:
    assert parse_duration(value, unit) is None


def test_reads_latency_retention_and_frequency() -> None:
    promises = (
        "{property: latency, value: 4, unit: h}, {property: retention, value: 3, unit: y}, "
        "{property: frequency, value: 1, unit: d, scheduler: cron, schedule: 30 5 * * MON-FRI}"
    )
    assert dataset(promises).service_levels == ServiceLevels(
        latency=timedelta(hours=4),
        retention=timedelta(days=1095),
        frequency=timedelta(days=1),
        schedule="30 5 * * MON-FRI",
    )


@pytest.mark.parametrize("name", ["latency", "Latency", "ly", "freshness"])
def test_knows_the_synonyms_of_the_standard(name: str) -> None:
    assert dataset(f"{{property: {name}, value: 4, unit: h}}").service_levels.latency == timedelta(hours=4)


def test_keeps_the_rest_for_the_data_dictionary() -> None:
    promises = (
        "{property: generalAvailability, value: 2022-05-12T09:30:10-08:00, description: Open to all}, "
        "{property: timeOfAvailability, value: 09:00-08:00, driver: regulatory, element: orders.day}, "
        "{property: availability, value: 99.5, unit: percent}"
    )
    assert dataset(promises).service_levels == ServiceLevels(
        others=(
            ("generalAvailability", "2022-05-12T09:30:10-08:00 Open to all"),
            ("timeOfAvailability", "09:00-08:00 (element orders.day, driver regulatory)"),
            ("availability", "99.5 percent"),
        )
    )


def test_what_is_no_length_of_time_is_kept_for_people_with_a_warning() -> None:
    found = dataset("{property: retention, value: forever}")
    assert found.service_levels == ServiceLevels(others=(("retention", "forever"),))
    assert [str(note) for note in found.notes] == [
        "slaProperties[0]: retention: 'forever' is not a length of time such as 4 hours or P3D; it is kept for people "
        "only"
    ]
    assert found.notes[0].warning


def test_of_two_promises_the_first_is_kept_with_a_warning() -> None:
    found = dataset("{property: latency, value: 4, unit: h}, {property: ly, value: 5, unit: h}")
    assert found.service_levels.latency == timedelta(hours=4)
    assert [str(note) for note in found.notes] == [
        "slaProperties[1]: ly is promised twice; the first, 4:00:00, is kept"
    ]


@pytest.mark.parametrize(
    "cron", ["0 5 * * *", "*/15 0-6 1,15 * ?", "0 0 * JAN-MAR SUN", "5/10 * * * 7"]
)  # fmt: skip
def test_reads_cron_expressions(cron: str) -> None:
    found = dataset(f"{{property: frequency, value: 1, unit: d, schedule: '{cron}'}}")
    assert (found.service_levels.schedule, found.notes) == (cron, ())


@pytest.mark.parametrize(
    "cron", ["0 30 * * *", "60 * * * *", "0 5 * *", "0 5 0 * *", "0 5 * 13 *", "0 5 * * FUN", "9-5 * * * *", "@daily",
             "a;b * * * *", "0 5 * * * 2024"]
)  # fmt: skip
def test_ignores_what_is_no_cron_expression_with_a_warning(cron: str) -> None:
    found = dataset(f"{{property: frequency, value: 1, unit: d, schedule: '{cron}'}}")
    assert found.service_levels.schedule is None
    assert str(found.notes[0]) == (
        f"slaProperties[0].schedule: '{cron}' is not a cron expression of five fields; it is ignored"
    )


def test_the_schedule_of_another_tool_is_none_of_the_lake() -> None:
    found = dataset("{property: frequency, value: 1, unit: d, scheduler: airflow, schedule: '@daily'}")
    assert (found.service_levels.schedule, found.notes) == (None, ())


@pytest.mark.parametrize(
    ("element", "orders", "customers"),
    [
        ("orders", True, False),
        ("orders.day", True, False),
        ("orders.day, Customers.day", True, True),
        ("crm.customers", False, True),
        ("crm.customers.day", False, True),
        ("schema/orders_id", True, False),
        ("schema/orders_id/properties/day", True, False),
    ],
)
def test_a_promise_is_about_the_elements_that_it_names(element: str, orders: bool, customers: bool) -> None:
    found = contract(f"{{property: latency, value: 1, unit: h, element: '{element}'}}", f"{ORDERS}, {CUSTOMERS}")
    kept = [one.service_levels.latency == timedelta(hours=1) for one in found.datasets]
    assert kept == [orders, customers]
    assert found.notes == ()


def test_a_promise_without_an_element_is_about_all() -> None:
    found = contract("{property: latency, value: 1, unit: h}", f"{ORDERS}, {CUSTOMERS}")
    assert all(one.service_levels.latency for one in found.datasets)


def test_the_default_element_stands_for_those_that_are_not_named() -> None:
    found = contract(
        "{property: latency, value: 1, unit: h}", f"{ORDERS}, {CUSTOMERS}", more="slaDefaultElement: orders.day"
    )
    assert [bool(one.service_levels.latency) for one in found.datasets] == [True, False]


def test_in_a_contract_of_one_object_a_property_stands_for_it() -> None:
    assert dataset("{property: latency, value: 1, unit: h, element: day}").service_levels.latency


@pytest.mark.parametrize(
    ("element", "column"),
    [("orders.day", "day"), ("day", "day"), (" orders.day ", "day"), ("orders", None), ("orders.day, orders.id", None)],
)
def test_the_element_of_a_retention_is_the_column_by_which_rows_grow_old(element: str, column: str | None) -> None:
    found = contract(f"{{property: retention, value: 90, unit: d, element: '{element}'}}", ORDERS).datasets[0]
    assert found.service_levels.retention_by == column


def test_warns_once_of_an_element_that_there_is_not() -> None:
    found = contract(
        "{property: latency, value: 1, unit: h, element: tab1.day}, "
        "{property: retention, value: 1, unit: y, element: tab1.day}"
    )
    assert found.datasets[0].service_levels == ServiceLevels()
    assert [str(note) for note in found.notes] == [
        "slaProperties[0].element: 'tab1.day' is no dataset of this contract, so nothing is promised about it"
    ]
    assert found.notes[0].warning
