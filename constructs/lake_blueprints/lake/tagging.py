"""AWS tags from what a contract says about who answers for a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aws_cdk import Tags
from constructs import IConstruct

from lake_blueprints.contracts import Dataset

# https://docs.aws.amazon.com/general/latest/gr/aws_tagging.html
_KEY_MAX, _VALUE_MAX = 128, 256
_TAGS_MAX = 40
_NOT_ALLOWED = re.compile(r"[^\w .:/=+\-@]")
# A label of the contract that is a tag by itself: `cost-center:1234` or `cost-center=1234`. So no key begins with
# `aws:`, which AWS keeps to itself.
_NAMED = re.compile(r"\s*([^:=]*[^:=\s])\s*[:=]\s*(\S.*)", re.DOTALL)


def tag(constructs: Iterable[IConstruct], dataset: Dataset) -> None:
    """Tag constructs with who owns a dataset and with the contract's own tags."""
    found = tags_of(dataset)
    for construct in constructs if found else ():
        for key, value in found.items():
            Tags.of(construct).add(key, value)


def tags_of(dataset: Dataset) -> dict[str, str]:
    """Return the tags, in the characters and lengths that AWS takes; those of a resource are 50 at most."""
    governance = dataset.governance
    named = [(found[1], found[2]) for label in governance.tags if (found := _NAMED.fullmatch(label))]
    given: list[tuple[str, str | None]] = [
        *named,
        ("contract", governance.contract),
        ("owner", governance.owner or governance.team),
        ("team", governance.team),
        ("domain", governance.domain),
        ("data-product", governance.data_product),
        ("tenant", governance.tenant),
    ]
    clean = {_clean(key, _KEY_MAX): _clean(value, _VALUE_MAX) for key, value in given if value}
    # The contract's own first, as those that may be left out.
    return dict(list(clean.items())[-_TAGS_MAX:])


def _clean(text: str, longest: int) -> str:
    return _NOT_ALLOWED.sub("_", " ".join(text.split()))[:longest].strip()
