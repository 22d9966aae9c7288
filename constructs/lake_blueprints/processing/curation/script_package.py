"""A package of Python modules, zipped as Glue puts it on a script's path."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.foundation.generated_asset import archived, generated_asset

_SCRIPTS = Path(__file__).parent / "scripts"
# Id of what all curation jobs of a stack share.
_SHARED = "CurationScript"


def curation_script(scope: Construct) -> tuple[s3_assets.Asset, s3_assets.Asset]:
    """Return the script of curation jobs and its package, which all jobs of a stack share."""
    stack = Stack.of(scope)
    home = stack.node.try_find_child(_SHARED)
    if home is None:
        home = Construct(stack, _SHARED)
        s3_assets.Asset(home, "Script", path=str(_SCRIPTS / "curate.py"))
        package_asset(home, "Package", _SCRIPTS / "lake_curation")
    script, package = (cast(s3_assets.Asset, home.node.find_child(part)) for part in ("Script", "Package"))
    return script, package


def package_asset(scope: Construct, construct_id: str, package: Path) -> s3_assets.Asset:
    """Return the modules of a package as a zip asset, the same bytes for the same modules on every machine."""
    return generated_asset(scope, construct_id, name=f"{package.name}.zip", content=zipped(package))


def zipped(package: Path) -> bytes:
    """Return the modules of a package as a zip file."""
    return archived({f"{package.name}/{module.name}": module.read_bytes() for module in package.glob("*.py")})
