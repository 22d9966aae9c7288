"""Asking the lake questions: Athena workgroups."""

from lake_blueprints.query.workgroup import Workgroup

__all__ = ("Workgroup",)
