"""Pure: texts in the form that detectors read, so that a look-alike sign hides nothing."""

import unicodedata

# Shown as nothing, though Unicode does not class them as format characters.
_UNSEEN = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)}
_LINES = {"\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"}
# Signs remembered: more than any one language has, and a bound for texts that are made to have all.
_REMEMBERED = 100_000


class _Signs(dict[int, int | str | None]):
    """What `str.translate` puts in a sign's place; worked out at its first use."""

    def __missing__(self, code: int) -> int | str | None:
        sign = _sign(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = sign
        return sign


def _sign(char: str) -> str | None:
    category = unicodedata.category(char)
    if category == "Cf" or ord(char) in _UNSEEN:
        return None
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Pd" or char == "\u2212":
        return "-"
    if char in _LINES:
        return "\n"
    return " " if category == "Zs" else char


_signs = _Signs()


def plain(text: str) -> str:
    """`text` with digits, spaces, dashes and line ends of one kind, and without what cannot be seen."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_signs)
    return text.replace("\r\n", "\n").replace("\r", "\n")
