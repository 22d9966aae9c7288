"""Policies of IoT Core: whether the certificate of a device allows what its connection is to do.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_CLIENT_ID = "iot:ClientId"
_THING_NAME = "iot:Connection.Thing.ThingName"
_IS_ATTACHED = "iot:Connection.Thing.IsAttached"


class UnknownPolicyElement(Exception):
    """An element of a policy that the local cloud does not evaluate."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """The two ends that a policy knows of a connection: the client and the thing of the same name.

    Parameters
    ----------
    client_id: str
        The client id of the connection.
    things: frozenset of str
        Names of the things to which the certificate is attached.
    """

    client_id: str
    things: frozenset[str]

    @property
    def variables(self) -> Mapping[str, str]:
        """Values of the policy variables; that of the thing is there if its name is the client id."""
        attached = self.client_id in self.things
        named = {_THING_NAME: self.client_id} if attached else {}
        return {_CLIENT_ID: self.client_id, _IS_ATTACHED: str(attached).lower(), **named}


def is_allowed(policies: Iterable[str | Mapping[str, Any]], device: Device, action: str, resource: str) -> bool:
    """Tell whether policies allow an action on a resource: one statement does, and none denies it.

    Parameters
    ----------
    policies: iterable of str or mapping
        Documents of the policies that are attached to the certificate.
    device: Device
        The connection.
    action: str
        Such as `iot:Publish`.
    resource: str
        The ARN of a client, a topic or a topic filter.

    Raises
    ------
    UnknownPolicyElement
        If a statement about the action has an element that is not evaluated here.
    """
    effects = {
        statement["Effect"]
        for document in policies
        for statement in _statements(document)
        if _applies(statement, device, action, resource)
    }
    return "Allow" in effects and "Deny" not in effects


def _statements(document: str | Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    content = json.loads(document) if isinstance(document, str) else document
    yield from _listed(content["Statement"])


def _applies(statement: Mapping[str, Any], device: Device, action: str, resource: str) -> bool:
    if not any(_fits(pattern.lower(), action.lower()) for pattern in _listed(statement.get("Action", ()))):
        return False
    if unknown := set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise UnknownPolicyElement(f"the local cloud does not evaluate {min(unknown)} in policies of IoT")
    filled = (_filled(pattern, device.variables) for pattern in _listed(statement["Resource"]))
    return any(pattern is not None and _fits(pattern, resource) for pattern in filled) and _holds(statement, device)


def _holds(statement: Mapping[str, Any], device: Device) -> bool:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            if (operator, key) != ("Bool", _IS_ATTACHED):
                raise UnknownPolicyElement(
                    f"the local cloud evaluates Bool of {_IS_ATTACHED} in policies of IoT, and not {operator} of {key}"
                )
            if device.variables[key] not in [str(value).lower() for value in _listed(values)]:
                return False
    return True


def _filled(pattern: str, variables: Mapping[str, str]) -> str | None:
    """Return a pattern with its variables; None if one has no value, since the statement then applies to nothing."""
    names = _VARIABLE.findall(pattern)
    if unknown := [name for name in names if name not in (_CLIENT_ID, _THING_NAME)]:
        raise UnknownPolicyElement(f"the local cloud has no policy variable {unknown[0]}")
    if any(name not in variables for name in names):
        return None
    return _VARIABLE.sub(lambda found: variables[found[1]], pattern)


def _fits(pattern: str, value: str) -> bool:
    """Tell whether a value is of a pattern: * stands for any characters, ? for one; + and # stand for themselves."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
