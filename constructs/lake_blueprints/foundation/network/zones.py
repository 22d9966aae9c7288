"""The Availability Zones that a network is in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Fn, Token

_MOST_ZONES = 6
_ZONES = 3
# Regions in which an account may have two zones, as of November 2026:
# https://aws.amazon.com/about-aws/global-infrastructure/regions_az/
_TWO_ZONES = frozenset({"cn-north-1", "us-west-1"})
_ID = re.compile(r"[a-z]+\d+-az\d+")


def choose_zones(region: str, count: int | None, zones: Sequence[str] | None) -> list[str]:
    """Return the zones that are given, or the first ones of the account.

    Parameters
    ----------
    region: str
        Region of the stack; a token if it is not known.
    count: int, optional
        How many.
    zones: sequence of str, optional
        Their names or ids.

    Raises
    ------
    ValueError
        If there are too many or none, one is given twice or is of another Region, or number and zones disagree.
    """
    if zones is None:
        number = _default(region) if count is None else count
        if not 1 <= number <= _MOST_ZONES:
            raise ValueError(f"'az_count' must be 1 to {_MOST_ZONES}, got {number}")
        return [Fn.select(index, Fn.get_azs()) for index in range(number)]
    _check(region, zones)
    if count is not None and count != len(zones):
        raise ValueError(
            f"'az_count' is {count}, but 'availability_zones' has {len(zones)}: {', '.join(zones)}; give one of the two"
        )
    return list(zones)


def is_zone_id(zone: str) -> bool:
    """Whether a zone is given by its id, which is the same in every account, and not by its name."""
    return not Token.is_unresolved(zone) and bool(_ID.fullmatch(zone))


def _default(region: str) -> int:
    return 2 if region in _TWO_ZONES else _ZONES


def _check(region: str, zones: Sequence[str]) -> None:
    if not 1 <= len(zones) <= _MOST_ZONES:
        raise ValueError(f"'availability_zones' must be 1 to {_MOST_ZONES}, got {len(zones)}")
    known = [zone for zone in zones if not Token.is_unresolved(zone)]
    if len(set(known)) < len(known):
        raise ValueError(f"'availability_zones' must be different ones, got {', '.join(known)}")
    for zone in known:
        if not is_zone_id(zone) and not Token.is_unresolved(region) and not zone.startswith(region):
            raise ValueError(
                f"'availability_zones' must be zones of '{region}', such as {region}a, or ids of zones, such as "
                f"use1-az1, got '{zone}'"
            )
