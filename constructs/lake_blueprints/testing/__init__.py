"""A pytest plugin that notices changes of templates that lose data or widen permissions."""

from lake_blueprints.testing.changes import TemplateChanges

__all__ = ("TemplateChanges",)
