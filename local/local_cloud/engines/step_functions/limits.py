"""Limits of an execution: the events of its history, and the bytes between states.

An execution of type STANDARD waits for its 25,000th event: if that is not its end, it fails in its place.
https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html,
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from typing import Any

from local_cloud.engines.step_functions.errors import DATA_LIMIT, StateError
from local_cloud.engines.step_functions.json_text import compact

MOST_EVENTS = 25_000
MOST_BYTES = 262_144


def check_size(value: Any, who: str) -> None:
    """Raise if `value` is too large to be handed on.

    Raises
    ------
    StateError
        `States.DataLimitExceeded`.
    """
    if len(compact(value).encode()) > MOST_BYTES:
        raise StateError(
            DATA_LIMIT,
            f"The state/task '{who}' returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        )
