"""The events that an execution may take, against those that Step Functions allows it."""

from __future__ import annotations

from lake_blueprints.orchestration.asl import State
from lake_blueprints.rules.history import MOST_EVENTS, longest_history, named

_MOST_NAMED = 3


def check_budget(definition: State, pipeline: str) -> None:
    """Refuse a definition whose waits the service could end before their own limits do.

    Counted is the worst case: every poll goes on to its limit, every retrier is used up.

    Raises
    ------
    ValueError
        If an execution can come to 25,000 events, at which Step Functions fails it and no Catch sees it; named are
        the loops that take most of them.
    """
    history = longest_history(definition, retries=True, timed=True)
    if history.events > MOST_EVENTS:
        raise ValueError(
            f"an execution of '{pipeline}' can take {history.events:,} events, and Step Functions ends it at "
            f"{MOST_EVENTS:,}; most are {named(history.loops[:_MOST_NAMED])}; shorten the timeouts of steps, or move "
            "steps to pipelines of their own, which 'Run' runs"
        )
