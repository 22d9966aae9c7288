"""Glue."""
