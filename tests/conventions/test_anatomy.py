"""The anatomy of capabilities: each has the same parts, no wing is crowded, and a long file says why."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.anatomy import LIBRARY, MOST_ROOMS, UNWRITTEN, capabilities, missing, parts, write
from tests.support import ROOT

LONGEST = 200
REASON = f"Above {LONGEST} lines:"
PACKAGES = (LIBRARY, "local/local_cloud", "checks/template_checks")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def rooms(wing: Path) -> list[str]:
    return [path.name for path in wing.iterdir() if (path / "__init__.py").exists()]


def unexplained(source: str) -> bool:
    """Tell whether a module is long and its docstring gives no reason."""
    reason = (ast.get_docstring(ast.parse(source)) or "").partition(REASON)[2]
    return len(source.splitlines()) > LONGEST and len(reason.split()) < 4


@pytest.mark.parametrize("capability", sorted(capabilities()))
def test_a_capability_has_every_part_of_its_anatomy(capability: str) -> None:
    assert missing(capability) == []


@pytest.mark.parametrize("what", ["example", "page"])
def test_no_part_is_left_without_its_capability(what: str) -> None:
    # The folders of demonstrations, with parts of their own, and of the code of a Flink application.
    demonstrations = {
        ROOT / "examples" / name for name in ("demo", "flights", "flights_per_minute", "orders", "devices")
    }
    expected = {ROOT / parts(capability)[what] for capability in capabilities()}
    folder = ROOT / parts("")[what].parent
    paths = folder.rglob(f"*{next(iter(expected)).suffix}")
    found = {path for path in paths if demonstrations.isdisjoint(path.parents)}
    assert found == expected


@pytest.mark.parametrize("capability", sorted(capabilities()))
def test_a_package_lists_its_public_names(capability: str) -> None:
    assert "\n__all__ = (" in (ROOT / parts(capability)["package"]).read_text()


@pytest.mark.parametrize("capability", sorted(capabilities()))
def test_a_page_is_written(capability: str) -> None:
    assert UNWRITTEN not in (ROOT / parts(capability)["page"]).read_text()


@pytest.mark.parametrize("wing", sorted((ROOT / LIBRARY).glob("*/__init__.py")), ids=lambda path: path.parent.name)
def test_no_wing_has_more_than_nine_rooms(wing: Path) -> None:
    assert len(rooms(wing.parent)) <= MOST_ROOMS


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_above_200_lines_says_why(source: Path) -> None:
    assert not unexplained(source.read_text())


def test_a_missing_part_and_a_long_file_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "tests" / "unit" / "ingestion" / "dms").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "ingestion" / "dms" / "sample.py").touch()
    assert list(capabilities(tmp_path)) == ["ingestion/dms"]
    assert missing("ingestion/dms", tmp_path) == ["package", "example", "page", "a unit test"]
    assert unexplained("pass\n" * 201)
    assert not unexplained(f'"""Rules.\n\n{REASON} a table of what AWS takes.\n"""\n' + "pass\n" * 201)


@pytest.mark.parametrize(
    ("wing", "name", "message"),
    [
        ("attic", "aurora", "there is no wing 'attic'; wings are: analytics, "),
        ("databases", "Aurora", "'Aurora' is no name of a module"),
        ("databases", "redshift", "'databases/redshift' exists"),
    ],
)
def test_what_cannot_be_a_capability_is_refused(wing: str, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write(wing, name)


def test_a_full_wing_is_refused(tmp_path: Path) -> None:
    for name in ["", *(f"room{number}" for number in range(MOST_ROOMS))]:
        (tmp_path / LIBRARY / "databases" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / LIBRARY / "databases" / name / "__init__.py").touch()
    with pytest.raises(ValueError, match="'databases' has 9 capabilities, and no wing has more than 9"):
        write("databases", "aurora", tmp_path)
