"""From what is named on the command line to contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from lake_blueprints.contracts import Classifications, Contract, ContractError
from template_checks.command.errors import CommandError

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
# A folder may hold other YAML too.
_CONTRACT = re.compile(r"""^\s*["']?kind["']?\s*:\s*["']?DataContract\b""", re.MULTILINE)


def find(patterns: Iterable[str]) -> list[Path]:
    """Return the contract files that files, folders and patterns name, each once.

    Raises
    ------
    CommandError
        If one of them names nothing.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if _is_contract(file)]
            if not files:
                raise CommandError(f"folder '{pattern}' holds no contract: no YAML or JSON file of kind DataContract")
        elif path.exists():
            files = [path]
        else:
            files = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
            if not files:
                raise CommandError(f"there is no file or folder '{pattern}'")
        found |= dict.fromkeys(files)
    return list(found)


def read(patterns: Iterable[str], classifications: Classifications, *, lenient: bool) -> list[Contract]:
    """Read the contracts that files, folders and patterns name, with a judgement of their classifications.

    Lenient means that keys are ignored which the standard does not know.

    Raises
    ------
    CommandError
        If one of them is no contract, or two have one id.
    """
    contracts: dict[str, tuple[Path, Contract]] = {}
    for path in find(patterns):
        try:
            contract = Contract.from_file(path, classifications=classifications, lenient=lenient)
        except ContractError as error:
            raise CommandError(str(error)) from None
        if contract.id in contracts:
            raise CommandError(f"{contracts[contract.id][0]} and {path} have the same id '{contract.id}'")
        contracts[contract.id] = path, contract
    return [contract for _, contract in contracts.values()]


def _is_contract(path: Path) -> bool:
    if path.suffix not in _SUFFIXES or not path.is_file():
        return False
    try:
        return _CONTRACT.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False
