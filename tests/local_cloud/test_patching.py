"""Patches of moto: in place while they are entered, and refused where moto is another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from moto.kinesis.models import Shard

from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches


def test_what_is_replaced_is_motos_own_again_afterwards() -> None:
    original, patches = Shard.get_max_sequence_number, Patches()
    replacement = patches.replace("moto.kinesis.models", "Shard.get_max_sequence_number")(lambda self: "7")
    with patches:
        assert Shard.get_max_sequence_number is replacement
    assert Shard.get_max_sequence_number is original


@pytest.mark.parametrize(
    ("register", "target", "reason"),
    [
        (Patches.replace, "Shard.get_max_sequence_number", r"takes \['self'\], its replacement \['self', 'more'\]"),
        (Patches.replace, "Shard.gone", "moto no longer has moto.kinesis.models:Shard.gone"),
        (Patches.add, "Shard.get_max_sequence_number", "moto has a .*get_max_sequence_number of its own now"),
    ],
)
def test_another_moto_is_refused_and_left_as_it_was(register: Callable[..., Any], target: str, reason: str) -> None:
    before, patches = dict(vars(Shard)), Patches()
    patches.add("moto.kinesis.models", "Shard.new")(lambda self: None)
    register(patches, "moto.kinesis.models", target)(lambda self, more: None)
    with pytest.raises(LocalCloudError, match=reason), patches:
        pass
    assert dict(vars(Shard)) == before
