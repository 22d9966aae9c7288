"""Errors of replications."""

from __future__ import annotations


class ReplicationError(Exception):
    """The reason for which a replication fails, in words for its user."""
