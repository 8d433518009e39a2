"""Pure: text that every database, socket and page can hold, whatever a model sends."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def whole_characters(text: str) -> str:
    """`text` with halves of surrogate pairs joined, or replaced where the other half is missing; NUL is replaced."""
    if text.isascii():
        return text.replace("\0", REPLACEMENT)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", REPLACEMENT)


def split_off_half(text: str) -> tuple[str, str]:
    """`text` without a first half of a surrogate pair at its end, and that half: the other may be still to come."""
    return (text[:-1], text[-1]) if text and "\ud800" <= text[-1] <= "\udbff" else (text, "")
