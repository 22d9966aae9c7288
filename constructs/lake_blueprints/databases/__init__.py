"""Databases: Redshift."""
