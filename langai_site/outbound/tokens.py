"""Pure: how many tokens a text takes, without a tokenizer.

By its bytes in UTF-8: a character of Chinese is a token by itself, or nearly, where English has four characters to one.
"""

BYTES_A_TOKEN = 4
# Even dense text has no more tokens than this; what is reserved must not be less than what is used.
FEWEST_BYTES_A_TOKEN = 2


def size(text: str) -> int:
    """Bytes of `text`, also where a stream has cut a character in two."""
    return len(text.encode("utf-8", "surrogatepass"))


def about(size: int) -> int:
    """The tokens of so many bytes, as they mostly are."""
    return -(-size // BYTES_A_TOKEN)


def most(size: int) -> int:
    """The tokens of so many bytes at most."""
    return size // FEWEST_BYTES_A_TOKEN + 1
