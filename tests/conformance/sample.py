"""Sample of a construct: all that the conformance suite needs to know of it.

`tests/unit/<wing>/<capability>/sample.py` holds the samples of a capability, one for each of its public constructs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, get_args, get_type_hints

from aws_cdk import aws_iam as iam
from constructs import Construct

from template_checks.core.limit import Limit
from tests.conformance.fixtures import Fixtures
from tests.support import ROOT

SAMPLES_ROOT = ROOT / "tests" / "unit"


class Build(Protocol):
    """Defines the construct, with the options that a duty adds to those of the sample."""

    def __call__(self, lake: Fixtures, scope: Construct, construct_id: str, /, **options: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Limited:
    """An option whose values a service limits.

    Parameters
    ----------
    limit: Limit
        The allowed values.
    variant: str
        Name of the sample among those of the construct. By default it is the only one, or the usual form.
    options: callable
        Returns the options of the construct with which it has a value.
    """

    limit: Limit
    options: Callable[[Fixtures, Any], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A construct in its usual form.

    Parameters
    ----------
    construct: type
        The class.
    variant: str
        Name of the sample among those of the construct. By default it is the only one, or the usual form.
    options: callable
        Returns options of the construct, from a lake that the fixtures make. By default it needs none.
    build: Build, optional
        Defines the construct, if that takes more than options. By default it is called with the options.
    limits: mapping
        The options that a service limits, by name.
    grants: mapping
        Arguments of its public `grant_*` beside the grantee, by name: from the fixtures and the grantee. By default
        they need none.
    unavailable_in: set of str
        Partitions without the service. By default none.
    """

    construct: type[Construct]
    variant: str = ""
    options: Callable[[Fixtures], Mapping[str, Any]] = lambda _: {}
    build: Build | None = None
    limits: Mapping[str, Limited] = field(default_factory=dict)
    grants: Mapping[str, Callable[[Fixtures, iam.IRole], Mapping[str, Any]]] = field(default_factory=dict)
    unavailable_in: frozenset[str] = frozenset()

    def define(self, lake: Fixtures, scope: Construct, construct_id: str, **options: Any) -> Any:
        """Define the construct, with options beside those of the sample."""
        options = {**self.options(lake), **options}
        if self.build:
            return self.build(lake, scope, construct_id, **options)
        return self.construct(scope, construct_id, **options)

    @property
    def name(self) -> str:
        return f"{self.construct.__name__} {self.variant}".strip()

    @property
    def capability(self) -> str:
        """Package of the construct below the library: `ingestion.kinesis`."""
        return self.construct.__module__.removeprefix("lake_blueprints.").rpartition(".")[0]

    def takes(self, option: str) -> bool:
        """Whether the construct has an option."""
        return option in parameters_of(self.construct)


def parameters_of(construct: type) -> dict[str, tuple[inspect.Parameter, type]]:
    """Return the parameters of a construct with the classes that document them, those of `**options` as its own."""
    found: dict[str, tuple[inspect.Parameter, type]] = {}
    # Of the class itself it would be the signature of the metaclass.
    for name, parameter in inspect.signature(construct.__init__).parameters.items():  # type: ignore[misc]
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            found[name] = (parameter, construct)
            continue
        (options,) = get_args(get_type_hints(construct.__init__)[name])  # type: ignore[misc]
        base = parameters_of(construct.__mro__[1])
        found |= {one: base[one] for one in options.__annotations__}
    return found


def samples(root: Path = SAMPLES_ROOT) -> list[Sample]:
    """Return every sample below a folder of this repository."""
    return [sample for path in sorted(root.rglob("sample.py")) for sample in samples_of(path)]


def samples_of(path: Path) -> Iterator[Sample]:
    """Yield the samples of one file."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    yield from (value for value in vars(import_module(name)).values() if isinstance(value, Sample))
