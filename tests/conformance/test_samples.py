"""Discovery: every public construct has a sample."""

from __future__ import annotations

import inspect

from tests.conformance.sample import SAMPLES_ROOT, samples, samples_of
from tests.library import constructs


def test_every_construct_that_defines_resources_has_one_sample() -> None:
    documents = {kind.__name__: inspect.getdoc(kind) or "" for kind in constructs()}
    defining = [name for name, text in documents.items() if "Defines\n-------\nNo resources" not in text]
    assert sorted(sample.name for sample in samples() if not sample.variant) == sorted(defining)


def test_a_sample_lies_where_its_capability_is_tested() -> None:
    for path in SAMPLES_ROOT.rglob("sample.py"):
        folder = ".".join(path.parent.relative_to(SAMPLES_ROOT).parts)
        assert {sample.capability for sample in samples_of(path)} == {folder}
