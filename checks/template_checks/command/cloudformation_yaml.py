"""YAML as CloudFormation reads it: short forms of functions, and dates that are text."""

from __future__ import annotations

from typing import Any

import yaml

from template_checks.core.depth import TOO_DEEP

# libyaml's parser is ten times as fast, where it is installed.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WITHOUT_PREFIX = ("Ref", "Condition")


class _Loader(_Base):  # type: ignore[misc]
    """The loader, whose dates stay text: `Version: 2012-10-17`."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the base class has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


def _function(loader: Any, name: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        argument: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        argument = loader.construct_sequence(node, deep=True)
    else:
        argument = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(argument, str):
        argument = argument.split(".", 1)
    return {name if name in _WITHOUT_PREFIX else f"Fn::{name}": argument}


_Loader.add_multi_constructor("!", _function)


def parsed_yaml(text: str) -> Any:
    """Return what a template in YAML says.

    Raises
    ------
    ValueError
        If it is no YAML, or too deep to be read.
    """
    try:
        return _textual(yaml.load(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _textual(value: Any) -> Any:
    """Return a value whose keys are text, as in JSON."""
    if isinstance(value, dict):
        return {str(key): _textual(item) for key, item in value.items()}
    return [_textual(item) for item in value] if isinstance(value, list) else value


def composed(text: str) -> Any:
    """Return a template in YAML or JSON as nodes that know their lines; None if it is neither."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError):
        return None


def line_of(node: Any, path: list[str]) -> int:
    """Return the line of a value below a node, or of the closest above it that is there; from 1."""
    line = 1
    for key in path:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == key), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
            node = node.value[int(key)]
            line = node.start_mark.line + 1
        else:
            break
    return line
