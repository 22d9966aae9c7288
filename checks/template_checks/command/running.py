"""Runs gates over an assembly, beside each other."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from attrs import evolve

from template_checks.command.errors import CommandError
from template_checks.command.finding import Finding, merged
from template_checks.command.gates import GATES
from template_checks.core.assembly import StackTemplate, read_assembly


def run(folder: Path, gates: Iterable[str]) -> list[Finding]:
    """Return what the gates find in a synthesised app and nobody has acknowledged.

    Raises
    ------
    CommandError
        If the folder holds no synthesised app, or a tool is not installed.
    """
    templates = templates_of(folder)
    # In processes of their own: two of the tools take most of the time, and none shares state.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawn) as pool:
        running = [pool.submit(findings_of, gate, folder) for gate in gates]
        found = [finding for one in running for finding in one.result()]
    by_name = {template.name: template for template in templates}
    located = [_located(finding, by_name) for finding in found]
    return merged(one for one in located if not _acknowledged(one, by_name))


def findings_of(gate: str, folder: Path) -> list[Finding]:
    """Return what one gate finds; see `run`."""
    module, _, package = GATES[gate]
    try:
        tool = importlib.import_module(f"template_checks.command.gates.{module}")
    except ModuleNotFoundError as error:
        if package is None:
            raise
        raise CommandError(
            f"the gate '{gate}' needs {package}, which is not installed ({error.name}): "
            f'pip install "lake-template-checks[gates]", or leave it out with --skip {gate}'
        ) from None
    return list(tool.findings(templates_of(folder)))


def templates_of(folder: Path) -> Sequence[StackTemplate]:
    """Return the templates of a synthesised app; see `run`."""
    if not (folder / "manifest.json").is_file():
        raise CommandError(f"'{folder}' holds no synthesised app; run 'cdk synth' first, or name its output folder")
    try:
        templates = read_assembly(folder)
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"'{folder}' is not a whole synthesised app: {error}; run 'cdk synth' again") from None
    if not templates:
        raise CommandError(f"'{folder}' holds no stack; there is nothing to check")
    return templates


def _located(finding: Finding, templates: Mapping[str, StackTemplate]) -> Finding:
    template = templates[finding.stack]
    resource = template.document.get("Resources", {}).get(finding.logical_id, {})
    path = template.construct_path(finding.logical_id)
    return evolve(finding, kind=str(resource.get("Type", "")), construct_path=path)


def _acknowledged(finding: Finding, templates: Mapping[str, StackTemplate]) -> bool:
    template = templates[finding.stack]
    return all(template.acknowledgment(rule, finding.construct_path) is not None for rule in finding.rules)
