"""Errors in data contracts."""


class ContractError(ValueError):
    """A data contract cannot be compiled; the message names the place, the value and the fix."""
