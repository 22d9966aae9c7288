"""What a pipeline is made of."""

from __future__ import annotations

from typing import Protocol

from lake_blueprints.access import ServiceRole
from lake_blueprints.orchestration.asl import Fragment
from lake_blueprints.orchestration.setting import Setting


class Step(Protocol):
    """Something that a pipeline does."""

    def render(self, setting: Setting) -> Fragment:
        """Return the states."""
        ...

    def grant(self, role: ServiceRole) -> None:
        """Give the state machine's role what the states need."""
        ...
