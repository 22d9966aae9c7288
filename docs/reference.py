"""Reference pages of the docs site: one for each public package, from its docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import mkdocs_gen_files

PACKAGES = (Path("constructs/lake_blueprints"), Path("local/local_cloud"), Path("checks/template_checks"))


def public_names(package: Path) -> list[str]:
    """Return `__all__` of a package that lists it literally."""
    for node in ast.parse((package / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def packages(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Return the packages below a root that have public names; a folder that is no package has none of the root's."""
    for init in sorted(root.rglob("__init__.py")):
        above = init.relative_to(root).parents
        if all((root / folder / "__init__.py").exists() for folder in above) and (names := public_names(init.parent)):
            yield ".".join(init.parent.relative_to(root.parent).parts), names


for root in PACKAGES:
    for package, names in packages(root):
        path = f"reference/{'/'.join(package.split('.'))}.md"
        with mkdocs_gen_files.open(path, "w") as page:
            page.write(f"# `{package}`\n\n")
            page.writelines(f"::: {package}.{name}\n\n" for name in names)
