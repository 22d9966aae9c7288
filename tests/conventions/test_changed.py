"""The tests that `make quick` runs for a change."""

from __future__ import annotations

from tests.changed import affected_by


def test_a_module_is_tested_by_the_folder_that_mirrors_its_own() -> None:
    assert affected_by(["constructs/lake_blueprints/contracts/scalars.py"]) == ["tests/unit/contracts"]
    assert affected_by(["local/local_cloud/sql/trino/macros.py"]) == ["tests/local_cloud/sql"]


def test_a_test_is_run_itself_and_documents_run_nothing() -> None:
    changed = ["tests/conventions/test_changed.py", "docs/etl.md", "tests/conventions/test_gone.py"]
    assert affected_by(changed) == ["tests/conventions/test_changed.py"]


def test_a_change_of_a_whole_package_does_not_run_all_its_tests() -> None:
    assert affected_by(["constructs/lake_blueprints/__init__.py"]) == []


def test_a_changed_capability_is_held_to_its_duties() -> None:
    assert affected_by(["constructs/lake_blueprints/ingestion/kinesis/stream.py"]) == [
        "tests/conformance",
        "--capability=ingestion.kinesis",
        "tests/unit/ingestion/kinesis",
    ]
