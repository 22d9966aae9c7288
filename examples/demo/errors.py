"""The error that the demo ends with."""


class DemoError(Exception):
    """Something is not as it must be; the message says what in one line."""
