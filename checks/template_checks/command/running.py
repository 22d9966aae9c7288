"""Runs gates over templates, beside each other; what one cannot do does not stop the others."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from attrs import evolve

from template_checks.command.errors import CommandError
from template_checks.command.finding import Finding, Report, Unread, merged
from template_checks.command.gates import GATES, PACKS, module_of
from template_checks.command.reading import read
from template_checks.core.assembly import StackTemplate
from template_checks.core.node import HOW_TO_GET_NODE, missing_node

_Gate = Callable[[Sequence[StackTemplate]], Iterable[Finding | Unread]]
_LONGEST = 200
_ON_THE_CDK = ("nag",)


def run(
    place: Path, gates: Iterable[str] = tuple(GATES), packs: Iterable[str] = (), *, executor: Executor | None = None
) -> Report:
    """Return what the gates and packs find in templates, without what is acknowledged in them.

    Parameters
    ----------
    place: Path
        An app, a folder or a file; see `read`.
    gates, packs: iterable of str
        Those that run. By default every gate, and no pack.
    executor: Executor, optional
        What runs them. By default a process for each: some of the tools take most of the time, and none shares state.

    Raises
    ------
    CommandError
        If there is no template.
    """
    templates = read(place)
    failures = list(templates.problems)
    found: list[Finding | Unread] = [
        Unread(stack=template.name, what=what) for template in templates.read for what in template.unread
    ]
    by_module = _by_module([*gates, *packs])
    spawn = multiprocessing.get_context("spawn")
    with executor or ProcessPoolExecutor(max_workers=max(len(by_module), 1), mp_context=spawn) as pool:
        running = [(names, pool.submit(findings_of, names, place)) for names in by_module]
        for names, one in running:
            try:
                results, failed = one.result()
                found += results
                failures += failed
            except CommandError as error:
                failures.append(str(error))
            except BrokenProcessPool:
                failures.append(f"the gate '{', '.join(names)}' ended before it said anything")
    by_name = {template.name: template for template in templates.read}
    located = [_located(one, by_name) for one in found if isinstance(one, Finding)]
    return Report(
        findings=merged(one for one in located if not _acknowledged(one, by_name)),
        unread=sorted({one for one in found if isinstance(one, Unread)}),
        failures=failures,
    )


def findings_of(names: Sequence[str], place: Path) -> tuple[list[Finding | Unread], list[str]]:
    """Return what a gate, or some packs of one tool, find at a place; see `results_of`."""
    return results_of(names, read(place).read)


def results_of(names: Sequence[str], templates: Sequence[StackTemplate]) -> tuple[list[Finding | Unread], list[str]]:
    """Return what a gate, or some packs of one tool, find, and a line for each template that the tool failed at.

    Raises
    ------
    CommandError
        If the tool is not installed, or needs Node and there is none.
    """
    module, package = module_of(names[0])
    label = names[0] if names[0] in GATES else module
    without = f"leave it out with --skip {names[0]}" if names[0] in GATES else f"leave out --pack {names[0]}"
    if module in _ON_THE_CDK and (node := missing_node()):
        raise CommandError(
            f"the gate '{label}' needs Node.js, and there is no '{node}'; {HOW_TO_GET_NODE}, or {without}"
        )
    try:
        tool = importlib.import_module(f"template_checks.command.gates.{module}")
    except ModuleNotFoundError as error:
        if package is None:
            raise
        raise CommandError(
            f"the gate '{label}' needs {package}, which is not installed ({error.name}): "
            f'pip install "lake-template-checks[gates]", or {without}'
        ) from None
    if names[0] in PACKS:
        return guarded(lambda some: tool.findings(some, packs=names), templates, label)
    return guarded(tool.findings, templates, label)


def guarded(gate: _Gate, templates: Sequence[StackTemplate], label: str) -> tuple[list[Finding | Unread], list[str]]:
    """Return what a gate finds; where it fails, what it finds in each template alone, and why it fails at others."""
    try:
        return list(gate(templates)), []
    except Exception as error:
        if len(templates) == 1:
            return [], [f"the gate '{label}' failed at {templates[0].name}: {_line(error)}"]
        found: list[Finding | Unread] = []
        failures: list[str] = []
        for template in templates:
            results, failed = guarded(gate, [template], label)
            found += results
            failures += failed
        return found, failures or [f"the gate '{label}' failed at the stacks together: {_line(error)}"]


def _by_module(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return gates and packs, those of one tool together."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(module_of(name)[0], []).append(name)
    return [tuple(these) for these in found.values()]


def _line(error: Exception) -> str:
    """Return an error in one line; jsii adds a stack of JavaScript to the first."""
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text}"[:_LONGEST]


def templates_of(place: Path) -> Sequence[StackTemplate]:
    """Return the templates of an app, a folder or a file; see `read`."""
    return read(place).read


def _located(finding: Finding, templates: Mapping[str, StackTemplate]) -> Finding:
    template = templates[finding.stack]
    resource = template.document["Resources"].get(finding.logical_id, {})
    path = template.construct_path(finding.logical_id)
    return evolve(finding, kind=str(resource.get("Type", "")), construct_path=path, file=str(template.path))


def _acknowledged(finding: Finding, templates: Mapping[str, StackTemplate]) -> bool:
    template = templates[finding.stack]
    return all(template.acknowledgment(rule, finding.construct_path) is not None for rule in finding.rules)
