from __future__ import annotations

from datetime import datetime

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.sql.projection import domain, projected

NOW = datetime(2024, 3, 31, 10, 30)


def properties(**given: str) -> dict[str, str]:
    return {f"projection.k.{name.replace('_', '.')}": value for name, value in given.items()}


@pytest.mark.parametrize(
    ("given", "inside", "outside"),
    [
        (properties(type="enum", values="a,b"), ["a", "b"], ["c", "A"]),
        (properties(type="integer", range="1,10"), ["1", "10"], ["0", "11", "01"]),
        (properties(type="integer", range="0,20", interval="5"), ["0", "5", "20"], ["1", "21"]),
        (properties(type="integer", range="1,12", digits="2"), ["01", "12"], ["1", "13"]),
        (
            properties(type="date", range="2024-01-01,2024-01-31", format="yyyy-MM-dd"),
            ["2024-01-01", "2024-01-31"],
            ["2023-12-31", "2024-02-01", "2024-13-01"],
        ),
        (
            properties(type="date", range="NOW-1MONTHS,NOW", format="yyyy-MM-dd"),
            ["2024-02-29", "2024-03-31"],
            ["2024-02-28", "2024-04-01"],
        ),
        (
            properties(
                type="date",
                range="2024/01/01/00,2024/01/02/00",
                format="yyyy/MM/dd/HH",
                interval="6",
                interval_unit="HOURS",
            ),
            ["2024/01/01/06", "2024/01/02/00"],
            ["2024/01/01/05", "2024/01/02/06"],
        ),
        (properties(type="date", range="202401,NOW", format="yyyyMM"), ["202401", "202403"], ["202312", "202404"]),
    ],
)
def test_a_domain_has_exactly_its_values(given: dict[str, str], inside: list[str], outside: list[str]) -> None:
    found = domain("k", given, now=NOW)
    assert [value for value in inside + outside if found.contains(value)] == inside


def test_refuses_an_unknown_type() -> None:
    with pytest.raises(LocalCloudError, match="must be one of enum, integer, date, injected, got 'random'"):
        domain("k", properties(type="random"))


def test_hours_need_an_interval() -> None:
    with pytest.raises(LocalCloudError, match=r"'projection\.k\.interval\.unit' is missing"):
        domain("k", properties(type="date", range="NOW-1DAYS,NOW", format="yyyy-MM-dd-HH"))


def test_a_template_places_the_values() -> None:
    parameters = {
        "storage.location.template": "s3://b/${r}/${d}/",
        "projection.r.type": "enum",
        "projection.r.values": "eu,us",
        "projection.d.type": "date",
        "projection.d.range": "2024/01/01,2024/12/31",
        "projection.d.format": "yyyy/MM/dd",
    }
    folders = ["s3://b/eu/2024/01/02/", "s3://b/ap/2024/01/02/", "s3://b/us/2023/01/02/", "s3://b/us/2024/01/02/x/"]
    found = projected(location="s3://b/", columns=["r", "d"], parameters=parameters, folders=folders, injected={})
    assert found == {
        ("eu", "2024/01/02"): "s3://b/eu/2024/01/02/",
        ("us", "2024/01/02"): "s3://b/us/2024/01/02/",
    }


def test_an_injected_column_needs_a_value_from_the_query() -> None:
    parameters = {"projection.id.type": "injected"}
    folders = ["s3://b/id=1/", "s3://b/id=2/"]
    arguments = {"location": "s3://b/", "columns": ["id"], "parameters": parameters, "folders": folders}
    assert projected(**arguments, injected={"id": ["2"]}) == {("2",): "s3://b/id=2/"}  # type: ignore[arg-type]
    with pytest.raises(LocalCloudError, match="CONSTRAINT_VIOLATION"):
        projected(**arguments, injected={})  # type: ignore[arg-type]
