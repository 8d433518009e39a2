"""Pure: estimates the tokens of a text, without a tokenizer.

By its bytes in UTF-8: a Chinese character is about one token, while English has four characters per token.
"""

BYTES_A_TOKEN = 4
# Even dense text has no more tokens than this; a reservation must not be less than the usage.
FEWEST_BYTES_A_TOKEN = 2
# What a server may add to a prompt itself: a template, its own instructions.
ADDED = 2**17
# What a picture usually takes, at the size to which providers reduce larger ones; and the most that one of them counts.
PICTURE_TOKENS, MOST_PICTURE_TOKENS = 1_600, 26_000


def size(text: str) -> int:
    """Return the bytes of `text`, even if a stream has cut a character in two."""
    return len(text.encode("utf-8", "surrogatepass"))


def about(size: int) -> int:
    """Return the usual number of tokens in `size` bytes."""
    return -(-size // BYTES_A_TOKEN)


def most(size: int) -> int:
    """Return the most tokens in `size` bytes."""
    return size // FEWEST_BYTES_A_TOKEN + 1


def counted_at_most(size: int) -> int:
    """Return the most tokens that a server can count in a prompt of `size` bytes: a token has at least one byte."""
    return size + ADDED
