"""JSONPath: what a path finds, what it puts, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.engines.step_functions import paths
from local_cloud.engines.step_functions.paths import NothingFoundError

MOVIES = {
    "movies": [
        {"genre": "crime", "director": "Quentin Tarantino", "year": 1992},
        {"genre": "action", "director": "Brad Bird", "year": 2011, "stars": ["Tom Cruise"]},
        {"genre": "action", "director": "Christopher McQuarrie", "year": 2015},
    ],
    "a b": {"c.d": 1},
    "none": None,
}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("$.movies[0].genre", "crime"),
        ("$.movies[-1].year", 2015),
        ("$['a b']['c.d']", 1),
        ('$["a b"]["c.d"]', 1),
        ("$.none", None),
        ("$.movies[*].year", [1992, 2011, 2015]),
        ("$.movies[1:].year", [2011, 2015]),
        ("$.movies[:1].year", [1992]),
        ("$.movies[0,2].year", [1992, 2015]),
        ("$.movies[0]['genre','year']", ["crime", 1992]),
        ("$..year", [1992, 2011, 2015]),
        ("$..stars[0]", ["Tom Cruise"]),
        ("$.movies[?(@.genre == 'action')].year", [2011, 2015]),
        ("$.movies[?(@.year > 2000 && @.year < 2012)].director", ["Brad Bird"]),
        ("$.movies[?(@.genre == 'crime' || !(@.year < 2015))].year", [1992, 2015]),
        ("$.movies[?(@.stars)].year", [2011]),
        ("$.movies[?(@.director =~ /.*bird/i)].year", [2011]),
        ("$.movies[?(@.year in [1992, 2015])].genre", ["crime", "action"]),
        ("$.movies[?(@.year == $.movies[0].year)].genre", ["crime"]),
        ("$.movies[?(@.genre == 'none')]", []),
        ("$.nowhere[*].year", []),
    ],
)
def test_a_path_finds(path: str, wanted: Any) -> None:
    assert paths.parse(path).find(MOVIES) == wanted


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("$.nowhere", "No results for path: $['nowhere']"),
        ("$.nowhere.more", "Missing property in path $['nowhere']"),
        ("$.movies[9]", "No results for path: $['movies'][9]"),
    ],
)
def test_a_path_of_names_and_indexes_that_leads_nowhere_says_where_it_ends(path: str, reason: str) -> None:
    with pytest.raises(NothingFoundError) as nothing:
        paths.parse(path).find(MOVIES)
    assert str(nothing.value) == reason


@pytest.mark.parametrize(
    ("path", "document", "wanted"),
    [
        ("$", {"a": 1}, 7),
        ("$.b", {"a": 1}, {"a": 1, "b": 7}),
        ("$.a", {"a": 1}, {"a": 7}),
        ("$.b.c['d']", {"a": 1}, {"a": 1, "b": {"c": {"d": 7}}}),
        ("$.a[1]", {"a": [1, 2]}, {"a": [1, 7]}),
    ],
)
def test_a_reference_path_puts_a_value_into_a_copy(path: str, document: Any, wanted: Any) -> None:
    before = repr(document)
    assert paths.put(document, paths.parse(path), 7) == wanted
    assert repr(document) == before


@pytest.mark.parametrize(("path", "document"), [("$.a.b", {"a": 1}), ("$.a[2]", {"a": [1, 2]}), ("$.a", "text")])
def test_a_value_cannot_be_put_below_what_is_no_object(path: str, document: Any) -> None:
    with pytest.raises(NothingFoundError):
        paths.put(document, paths.parse(path), 7)


@pytest.mark.parametrize(
    "text", ["a", "", "$.", "$[", "$.a[", "$.a b", "$[?(@.a]", "$[?(@.a ==)]", "$.items.length()", "$['a'"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        paths.parse(text)


@pytest.mark.parametrize(
    ("text", "is_reference"),
    [("$.a[0]['b']", True), ("$", True), ("$.a[*]", False), ("$..a", False), ("$.a[-1]", False), ("$.a[0:1]", False)],
)
def test_a_reference_path_has_only_names_and_indexes(text: str, *, is_reference: bool) -> None:
    assert paths.parse(text).is_reference is is_reference
