"""The deployed lake: what the stacks say their resources are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from examples.demo.errors import DemoError


@dataclass(frozen=True, kw_only=True)
class Lake:
    """Names of the lake's resources; each is the stack output of the same name."""

    flights_stream_name: str
    raw_bucket: str
    curated_bucket: str
    analytics_bucket: str
    raw_database_name: str
    curated_database_name: str
    workgroup_name: str
    warehouse_workgroup: str
    warehouse_database: str
    warehouse_secret: str
    state_machine_arn: str

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, Mapping[str, str]]) -> Lake:
        """Find the names among the outputs of all stacks."""
        found = {name: value for stack in outputs.values() for name, value in stack.items()}
        names = {field.name: field.name.title().replace("_", "") for field in fields(cls)}
        if missing := sorted(name for name in names.values() if name not in found):
            raise DemoError(f"no stack has an output {missing[0]}; the reference app must export it")
        return cls(**{field: found[name] for field, name in names.items()})
