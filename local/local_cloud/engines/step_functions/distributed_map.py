"""Distributed Map states: each item, or batch of items, in a child workflow execution of its own.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from local_cloud.engines.step_functions.errors import (
    DATA_LIMIT,
    THRESHOLD,
    HaltedError,
    StateError,
)
from local_cloud.engines.step_functions.flow import Flow
from local_cloud.engines.step_functions.halting import Halt
from local_cloud.engines.step_functions.history import History, Trail
from local_cloud.engines.step_functions.item_reader import read_items
from local_cloud.engines.step_functions.iterations import RunStates, context_of, items_of, selected, side_by_side
from local_cloud.engines.step_functions.json_text import compact, iso_8601
from local_cloud.engines.step_functions.limits import MOST_BYTES
from local_cloud.engines.step_functions.map_runs import Child, MapRun
from local_cloud.engines.step_functions.processors import processor_of
from local_cloud.engines.step_functions.result_writer import outputs_of, write_results
from local_cloud.engines.step_functions.scope import Scope

# How many child executions one machine runs at once; AWS runs 10,000.
_MOST_CHILDREN = 20


def run_distributed(_: str, body: dict[str, Any], flow: Flow, scope: Scope, run: RunStates) -> Any:
    at_once = flow.integer("MaxConcurrency") or 0
    items = None if "ItemReader" in body else items_of(body, flow)
    scope.event("MapStateStarted", mapStateStartedEventDetails={"length": len(items or [])})
    map_run = MapRun(
        execution_arn=scope.context["Execution"]["Id"],
        state_machine_arn=scope.context["StateMachine"]["Id"],
        label=body.get("Label") or str(uuid.uuid4()),
        at_once=at_once,
        tolerated_count=_tolerated_count(flow),
        tolerated_percentage=_tolerated_percentage(flow),
    )
    scope.machine.map_runs.append(map_run)
    scope.event("MapRunStarted", mapRunStartedEventDetails={"mapRunArn": map_run.arn})
    try:
        if items is None:
            items = read_items(body["ItemReader"], flow, scope)
        for data, count in _inputs(body, flow, scope, items):
            map_run.add(data, count)
        output = _run_children(body, flow, scope, map_run, run)
    except StateError as error:
        map_run.stop("FAILED")
        scope.event("MapRunFailed", mapRunFailedEventDetails=error.details)
        raise
    except HaltedError:
        map_run.stop("ABORTED")
        raise
    map_run.stop("SUCCEEDED")
    scope.event("MapRunSucceeded")
    scope.event("MapStateSucceeded", moves=False)
    return output


def _tolerated_count(flow: Flow) -> int | None:
    count = flow.integer("ToleratedFailureCount", least=-1)
    if count is not None and count < 0:
        raise flow.invalid("ToleratedFailureCount", count, "integer", "ToleratedFailureCount cannot be negative.")
    return count


def _tolerated_percentage(flow: Flow) -> float | None:
    value = flow.value("ToleratedFailurePercentage")
    if value is None:
        return None
    if isinstance(value, str) and "ToleratedFailurePercentagePath" in flow.body:
        try:
            value = float(value)
        except ValueError:
            raise flow.invalid("ToleratedFailurePercentage", value, "float") from None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise flow.invalid("ToleratedFailurePercentage", value, "float")
    if not 0 <= value <= 100:
        raise flow.invalid(
            "ToleratedFailurePercentage", value, "float", "ToleratedFailurePercentage must be between 0 and 100."
        )
    return float(value)


def _inputs(body: dict[str, Any], flow: Flow, scope: Scope, items: list[Any]) -> Iterator[tuple[Any, int]]:
    """Yield the input of every child execution, and how many items it holds."""
    chosen = [
        selected(body, flow, item, {**scope.context, **context_of(index, item)}) for index, item in enumerate(items)
    ]
    batcher = body.get("ItemBatcher")
    if batcher is None:
        yield from ((item, 1) for item in chosen)
        return
    most_items = flow.integer("MaxItemsPerBatch", body=batcher, least=1) or len(chosen)
    most_bytes = flow.integer("MaxInputBytesPerBatch", body=batcher, least=1, most=MOST_BYTES) or MOST_BYTES
    head = {"BatchInput": flow.fill(batcher["BatchInput"], "BatchInput", flow.input)} if "BatchInput" in batcher else {}
    empty = len(compact({**head, "Items": []}).encode())
    batch: list[Any] = []
    size = empty
    for item in chosen:
        width = len(compact(item).encode())
        if empty + width > most_bytes:
            raise StateError(DATA_LIMIT, f"An item of {width} bytes does not fit into a batch of {most_bytes} bytes.")
        if batch and (len(batch) == most_items or size + width + 1 > most_bytes):
            yield {**head, "Items": batch}, len(batch)
            batch, size = [], empty
        size += width + (1 if batch else 0)
        batch.append(item)
    if batch:
        yield {**head, "Items": batch}, len(batch)


def _run_children(body: dict[str, Any], flow: Flow, scope: Scope, map_run: MapRun, run: RunStates) -> Any:
    halt = Halt(scope.halt)
    processor = processor_of(body)
    works = [partial(_run_child, processor, scope, map_run, child, halt, run) for child in map_run.children]
    exceeded = None
    try:
        side_by_side(works, at_once=min(map_run.at_once or _MOST_CHILDREN, _MOST_CHILDREN), halt=halt)
    except StateError as error:
        exceeded = error
    finally:
        halt.close()
    scope.halt.check()
    writer = body.get("ResultWriter", {})
    if "Resource" in writer:
        output = write_results(writer, flow, scope, map_run)
    if exceeded:
        raise exceeded
    return output if "Resource" in writer else outputs_of(writer, map_run)


def _run_child(  # noqa: PLR0917 - what the state has
    processor: dict[str, Any], scope: Scope, map_run: MapRun, child: Child, halt: Halt, run: RunStates
) -> None:
    standard = processor.get("ProcessorConfig", {}).get("ExecutionType", "STANDARD") == "STANDARD"
    child.status, child.started = "RUNNING", datetime.now(UTC)
    execution = {
        **scope.context["Execution"],
        "Id": child.arn,
        "Input": child.data,
        "Name": child.name,
        "StartTime": iso_8601(child.started),
    }
    inner = Scope(
        machine=scope.machine,
        history=History(limited=standard),
        trail=Trail(),
        halt=Halt(halt),
        context={
            "Execution": execution,
            "StateMachine": {**scope.context["StateMachine"], "Id": child.state_machine_arn},
        },
        query_language=scope.query_language,
    )
    try:
        inner.event("ExecutionStarted")
        child.output = run(processor, child.data, inner)
        map_run.end(child, "SUCCEEDED")
    except HaltedError:
        map_run.end(child, "ABORTED")
        raise
    except StateError as error:
        child.error = error.details
        map_run.end(child, "FAILED")
        if map_run.is_exceeded:
            raise StateError(THRESHOLD, "The specified tolerated failure threshold was exceeded") from None
    finally:
        inner.halt.close()
