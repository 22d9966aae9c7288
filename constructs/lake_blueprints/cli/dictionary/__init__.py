"""The data dictionary: contracts as pages for people."""

from lake_blueprints.cli.dictionary.pages import write

__all__ = ("write",)
