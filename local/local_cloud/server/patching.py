"""The one way in which the local cloud reaches into moto.

A patch names its target and repeats the target's parameters. `Patch.apply` refuses a target that is gone or
whose parameters differ, so a moto upgrade fails at start with the name of the place, not at run time.
`backends` and `shared` return all that moto holds; `restore_backends` and `restore_shared` give it back.

Above 200 lines: nothing else in the local cloud imports moto's insides.
"""

from __future__ import annotations

import importlib
import inspect
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self, TypeVar

from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.constants import MISSING

from local_cloud.errors import LocalCloudError

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A function or property of moto's that is replaced, or one that it lacks (`missing`), and its replacement."""

    module: str
    attribute: str
    replacement: Callable[..., Any]
    missing: bool = False

    @property
    def target(self) -> str:
        return f"{self.module}:{self.attribute}"

    def verify(self) -> None:
        """Raise if the target is gone or takes other parameters than the replacement.

        Raises
        ------
        LocalCloudError
            With the target and both signatures.
        """
        if self.missing:
            self._verify_missing()
            return
        try:
            found = inspect.signature(self._original())
        except (ImportError, AttributeError):
            raise LocalCloudError(f"moto no longer has {self.target}; install the pinned moto version") from None
        expected = list(inspect.signature(self.replacement).parameters)
        if list(found.parameters) != expected:
            raise LocalCloudError(
                f"moto's {self.target} takes {list(found.parameters)}, its replacement {expected}; "
                "install the pinned moto version"
            )

    def apply(self) -> Callable[[], None]:
        """Put the replacement in place; return what takes it back."""
        self.verify()
        *owners, name = self.attribute.split(".")
        owner = self._resolve(owners)
        inherited = name not in vars(owner)
        original = None if inherited else vars(owner)[name]
        is_property = isinstance(original, property)
        setattr(owner, name, property(self.replacement) if is_property else self.replacement)
        return lambda: delattr(owner, name) if inherited else setattr(owner, name, original)

    def _verify_missing(self) -> None:
        *owners, name = self.attribute.split(".")
        if getattr(self._resolve(owners), name, self.replacement) is not self.replacement:
            raise LocalCloudError(f"moto has a {self.target} of its own now; install the pinned moto version")

    def _original(self) -> Any:
        found = self._resolve(self.attribute.split("."))
        return found.fget if isinstance(found, property) else found

    def _resolve(self, path: list[str]) -> Any:
        module: Any = importlib.import_module(self.module)
        return reduce(getattr, path, module)


class Patches:
    """The patches of one engine, in place while it is entered.

    Example
    -------
        >>> patches = Patches()
        >>> @patches.replace("moto.kinesis.models", "Shard.get_max_sequence_number")
        ... def last_sequence_number(self):
        ...     return next(reversed(self.records)) if self.records else 0
    """

    def __init__(self) -> None:
        self.all: list[Patch] = []
        self._applied = ExitStack()

    def replace(self, module: str, attribute: str) -> Callable[[Function], Function]:
        def register(replacement: Function) -> Function:
            self.all.append(Patch(module=module, attribute=attribute, replacement=replacement))
            return replacement

        return register

    def add(self, module: str, attribute: str) -> Callable[[Function], Function]:
        """Register a function that moto lacks, such as the handler of an API action."""

        def register(replacement: Function) -> Function:
            self.all.append(Patch(module=module, attribute=attribute, replacement=replacement, missing=True))
            return replacement

        return register

    def __enter__(self) -> Self:
        with ExitStack() as applied:
            for patch in self.all:
                applied.callback(patch.apply())
            self._applied = applied.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Give moto its own functions back."""
        self._applied.close()


Reducer = Callable[[Any], tuple[Callable[..., Any], tuple[Any, ...]]]
# By module and name of the dictionary, and by account and Region.
Backends = dict[tuple[str, str], tuple[dict[str, Any], dict[tuple[str, str], Any]]]

# What `BackendDict.__init__` sets; a subclass may keep more, such as the accounts of buckets.
_OF_EVERY_DICTIONARY = frozenset(vars(BackendDict(object, "")))


def backends() -> Backends:
    """Return what moto holds: of each dictionary of backends its own attributes, and its backends by their place."""
    return {
        _name(found): (
            {name: value for name, value in vars(found).items() if name not in _OF_EVERY_DICTIONARY},
            {(account, region): backend for account, region, backend in found.iter_backends()},
        )
        for found in BackendDict._instances
    }


def restore_backends(kept: Backends) -> None:
    """Give moto what `backends` has returned."""
    for name, (attributes, by_place) in kept.items():
        found = _dictionary(*name)
        vars(found).update(attributes)
        for (account, region), backend in by_place.items():
            found[account][region] = backend
            if found.service_name == "ec2":
                _list(backend)


# Dictionaries of modules and classes that moto fills while it answers; its others hold what it ships with.
SHARED = (
    "moto.ec2.models.vpcs:DEFAULT_VPC_ENDPOINT_SERVICES",
    "moto.securityhub.models:SecurityHubBackend._org_configs",
)


def shared() -> dict[str, dict[Any, Any]]:
    """Return what moto holds outside its backends, by module and name."""
    return {name: _shared(name) for name in SHARED}


def restore_shared(kept: Mapping[str, dict[Any, Any]]) -> None:
    """Give moto what `shared` has returned."""
    for name, content in kept.items():
        found = _shared(name)
        found.clear()
        found.update(content)


def _shared(name: str) -> dict[Any, Any]:
    module, _, path = name.partition(":")
    owner: Any = importlib.import_module(module)
    found: dict[Any, Any] = reduce(getattr, path.split("."), owner)
    return found


def _list(backend: Any) -> None:
    """List a backend of EC2 where `__init__` does: in these classes each finds those of other Regions."""
    for listed in (backend.vpc_refs, backend.backend_refs, backend.vpc_pcx_refs):
        listed[type(backend)].add(weakref.ref(backend))


def _name(dictionary: Any) -> tuple[str, str]:
    module = dictionary.backend.__module__
    for name, value in vars(importlib.import_module(module)).items():
        if value is dictionary:
            return module, name
    raise LocalCloudError(f"moto has no {dictionary.service_name} in {module}; install the pinned moto version")


def _dictionary(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _of_account(module: str, name: str, account: str) -> Any:
    return _dictionary(module, name)[account]


def _reduce_account(found: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    owner = next(each for each in BackendDict._instances if dict.get(each, found.account_id) is found)
    return _of_account, (*_name(owner), found.account_id)


def _missing() -> Any:
    return MISSING


REDUCERS: Mapping[type, Reducer] = {
    BackendDict: lambda found: (_dictionary, _name(found)),
    AccountSpecificBackend: _reduce_account,
    type(MISSING): lambda _: (_missing, ()),
}
"""Reducers that pickle objects of moto of which there is one only, by their class."""
