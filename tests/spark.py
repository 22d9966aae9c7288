"""The Spark sessions that tests start in their own process.

A process has one JVM, whose class path is that of the first session: all sessions have the same jars.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from py4j.java_gateway import JavaClass, JavaPackage, JVMView

from local_cloud.engines.glue.spark import iceberg_jar
from local_cloud.errors import LocalCloudError


def iceberg_jars() -> list[Path]:
    """Return Iceberg's jar, which Python 3.13 does not have; there, its own tests alone fail."""
    try:
        return [iceberg_jar()]
    except LocalCloudError:
        return []


def remember_java_names(patch: pytest.MonkeyPatch) -> None:
    """Let py4j ask the JVM once for each name of a class or package.

    The JVM looks through all jars for a name that is not a class, several times for each function of pyspark: measured
    in the tests of curation, a sixth of the time that they spend in the JVM.
    """
    for kind in (JVMView, JavaPackage):
        patch.setattr(kind, "__getattr__", _remembered(kind.__getattr__))


def _remembered(find: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def found(self: Any, name: str) -> Any:
        answer = find(self, name)
        if isinstance(answer, JavaClass | JavaPackage):
            # From now on an attribute, for which Python asks nobody.
            self.__dict__[name] = answer
        return answer

    return found
