"""Glue crawlers."""
