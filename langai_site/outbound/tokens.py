"""Pure: how many tokens a text takes, without a tokenizer.

By its bytes in UTF-8: a character of Chinese is a token by itself, or nearly, where English has four characters to one.
"""

BYTES_A_TOKEN = 4
# Even dense text has no more tokens than this; what is reserved must not be less than what is used.
FEWEST_BYTES_A_TOKEN = 2
# What a server may add to a prompt by itself: a template, instructions of its own.
ADDED = 2**17


def size(text: str) -> int:
    """Bytes of `text`, also where a stream has cut a character in two."""
    return len(text.encode("utf-8", "surrogatepass"))


def about(size: int) -> int:
    """The tokens of so many bytes, as they mostly are."""
    return -(-size // BYTES_A_TOKEN)


def most(size: int) -> int:
    """The tokens of so many bytes at most."""
    return size // FEWEST_BYTES_A_TOKEN + 1


def counted_at_most(size: int) -> int:
    """The most tokens that a server can count in a prompt of so many bytes: a byte is the shortest token there is."""
    return size + ADDED
