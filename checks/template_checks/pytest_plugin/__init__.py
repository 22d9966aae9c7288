"""A pytest plugin that notices changes of templates that lose data or widen permissions."""

from template_checks.pytest_plugin.changes import TemplateChanges

__all__ = ("TemplateChanges",)
