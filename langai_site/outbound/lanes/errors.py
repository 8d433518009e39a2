"""Pure: how reading a provider's answer can fail."""


class UnreadableError(Exception):
    """The server sent something that is not in its format, so the answer would have a gap."""


class TooLongError(Exception):
    """One event of the answer is longer than an honest one can be."""
