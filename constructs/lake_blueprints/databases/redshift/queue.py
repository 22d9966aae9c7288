"""Queues of automatic workload management."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lake_blueprints.foundation.arguments import checked

# With the one for all other queries: https://docs.aws.amazon.com/redshift/latest/dg/automatic-wlm.html
_MOST_QUEUES = 8


class Priority(StrEnum):
    """Importance of a queue beside the others."""

    LOWEST = "lowest"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    HIGHEST = "highest"


@checked
@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue for some queries, whose memory and concurrency Redshift decides.

    Parameters
    ----------
    user_groups: sequence of str
        Groups of the database whose users' queries it takes. By default none.
    query_groups: sequence of str
        Labels, as `SET query_group TO` gives them, of the queries that it takes. By default none.
    priority: Priority
        Importance beside other queues. By default normal, that of all other queries.
    concurrency_scaling: bool
        Whether queries that would wait run on clusters that AWS adds, and bills beyond a free hour a day. By default
        they wait.

    Raises
    ------
    ValueError
        If it would take no query.

    Notes
    -----
    https://docs.aws.amazon.com/redshift/latest/dg/automatic-wlm.html

    Example
    -------
        >>> Queue(user_groups=["analysts"], priority=Priority.HIGH)
    """

    user_groups: Sequence[str] = ()
    query_groups: Sequence[str] = ()
    priority: Priority = Priority.NORMAL
    concurrency_scaling: bool = False

    def __post_init__(self) -> None:
        if not self.user_groups and not self.query_groups:
            raise ValueError("a queue must have 'user_groups' or 'query_groups', got neither; it would take no query")

    def render(self) -> dict[str, Any]:
        """Return it as the parameter of a cluster spells it."""
        return {
            "user_group": list(self.user_groups),
            "query_group": list(self.query_groups),
            "priority": self.priority.value,
            "concurrency_scaling": "auto" if self.concurrency_scaling else "off",
            "queue_type": "auto",
            "auto_wlm": True,
        }


def wlm_json(queues: Sequence[Queue]) -> str:
    """Return the parameter `wlm_json_configuration`: the queues, then one for all other queries.

    Raises
    ------
    ValueError
        If there are too many queues.
    """
    if len(queues) >= _MOST_QUEUES:
        raise ValueError(
            f"'queues' must be at most {_MOST_QUEUES - 1}, beside the one for all other queries, got {len(queues)}"
        )
    others = {"priority": Priority.NORMAL.value, "queue_type": "auto"} if queues else {}
    return json.dumps([*(queue.render() for queue in queues), {**others, "auto_wlm": True}])
