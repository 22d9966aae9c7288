"""Size of a state machine against the quotas of Step Functions."""

from __future__ import annotations

from lake_blueprints.orchestration.asl import State, bytes_of
from template_checks.core.history import MOST_EVENTS, longest_history, named

_MOST_NAMED = 3
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
_MOST_BYTES = 1024 * 1024


def check_budget(definition: State, pipeline: str) -> None:
    """Refuse a definition that is too large, or whose waits the service could end before their own limits do.

    Counted is the worst case: every poll goes on to its limit, every retrier is used up.

    Raises
    ------
    ValueError
        If an execution can come to 25,000 events, at which Step Functions fails it and no Catch sees it; named are
        the loops that take most of them. If the definition has more than 1 MB.
    """
    history = longest_history(definition, retries=True, timed=True)
    if history.events > MOST_EVENTS:
        raise ValueError(
            f"an execution of '{pipeline}' can take {history.events:,} events, and Step Functions ends it at "
            f"{MOST_EVENTS:,}; most are {named(history.loops[:_MOST_NAMED])}; shorten the timeouts of steps, or move "
            "steps to pipelines of their own, which 'RunPipeline' runs"
        )
    if (size := bytes_of(definition)) > _MOST_BYTES:
        raise ValueError(
            f"the definition of '{pipeline}' has {size:,} bytes, and Step Functions takes {_MOST_BYTES:,}; move steps "
            "to pipelines of their own, which 'RunPipeline' runs"
        )
