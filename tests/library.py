"""The library's modules and constructs, found by walking its packages."""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from constructs import Construct

import lake_blueprints


def modules() -> Iterator[ModuleType]:
    """Import every module of the library but scripts, which run inside AWS, and commands."""
    for module in pkgutil.walk_packages(lake_blueprints.__path__, "lake_blueprints."):
        if ".scripts" not in module.name and not module.name.startswith("lake_blueprints.cli"):
            yield import_module(module.name)


def constructs() -> set[type[Construct]]:
    """Return every public construct of the library."""
    return {
        kind
        for module in modules()
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Construct)
        and kind.__module__ == module.__name__
        and not name.startswith("_")
        and not _is_base(kind)
    }


def values() -> set[type]:
    """Return every public class that is given to a construct or pipeline: steps, and parts of options.

    Permissions are made by the library's own capabilities, whose tests decide them.
    """
    return {
        kind
        for module in modules()
        for name in getattr(module, "__all__", ())
        if inspect.isclass(kind := getattr(module, name))
        and dataclasses.is_dataclass(kind)
        and not kind.__module__.startswith(("lake_blueprints.contracts", "lake_blueprints.foundation.access"))
    }


def _is_base(kind: type[Construct]) -> bool:
    """Tell whether a class is there for other constructs of the library to derive from it."""
    return any(one.__module__.startswith("lake_blueprints.") for one in kind.__subclasses__())


def grants_of(kind: type[Construct]) -> list[str]:
    """Return the grants that a construct of the library has, those of the library's own base classes first."""
    own = (one for one in reversed(inspect.getmro(kind)) if one.__module__.startswith("lake_blueprints."))
    return list(dict.fromkeys(name for one in own for name in vars(one) if name.startswith("grant_")))
