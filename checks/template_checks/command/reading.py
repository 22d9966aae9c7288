"""Templates to check: of a synthesised app, of a folder, or of one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from template_checks.command.cloudformation_yaml import parsed_yaml
from template_checks.command.errors import CommandError
from template_checks.core.assembly import Assembly, StackTemplate, parsed_json, template_in

_YAML: Final = (".yaml", ".yml")
_ENDINGS: Final = (".json", ".template", *_YAML)
# What every template that defines something says.
_SIGN: Final = "AWS::"


@frozen(kw_only=True)
class Templates:
    """Templates that could be read, and a line for each file that could not."""

    read: Sequence[StackTemplate]
    problems: Sequence[str] = field(factory=list)


def read(place: Path) -> Templates:
    """Return the templates of a synthesised app, of a folder of templates, or of a file.

    Raises
    ------
    CommandError
        If there is none.
    """
    if place.is_file():
        return _one(place)
    if (place / "manifest.json").is_file():
        return _assembly(place)
    if not place.is_dir():
        raise CommandError(
            f"'{place}' holds no synthesised app and is no template; run 'cdk synth' first, or name a folder or a file"
        )
    return _folder(place)


def _one(path: Path) -> Templates:
    try:
        return Templates(read=[_template(path, _document(path), path.name)])
    except ValueError as error:
        raise CommandError(f"'{path}' {_as_clause(error)}") from None


def _assembly(folder: Path) -> Templates:
    assembly = Assembly(folder, parse=_document)
    if not assembly.templates:
        reason = "; ".join(assembly.problems)
        raise CommandError(
            f"'{folder}' is not a whole synthesised app: {reason}; run 'cdk synth' again"
            if reason
            else f"'{folder}' holds no stack; there is nothing to check"
        )
    return Templates(read=assembly.templates, problems=assembly.problems)


def _folder(folder: Path) -> Templates:
    read, problems = [], []
    for path in sorted(_candidates(folder)):
        name = path.relative_to(folder).as_posix()
        try:
            document = _document(path)
            if isinstance(document, dict) and "Resources" in document:
                read.append(_template(path, document, name))
            elif ".template" in path.name:
                problems.append(f"{name}: has no Resources, which every template has")
        except ValueError as error:
            # Others are data, or templates of another tool.
            if ".template" in path.name or _SIGN in path.read_text(encoding="utf-8", errors="replace"):
                problems.append(f"{name}: {error}")
    if not read:
        reason = f": {'; '.join(problems)}" if problems else ""
        raise CommandError(
            f"'{folder}' holds no synthesised app and no template that can be read{reason}; run 'cdk synth' first, or "
            "name a folder or a file"
        )
    return Templates(read=read, problems=problems)


def _candidates(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            if not path.name.startswith((".", "node_modules", "asset.")):
                yield from _candidates(path)
        elif path.suffix in _ENDINGS and path.is_file():
            yield path


def _template(path: Path, document: Any, name: str) -> StackTemplate:
    short = name.removesuffix(path.suffix).removesuffix(".template")
    return template_in(document, path=path, name=short)


def _document(path: Path) -> Any:
    """Return what a template says; JSON is YAML too, and read by the faster reader."""
    try:
        if path.suffix not in _YAML:
            try:
                return parsed_json(path)
            except ValueError:
                if path.suffix == ".json":
                    raise
        return parsed_yaml(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("is no text in UTF-8") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _as_clause(error: ValueError) -> str:
    text = str(error)
    return text if text.startswith(("is ", "has ", "cannot ")) else f"is no template: {text}"
