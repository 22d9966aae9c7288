"""`lake check`: every gate over a synthesised app, in one report."""

from template_checks.command.command import add_parser

__all__ = ("add_parser",)
