"""Contracts that others rely on, compared at synth with those that the app is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jsii
from aws_cdk import Annotations
from constructs import Construct, IValidation

from lake_blueprints.contracts import Contract, ContractError
from lake_blueprints.contracts.evolution import Consumer, Release, related_consumers, releases
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.lake.consumers import consumers_below


@checked
class ContractBaseline(Construct):
    """Refuse to synthesise contracts that break what was accepted, unless a major version says so.

    The folder holds copies of the contracts as they were accepted; `lake contract accept FILE… --into FOLDER` writes
    them, and they are committed with the app. What is compared, and what breaks: docs/contracts.md.

    Parameters
    ----------
    accepted: str or Path
        Folder of the accepted contracts, relative to where the app is started.
    contracts: iterable of Contract
        The contracts that the app is made of. One that was not accepted yet breaks nobody.
    csv_columns: mapping of str to sequence of str
        Order of the columns in the CSV files of a dataset, as given to `DataLake`; by default the contracts' order, so
        that a column that was added before others breaks the raw table, which is read by position.

    Defines
    -------
    No resources. Changes that need no more than a minor version, and have none, become warnings.

    Raises
    ------
    ContractError
        If the folder is missing or holds something that is no contract. At synth, all breaking changes at once, each
        with the curations, loads, training jobs, named queries and relationships of the app that use the column.

    Example
    -------
        >>> contracts = [Contract.from_file("contracts/flights.odcs.yaml")]
        >>> ContractBaseline(self, "Baseline", accepted="accepted", contracts=contracts)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        accepted: str | Path,
        contracts: Iterable[Contract],
        csv_columns: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._contracts = list(contracts)
        self.releases = releases(_read(Path(accepted), self._contracts), self._contracts, csv_columns=csv_columns)
        self._broken = [release for release in self.releases if not release.allowed]
        for release in self.releases:
            if release.problem and release.allowed:
                Annotations.of(self).add_warning_v2(
                    f"lake-blueprints:contract-version:{release.contract}", f"{_heading(release)}: {release.problem}"
                )
        self.node.add_validation(_AtSynth(self))

    def problems(self) -> list[str]:
        """Return what breaks whom, one text for each contract; consumers are looked for in the whole app."""
        if not self._broken:
            return []
        consumers = [
            *consumers_below(self.node.root),
            *related_consumers(dataset for contract in self._contracts for dataset in contract.datasets),
        ]
        return ["\n".join(_lines(release, consumers)) for release in self._broken]


@jsii.implements(IValidation)
class _AtSynth:
    """Asks late, when everything that may use a column has been defined."""

    def __init__(self, baseline: ContractBaseline) -> None:
        self._baseline = baseline

    def validate(self) -> list[str]:
        return self._baseline.problems()


def _read(folder: Path, contracts: Iterable[Contract]) -> list[Contract]:
    """Read the accepted contracts; classifications are judged as in the contracts that they are compared with."""
    if not folder.is_dir():
        raise ContractError(
            f"'accepted' must be a folder of contracts, got '{folder}'; make it: "
            f"lake contract accept FILE… --into {folder}"
        )
    judges = {contract.id: contract.classifications for contract in contracts}
    # What keys were ignored was said when they were accepted.
    found = [(path, Contract.from_file(path, lenient=True)) for path in sorted(folder.glob("*.odcs.yaml"))]
    return [
        one
        if judges.get(one.id, one.classifications) == one.classifications
        else Contract.from_file(path, classifications=judges[one.id], lenient=True)
        for path, one in found
    ]


def _lines(release: Release, consumers: Iterable[Consumer]) -> Iterable[str]:
    yield f"{_heading(release)}: {release.problem}"
    for change in release.changes:
        if change.breaking:
            users = dict.fromkeys(consumer.name for consumer in consumers if consumer.notices(change))
            yield f"  {change}{'; used by ' if users else ''}{', '.join(users)}"


def _heading(release: Release) -> str:
    return f"contract '{release.contract}' {release.old_version} → {release.new_version or 'gone'}"
