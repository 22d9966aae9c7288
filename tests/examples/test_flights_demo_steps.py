"""Progress of the demo's steps in a plain terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from examples.demo.steps import StateClock, Step, Steps


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def steps(output: io.StringIO) -> Steps:
    return Steps(Console(file=output, width=60))


def test_a_plain_terminal_gets_one_line_for_each_step(steps: Steps, output: io.StringIO) -> None:
    with steps.step("Stream", total=2) as step:
        step.advance()
        step.say("half [way] of it, with more to say than fits into a line of this terminal")
        step.advance()
    with steps.step("Ask"):
        pass
    first, second = output.getvalue().splitlines()
    assert re.fullmatch(r"✓ Stream +\d+\.\d s  half \[way\] of it, with more .* this terminal", first)
    assert re.fullmatch(r"✓ Ask +\d+\.\d s *", second)
    assert [step.title for step in steps.done] == ["Stream", "Ask"]


def test_a_step_that_fails_is_named_and_not_done(steps: Steps, output: io.StringIO) -> None:
    with pytest.raises(ValueError, match="no"), steps.step("Deploy"):
        raise ValueError("no")
    assert steps.current == "Deploy"
    assert steps.done == []
    assert output.getvalue() == ""


def test_states_are_measured_from_entry_to_exit(steps: Steps) -> None:
    moments = iter([10.0, 11.0, 15.0, 18.0])
    with steps.step("Run") as step:
        clock = StateClock(step, now=lambda: next(moments))
        for line in ("entered Crawl", "entered Curate", "left Crawl", "failed Curate: why", "left Curate", "left Odd"):
            clock(line)
    assert clock.seconds == {"Crawl": 5.0, "Curate": 7.0}
    assert isinstance(step, Step)
    assert step.detail == "Curate"
