"""Flink's Table API, as an application's main.py sees it in the local cloud."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_MODULES = ("pyflink.table",)


class _Refusal(MetaPathFinder):
    """Refuse the modules of PyFlink that the local cloud lacks, by their names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith("pyflink.") and not fullname.startswith(tuple(f"{one}." for one in _MODULES)):
            if fullname not in _MODULES:
                raise ImportError(f"the local cloud runs Flink SQL: it has pyflink.table, and no {fullname}")
        elif fullname.startswith("pyflink.table.") and fullname.rpartition(".")[2] not in ("job", "statements"):
            raise ImportError(f"the local cloud runs Flink SQL: it has pyflink.table, and no {fullname}")
        return None


sys.meta_path.insert(0, _Refusal())
