"""States of the state machine in the words of the business."""

from __future__ import annotations

import re
from collections.abc import Mapping

# A step that looks again and again for an end has states of its own, such as "Evaluate flights waits". Those that run
# inside a Map are counted with it.
_STEP = re.compile(
    r"(?P<verb>Crawl|Curate|Evaluate|Load|Train|Register) (?P<of>[\w-]+)(?: setup)?"
    r"(?: (?:asks|waits|counts|decides|done|result|rules|judged|passed|warns))?"
)
# It runs three queries one after the other, each with several states.
_EXPORT = re.compile(r"(?P<verb>Export) (?P<of>[\w-]+)(?: [a-z]+)*")
_WORDS = {
    "Crawl": "Find new reference files",
    "Curate": "Check and clean {of}",
    "Evaluate": "Test the quality of {of}",
    "Load": "Fill the warehouse",
    "Export": "Copy {of} as they are now",
    "Train": "Learn from {of}",
    "Register": "Keep the model of {of}",
}


def in_words(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds of each step of the business, from those of all states; containers are left out."""
    found: dict[str, float] = {}
    for state, spent in seconds.items():
        if step := _STEP.fullmatch(state) or _EXPORT.fullmatch(state):
            name = _WORDS[step["verb"]].format(of=_dataset(step["of"]))
            found[name] = found.get(name, 0.0) + spent
    return found


def _dataset(construct: str) -> str:
    """Return the dataset that a step is about, such as "flights" of "CurateFlights" and of "FlightsModel"."""
    return re.sub(r"^Curate|Model$", "", construct).lower()
