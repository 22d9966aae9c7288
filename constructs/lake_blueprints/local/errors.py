"""What the local cloud raises when it cannot do what was asked."""


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked; the message says why and what to do."""
