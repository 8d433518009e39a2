r"""Pure: makes text storable that comes from servers that cut a character in two.

JSON can name half a character (`\ud83d`), and some servers send the halves in two deltas.
"""

FIRST_HALVES = ("\ud800", "\udbff")
REPLACEMENT = "\ufffd"


class Joiner:
    """Joins halves of characters over several texts; a half that stays alone becomes U+FFFD."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """Return the text without halves. A first half at its end waits for the next text."""
        if not self._half:
            if text.isascii():
                return text
            try:
                text.encode()
            except UnicodeEncodeError:
                pass
            else:
                return text
        text = self._half + text
        self._half = ""
        if text and FIRST_HALVES[0] <= text[-1] <= FIRST_HALVES[1]:
            text, self._half = text[:-1], text[-1]
        return whole(text)

    def close(self) -> str:
        """Return U+FFFD if a half still waits, otherwise nothing."""
        rest, self._half = self._half, ""
        return REPLACEMENT if rest else ""


def whole(text: str) -> str:
    """Return the text with its halves joined, and U+FFFD for each half that is alone."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
