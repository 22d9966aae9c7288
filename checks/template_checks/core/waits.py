"""Duration of Wait states over the rounds of a loop."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

# A wait that grows from round to round, up to a longest one.
_GROWING: Final = re.compile(
    r"\{% \$min\(\[(?P<longest>\d+), \$floor\((?P<first>\d+) \* "
    r"\$power\((?P<rate>[\d.]+), \$min\(\[(?P<most>\d+), [\w$.]+\]\)\)\)\]\) %\}"
)


def growing_wait(first: int, longest: int, rate: float, counter: str) -> str:
    """Return the seconds of a wait, in JSONata, that grows from round to round."""
    most = math.ceil(math.log(max(longest / first, 1), rate))
    return f"{{% $min([{longest}, $floor({first} * $power({rate}, $min([{most}, {counter}])))]) %}}"


def seconds_of(wait: Mapping[str, Any], number: int) -> int | None:
    """Return how long a Wait state waits in a round, counted from 0, if its definition says so."""
    seconds = wait.get("Seconds")
    if isinstance(seconds, int):
        return seconds
    if found := _GROWING.fullmatch(str(seconds)):
        grown = int(found["first"]) * float(found["rate"]) ** min(int(found["most"]), number)
        return min(int(found["longest"]), math.floor(grown))
    return None


def waits_within(wait: Mapping[str, Any], limit: float) -> int | None:
    """Return how often a Wait state waits until a limit in seconds is reached."""
    longest = seconds_of(wait, sys.maxsize)
    if not longest:
        return None
    total = number = 0
    while total < limit and (seconds := seconds_of(wait, number) or longest) < longest:
        total, number = total + seconds, number + 1
    return number + max(math.ceil((limit - total) / longest), 0)
