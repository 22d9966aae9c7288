"""Discovery of engines: those of this package, and those that other distributions name."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import walk_packages

import local_cloud.engines
from local_cloud.engines.engine import Engine

GROUP = "local_cloud.engines"
"""Group of entry points in which another distribution names its engines."""


def find_engines() -> list[type[Engine]]:
    """Return every subclass of `Engine` in a module of this package, then those that entry points name."""
    package = local_cloud.engines
    modules = [import_module(found.name) for found in walk_packages(package.__path__, f"{package.__name__}.")]
    own = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Engine) and value.__module__ == module.__name__
    ]
    others = [entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)]
    return [*(engine for engine in own if engine is not Engine), *others]
