"""The page of operations, written from the table: `python -m tests.local_cloud.operations.page`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from inspect import isclass
from pathlib import Path
from tempfile import TemporaryDirectory

from moto.backends import list_of_moto_modules
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from local_cloud.cloud import LocalCloud
from local_cloud.operations.classification import Answer, Operations
from local_cloud.operations.table import PRETENDED_TYPES, SERVICES
from tests.support import ROOT

PAGE = ROOT / "docs" / "local-operations.md"
_HEAD = """<!-- Written by `python -m tests.local_cloud.operations.page`; a test fails when it is not up to date. -->
# Local cloud: operations

Every operation of every service is one of three here; the table is `local_cloud/operations/table.py`, and the server
acts by it.

- **real**: a real engine, or a store of what it is given, stands behind it.
- **stored**: configuration that is kept and returned, and acted on by nothing. A schedule or rule fires nothing, an
  alarm is never evaluated and stays INSUFFICIENT_DATA, a trigger starts no job, a database has an address at which
  nothing listens.
- **refused**: the call fails in the service's own format, with its name and "is not supported by the local cloud".
  Named below are those to which moto has an answer that claims work, or returns what nothing has made. Whatever else a
  service has is refused as well, and so is every service that is not named.

A few resource types of templates, whose creation would claim the same, fail the stack: {types}.

## Services that were looked at

{looked_at}

## Other services

Of these, operations that describe configuration are stored, by their verbs; numbers of those, and the others by name.

| Service | Stored | Refused, though moto answers |
|---|---|---|
{others}
"""


@cache
def services() -> frozenset[str]:
    """Return the services of which moto has a response class."""
    found = set()
    for module in list_of_moto_modules():
        try:
            values = vars(import_module(f"moto.{module}.responses")).values()
        except ModuleNotFoundError:
            continue
        for one in values:
            if isclass(one) and issubclass(one, BaseResponse) and one.__module__.startswith(f"moto.{module}."):
                answers: BaseResponse = one()
                found.add(answers.boto3_service_name)
    # What answers the metadata of instances has none.
    return frozenset(found - {""})


def answers(operations: Operations, service: str) -> dict[Answer, list[str]]:
    """Return the operations of a service to which there is an answer, by what is done with it."""
    found: dict[Answer, list[str]] = {answer: [] for answer in Answer}
    for name in sorted(get_service_model(service).operation_names):
        if operations.has_answer(service, name):
            found[operations.answer(service, name)].append(name)
    return found


def page(operations: Operations, types: Iterable[str]) -> str:
    """Return the page."""
    by_service = {service: answers(operations, service) for service in sorted(services() | set(SERVICES))}
    return _HEAD.format(
        types=", ".join(sorted(types)),
        looked_at="\n".join(_sections(by_service)).rstrip(),
        others="\n".join(_rows(by_service)),
    )


def _sections(by_service: Mapping[str, dict[Answer, list[str]]]) -> Iterator[str]:
    for service, found in by_service.items():
        if service in SERVICES:
            yield f"### {service}\n"
            yield "| | Operations |\n|---|---|"
            yield from (f"| {answer} | {', '.join(names)} |" for answer, names in found.items() if names)
            yield ""


def _rows(by_service: Mapping[str, dict[Answer, list[str]]]) -> Iterator[str]:
    for service, found in by_service.items():
        if service not in SERVICES:
            stored = len(found[Answer.STORED]) + len(found[Answer.REAL])
            yield f"| {service} | {stored} | {', '.join(found[Answer.REFUSED]) or 'none'} |"


def main() -> None:
    """Write the page."""
    with TemporaryDirectory() as folder, LocalCloud(workdir=Path(folder)) as cloud:
        PAGE.write_text(page(cloud._running.operations, PRETENDED_TYPES))


if __name__ == "__main__":
    main()
