"""Contract evolution: changes between versions, affected consumers, and the version number they require."""

from lake_blueprints.contracts.evolution.changes import Change
from lake_blueprints.contracts.evolution.compatibility import compare, judge
from lake_blueprints.contracts.evolution.consumers import (
    Consumer,
    HasConsumers,
    names_in,
    related_consumers,
    sql_consumers,
)
from lake_blueprints.contracts.evolution.releases import Release, releases
from lake_blueprints.contracts.evolution.versions import Bump, Version

__all__ = (
    "Bump",
    "Change",
    "Consumer",
    "HasConsumers",
    "Release",
    "Version",
    "compare",
    "judge",
    "names_in",
    "related_consumers",
    "releases",
    "sql_consumers",
)
