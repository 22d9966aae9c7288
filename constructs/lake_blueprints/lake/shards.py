"""Split of a large lake's datasets into stacks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lake_blueprints.foundation.arguments import checked

# CloudFormation takes 500 resources; the rest is for what comes later, which must not have to move anything.
RESOURCES_MAX = 480
_COUNT_MAX = 999
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


@checked
@dataclass(frozen=True, kw_only=True)
class Shards:
    """A stable split of datasets into stacks: where one belongs follows from its name alone.

    Adding or removing a dataset therefore never moves another. Changing `count` moves most of them, which
    CloudFormation does by replacing them: choose it for as many datasets as the lake may ever hold, one
    shard for each ten.

    Parameters
    ----------
    count: int
        Number of stacks, 1 to 999; one that no dataset belongs to is not defined.
    placed: mapping of str to str
        Datasets that belong to a further stack instead, by its id: letters and digits. By default none. It is the
        way out when a shard is full: place new datasets elsewhere, and none moves.

    Raises
    ------
    ValueError
        If the count is out of range or the id of a further stack is not valid.

    Example
    -------
        >>> DataLake(self, "Lake", datasets=datasets, shards=Shards(count=100))
        >>> Shards(count=100, placed={"clicks": "Overflow"}).stack_of("clicks")
        'Overflow'
    """

    count: int
    placed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.count <= _COUNT_MAX:
            raise ValueError(f"'count' must be 1 to {_COUNT_MAX} shards, got {self.count}")
        for dataset, name in self.placed.items():
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"'placed' names a stack '{name}' for '{dataset}'; use 1 to 64 letters and digits, a letter first"
                )

    def stack_of(self, dataset: str) -> str:
        """Return the id of the stack that a dataset belongs to."""
        digest = hashlib.sha256(dataset.encode()).digest()
        return self.placed.get(dataset, f"Datasets{int.from_bytes(digest[:8], 'big') % self.count + 1}")
