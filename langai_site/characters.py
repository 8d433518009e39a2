"""Pure: text that every database, socket and page can hold, and the characters in it that people do not see.

The detectors and the prompts of the chat share the list of hidden characters. If a prompt leaves characters out that
hide a number or a key from the detectors, they would call public what arrives at the model in one piece.
"""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# The lists are ranges for the square brackets of a regular expression. Together they are Unicode's default ignorable
# characters, its controls and its format characters, except those that can be seen, such as the Arabic number sign.
# These shape a word or are part of it: soft hyphens, joiners, variation selectors, fillers of Hangul, hieroglyph
# controls.
HIDDEN_IN_WORDS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u3164\ufe00-\ufe0f\uffa0\U00013430-\U00013440"
    "\U0001bca0-\U0001bca3\U000e0100-\U000e01ef"
)
# These can separate words: controls, marks that change the direction of a text, zero-width spaces, tags.
HIDDEN_BETWEEN_WORDS = (
    "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
HIDDEN = HIDDEN_IN_WORDS + HIDDEN_BETWEEN_WORDS
# These end a line in some programs and are hidden in others.
LINE_ENDS = "\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
# For `str.translate` of ASCII texts, which is quicker than a pattern: removes hidden characters, unifies line ends.
ASCII_VISIBLE: dict[int, str | None] = {
    **dict.fromkeys([*range(9), *range(0xE, 0x20), 0x7F]),
    **dict.fromkeys([0xB, 0xC, 0x1C, 0x1D, 0x1E], "\n"),
}


def whole_characters(text: str) -> str:
    """Return `text` with halves of surrogate pairs joined, or replaced if one half is missing; NUL is replaced."""
    if text.isascii():
        return text.replace("\0", REPLACEMENT)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", REPLACEMENT)


def split_off_half(text: str) -> tuple[str, str]:
    """Return `text` without the first half of a surrogate pair at its end, and that half: the other may follow."""
    return (text[:-1], text[-1]) if text and "\ud800" <= text[-1] <= "\udbff" else (text, "")
