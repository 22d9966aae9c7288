"""Errors of an application's run."""

from __future__ import annotations


class JobError(Exception):
    """A job that has failed, and is started again from its last checkpoint."""


class CodeError(Exception):
    """Code that ends without a job, for which the application goes back to READY."""
