"""Names of resources as names of files: none leads out of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_cloud.server.private_files import file_name


@pytest.mark.parametrize("name", ["..", ".", "../../etc/passwd", "/etc/passwd", "a/../../b", "..\\..\\b", "~", "\0"])
def test_a_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    assert (tmp_path / file_name(name)).resolve().parent == tmp_path


def test_different_names_are_different_files_and_plain_ones_are_themselves() -> None:
    names = ["a b", "curate-1", "x.y", "a/b", "a%2Fb", ".x", "%2Ex"]
    assert [file_name(name) for name in names[:3]] == names[:3]
    assert len({file_name(name) for name in names}) == len(names)
