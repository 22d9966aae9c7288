"""Permissions of functions: which services may invoke them."""

from __future__ import annotations

from typing import Final

from template_checks.core.senders import is_same
from template_checks.core.template import Resource

FUNCTIONS: Final = ("AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::Lambda::Version")
_PERMISSION: Final = "AWS::Lambda::Permission"


def may_invoke(service: str, function: Resource, source: Resource | None) -> bool:
    """Whether some permission of the app lets a service invoke a function on behalf of a resource.

    A permission on what only CloudFormation knows may be on the function.

    Parameters
    ----------
    service: str
        The start of the service principal, such as `logs.`.
    function: Resource
        The function, or its alias or version.
    source: Resource
        What the service acts for; None if the app does not have it.
    """
    return any(
        one.at("Principal").rendered.startswith((service, "${", "*"))
        and _is_about(one.at("FunctionName").target, function)
        and (source is None or _is_for(one.at("SourceArn").target, source))
        for one in function.template.everywhere_of_type(_PERMISSION)
    )


def _is_about(permitted: Resource | None, function: Resource) -> bool:
    """Whether a permission is on a function, or on an alias or version that may be of it."""
    return permitted is None or is_same(permitted, function) or permitted.kind != function.kind


def _is_for(named: Resource | None, source: Resource) -> bool:
    return named is None or is_same(named, source) or named.kind != source.kind
