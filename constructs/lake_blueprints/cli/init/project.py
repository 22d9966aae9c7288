"""Files of a new app: templates of this package, in which the name is filled in, and the feature flags of the CDK."""

from __future__ import annotations

import json
import tarfile
from importlib.metadata import version
from importlib.resources import files as resources
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

_TEMPLATES = resources("lake_blueprints.cli.init") / "templates"
# By the template's name, which a tool that looks for code or tests must not mistake for either.
_PATHS = {
    "app.py.template": "app.py",
    "gitignore.template": ".gitignore",
    "orders.jsonl.template": "sample/orders.jsonl",
    "orders.odcs.yaml.template": "contracts/orders.odcs.yaml",
    "package.json.template": "package.json",
    "readme.md.template": "README.md",
    "requirements.txt.template": "requirements.txt",
    "send.py.template": "send.py",
    "test_app.py.template": "test_app.py",
}
_FLAGS = "package/recommended-feature-flags.json"


def files(name: str) -> dict[str, str]:
    """Return the files of an app that is named so, by path."""
    stack = "".join(part[0].upper() + part[1:] for part in name.split("-"))
    values = {"name": name, "stack": stack, "version": version("lake-blueprints")}
    written = {
        path: Template((_TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)
        for template, path in _PATHS.items()
    }
    return {**written, "cdk.json": json.dumps(_cdk_json(), indent=2) + "\n"}


def _cdk_json() -> dict[str, Any]:
    context = {"lake-blueprints:destroy-data": False, **recommended_flags()}
    return {"app": "python app.py", "versionReporting": False, "context": context}


def recommended_flags() -> dict[str, Any]:
    """Return the feature flags that the installed aws-cdk-lib recommends to new apps, as `cdk init` writes them."""
    # Imported, the CDK would start Node.
    package = find_spec("aws_cdk")
    assert package is not None and package.origin is not None
    folder = Path(package.origin).parent / "_jsii"
    with tarfile.open(next(folder.glob("aws-cdk-lib@*.jsii.tgz"))) as library:
        file = library.extractfile(_FLAGS)
        assert file is not None, f"aws-cdk-lib has no {_FLAGS}"
        flags: dict[str, Any] = json.load(file)
    return flags
