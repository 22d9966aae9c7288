"""Syntax nodes shared by the rewrites of Trino's SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError


def call(name: str, *arguments: Any) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[item for item in arguments if item is not None])


def in_try(node: Any) -> bool:
    return node.find_ancestor(exp.Try) is not None


def refuse(reason: str) -> Callable[[exp.Expr], exp.Expr]:
    def refuse(node: exp.Expr) -> exp.Expr:
        raise LocalCloudError(f"NOT_SUPPORTED: {reason}")

    return refuse
