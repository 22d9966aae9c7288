"""Erasure: Glue jobs that remove persons from the tables, records and objects of a lake."""

from lake_blueprints.processing.erasure.erasure import Erasure
from lake_blueprints.processing.erasure.exported_objects import ExportedObjects
from lake_blueprints.processing.erasure.step import Erase

__all__ = (
    "Erase",
    "Erasure",
    "ExportedObjects",
)
