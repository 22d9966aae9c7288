"""Wheels of the three packages, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.consumer.packages import PACKAGES, UV, run, wheel_name
from tests.support import ROOT


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of the three packages, by the name of the package that they hold."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in PACKAGES.values():
        run(UV, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT / source, cwd=folder)
    return {package: next(folder.glob(f"{wheel_name(package)}-*.whl")) for package in PACKAGES}
