"""`lake check`: every gate over a synthesised app, in one report."""

from lake_blueprints.cli.check.command import add_parser

__all__ = ("add_parser",)
