"""Athena: queries."""
