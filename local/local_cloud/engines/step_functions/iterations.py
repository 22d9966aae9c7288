"""Parallel states and inline Map states: branches and iterations that run side by side in one execution."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

from local_cloud.engines.step_functions.errors import (
    BRANCH_FAILED,
    QUERY_EVALUATION,
    RUNTIME,
    HaltedError,
    StateError,
)
from local_cloud.engines.step_functions.flow import Flow
from local_cloud.engines.step_functions.halting import Halt
from local_cloud.engines.step_functions.history import HistoryFullError
from local_cloud.engines.step_functions.json_text import compact
from local_cloud.engines.step_functions.jsonpath_flow import JsonPathFlow
from local_cloud.engines.step_functions.processors import processor_of
from local_cloud.engines.step_functions.scope import Scope

RunStates = Callable[[dict[str, Any], Any, Scope], Any]
# What an inline Map runs at once at most.
_MOST_ITERATIONS = 40


def side_by_side(works: Sequence[Callable[[], Any]], *, at_once: int, halt: Halt) -> list[Any]:
    """Do all of the work, in threads; return the results in order.

    Raises
    ------
    Exception
        The first error, which halts the other work.
    """
    results: list[Any] = [None] * len(works)
    errors: list[BaseException] = []
    rest, lock = iter(enumerate(works)), threading.Lock()

    def work() -> None:
        while not errors:
            with lock:
                at, job = next(rest, (-1, None))
            if job is None:
                return
            try:
                results[at] = job()
            except BaseException as error:
                errors.append(error)
                halt.halt()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(works)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise next((error for error in errors if not isinstance(error, HaltedError)), errors[0])
    return results


def run_parallel(body: dict[str, Any], flow: Flow, scope: Scope, run: RunStates) -> list[Any]:
    data = flow.arguments()
    scope.event("ParallelStateStarted")
    halt = Halt(scope.halt)
    trails = []

    def branch(program: dict[str, Any]) -> Any:
        with scope.inner(halt) as inner:
            try:
                return run(program, data, inner)
            except StateError as error:
                scope.trail.last = inner.trail.last
                error.also = error.also or BRANCH_FAILED
                raise
            finally:
                trails.append(inner.trail)

    branches = body["Branches"]
    works = [partial(branch, program) for program in branches]
    try:
        results = side_by_side(works, at_once=len(branches), halt=halt)
    finally:
        halt.close()
    scope.trail.last = max(trail.last for trail in trails)
    scope.event("ParallelStateSucceeded", moves=False)
    return results


def run_inline(name: str, body: dict[str, Any], flow: Flow, scope: Scope, run: RunStates) -> list[Any]:
    at_once = flow.integer("MaxConcurrency") or _MOST_ITERATIONS
    items = items_of(body, flow)
    scope.event("MapStateStarted", mapStateStartedEventDetails={"length": len(items)})
    halt = Halt(scope.halt)
    trails = [scope.trail]
    program = processor_of(body)

    def iteration(index: int, item: Any) -> Any:
        about = {"name": name, "index": index}
        with scope.inner(halt, context_of(index, item)) as inner:
            try:
                _add(inner, "MapIterationStarted", mapIterationStartedEventDetails=about)
                result = run(program, selected(body, flow, item, inner.context), inner)
                inner.event("MapIterationSucceeded", mapIterationSucceededEventDetails=about)
            except StateError:
                scope.trail.last = inner.trail.last
                _add(inner, "MapIterationFailed", moves=False, mapIterationFailedEventDetails=about)
                raise
            except HaltedError:
                _add(inner, "MapIterationAborted", moves=False, mapIterationAbortedEventDetails=about)
                raise
            else:
                return result
            finally:
                trails.append(inner.trail)

    works = [partial(iteration, index, item) for index, item in enumerate(items)]
    try:
        results = side_by_side(works, at_once=min(at_once, _MOST_ITERATIONS), halt=halt)
    finally:
        halt.close()
    scope.trail.last = max(trail.last for trail in trails)
    scope.event("MapStateSucceeded", moves=False)
    return results


def _add(scope: Scope, kind: str, *, moves: bool = True, **details: Any) -> None:
    """Add an event that a full history may lack."""
    try:
        scope.event(kind, moves=moves, **details)
    except HistoryFullError:
        return


def items_of(body: dict[str, Any], flow: Flow) -> list[Any]:
    """Return the array whose items a Map state processes.

    Raises
    ------
    StateError
        If it is no array.
    """
    if isinstance(flow, JsonPathFlow):
        path = body.get("ItemsPath", "$")
        items = flow.expression("ItemsPath", path, flow.input)
        if not isinstance(items, list):
            raise StateError(RUNTIME, f'Reference path "{path}" must point to array.')
        return items
    if "Items" in body:
        items = flow.value("Items")
        if not isinstance(items, list):
            raise flow.invalid("Items", items, "array")
        return items
    if not isinstance(flow.raw, list):
        raise StateError(QUERY_EVALUATION, f"Map state input must be an array but was: {compact(flow.raw)}")
    return flow.raw


def context_of(index: int, item: Any) -> dict[str, Any]:
    """Return what the Context object says of an item."""
    return {"Map": {"Item": {"Index": index, "Value": item}}}


def selected(body: dict[str, Any], flow: Flow, item: Any, context: dict[str, Any]) -> Any:
    """Return what an iteration receives: the item, or what `ItemSelector` makes of it."""
    field = next((name for name in ("ItemSelector", "Parameters") if name in body), None)
    if field is None:
        return item
    one = copy(flow)
    one.scope = replace(flow.scope, context=context)
    return one.fill(body[field], field, one.input)
