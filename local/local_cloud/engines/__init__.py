"""Engines of the local cloud, a folder per AWS service."""
