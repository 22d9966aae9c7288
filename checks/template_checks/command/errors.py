"""Errors with a message for the user of a command."""


class CommandError(Exception):
    """A command cannot do what was asked; the message says what is wrong and how to fix it."""
