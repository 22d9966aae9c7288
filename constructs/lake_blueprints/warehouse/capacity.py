"""What compute capacities and ports Redshift Serverless accepts.

https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html
"""

from __future__ import annotations

from aws_cdk import Token

_SMALLEST = 4
_STEP, _COARSE_STEP = 8, 32
_COARSE_ABOVE, _LARGEST_BASE = 512, 1_024
_PORTS = (range(5431, 5456), range(8191, 8216))


def check_capacity(base: int, maximum: int) -> None:
    """Refuse capacities that Redshift Serverless would refuse, in RPUs.

    Raises
    ------
    ValueError
        If the base capacity is none of those offered, or the maximum is not more than it.
    """
    if Token.is_unresolved(base) or Token.is_unresolved(maximum):
        return
    step = _STEP if base <= _COARSE_ABOVE else _COARSE_STEP
    if base != _SMALLEST and (base < _STEP or base > _LARGEST_BASE or base % step):
        raise ValueError(
            f"'base_capacity' must be {_SMALLEST}, or {_STEP} to {_COARSE_ABOVE} in steps of {_STEP}, or up to "
            f"{_LARGEST_BASE} in steps of {_COARSE_STEP} RPUs, got {base}"
        )
    if maximum < base or maximum % _STEP:
        raise ValueError(
            f"'max_capacity' must be a multiple of {_STEP} RPUs and no less than the base capacity of {base}, "
            f"got {maximum}"
        )


def check_port(port: int) -> None:
    """Refuse a port that Redshift Serverless does not listen on.

    Raises
    ------
    ValueError
        If the port is in neither range.
    """
    if not Token.is_unresolved(port) and not any(port in allowed for allowed in _PORTS):
        raise ValueError(f"'port' must be 5431 to 5455 or 8191 to 8215, got {port}")
