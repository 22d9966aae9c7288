"""Permissions as they are deployed: the requests that they are for, and those that they must not allow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from lake_blueprints.foundation.access import Permission
from tests.permissions import authorization

STRANGER = "444455556666"
Context = dict[str, str]
Asked = tuple[str, str, Context]


@dataclass(frozen=True, kw_only=True)
class DeployedPermission:
    """A permission without tokens."""

    permission: Permission
    on: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, list[str]]]
    contexts: tuple[Context, ...]

    @property
    def actions(self) -> list[str]:
        return [action for named in self.permission.actions for action in authorization.expanded(named)]

    def requests(self) -> Iterator[Asked]:
        """Yield what the permission is for: each action on examples of its resources, in each context."""
        for action in self.actions:
            for resource in self.resources(action):
                for context in self.request_contexts():
                    yield action, resource, context

    def resources(self, action: str) -> Iterator[str]:
        for pattern in self.on:
            yield from _examples(pattern, action)

    def request_contexts(self) -> Iterator[Context]:
        """Yield the contexts of requests: what the service says, and what the conditions ask for."""
        for context in self.contexts:
            keys = {key: values for asked in self.conditions.values() for key, values in asked.items()}
            options = [
                [(key, one) for value in keys[key] for one in _values(key, value)] for key in keys.keys() - context
            ]
            for chosen in product(*options):
                yield {**context, **dict(chosen)}

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Whether the permission is for such a request as well."""
        return (
            action in self.actions
            and any(matches(pattern, resource) for pattern in self.on)
            and all(
                key in context and any(matches(value, context[key]) for value in values)
                for asked in self.conditions.values()
                for key, values in asked.items()
            )
        )


def other_actions(deployed: list[DeployedPermission]) -> Iterator[Asked]:
    """Yield every other action of AWS on the resources that permissions are for."""
    seen = set()
    for one in deployed:
        context = next(one.request_contexts())
        for action in one.actions:
            for resource in (next(_examples(pattern, action)) for pattern in one.on):
                for other in authorization.actions_on(action, resource):
                    if (other, resource) not in seen:
                        seen.add((other, resource))
                        yield other, resource, context


def other_resources(deployed: list[DeployedPermission]) -> Iterator[Asked]:
    """Yield the actions of permissions on neighbours of their resources: prefixes, tables, streams, keys."""
    for one in deployed:
        context = next(one.request_contexts())
        for action in one.actions:
            for pattern in one.on:
                for resource in _neighbours(pattern, action):
                    # What is made of another part of an ARN may be no ARN of the service.
                    if authorization.fits(action, resource):
                        yield action, resource, context


def other_contexts(deployed: list[DeployedPermission]) -> Iterator[Asked]:
    """Yield the requests of permissions with a condition broken: without its key, and with another value."""
    for one in deployed:
        keys = {key for asked in one.conditions.values() for key in asked}
        for action, resource, context in one.requests():
            for key in keys & context.keys():
                yield action, resource, {name: value for name, value in context.items() if name != key}
                for value in _others(key, context[key]):
                    yield action, resource, {**context, key: value}


def denied(deployed: list[DeployedPermission], asked: Iterable[Asked]) -> list[Asked]:
    """Return the requests that no permission is for."""
    return [request for request in asked if not any(one.covers(*request) for one in deployed)]


def matches(pattern: str, text: str) -> bool:
    """Whether IAM takes a text for what a pattern names."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _examples(pattern: str, action: str) -> Iterator[str]:
    if pattern == "*" or not re.search(r"[*?]", pattern):
        yield pattern
    elif ":s3:::" in pattern and pattern.endswith("*"):
        yield from (_filled(pattern[:-1]) + name for name in ("a/first.parquet", "z"))
    elif ":logs:" in pattern and pattern.endswith("*"):
        # IAM is asked about a group by the ARN of its streams:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
        group = re.sub(r":(log-stream:)?$", "", pattern[:-1] if pattern.endswith(":*") else f"{pattern[:-1]}one")
        yield f"{_filled(group)}:log-stream:{'one' if authorization.is_on(action, 'log-stream') else ''}"
    else:
        yield _filled(pattern)


def _filled(pattern: str) -> str:
    return pattern.replace("??????", "AbCdEf").replace("*", "one")


def _neighbours(pattern: str, action: str) -> Iterator[str]:
    head, wildcard, tail = re.match(r"([^*?]*)([*?]*)(.*)", pattern, re.DOTALL).groups()  # type: ignore[union-attr]
    if not head or head.endswith(":catalog"):
        # There is one catalog in an account.
        return
    if not wildcard:
        yield f"{head}-other"
    elif head.endswith(("/", ":")):
        yield from _examples(f"{head[:-1]}-other{head[-1]}{wildcard}{tail}", action)
    else:
        other = re.sub(r"[^/:]*$", "another", head, count=1)
        yield _filled(f"{other}{tail}" if tail else other)
    if ":s3:::" in head and "/" in head:
        yield f"{head.split('/', 1)[0]}/other/object"


def _values(key: str, value: str) -> Iterator[str]:
    if key == "s3:prefix" and value.endswith("*"):
        yield from (value[:-1], f"{value[:-1]}a/")
    else:
        yield _filled(value)


def _others(key: str, value: str) -> Iterator[str]:
    if value in {"true", "false"}:
        yield "false" if value == "true" else "true"
    elif found := re.search(r"(?<!\d)\d{12}(?!\d)", value):
        yield value.replace(found[0], STRANGER)
    elif key == "s3:prefix":
        yield from ("", f"{value.rstrip('/')}-other/")
    else:
        yield f"{value}-other"
