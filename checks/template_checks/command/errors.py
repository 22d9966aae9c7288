"""What a command says instead of a traceback."""


class CommandError(Exception):
    """A command cannot do what was asked; the message says what is wrong and how to fix it."""
