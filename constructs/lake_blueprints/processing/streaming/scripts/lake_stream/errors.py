"""The one error that a user sees."""


class StreamError(Exception):
    """The plan cannot be followed; the message says why in one line."""
