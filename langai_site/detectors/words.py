"""Pure: finds an admin's words in a text, as whole words, ignoring case, accents, and spaces or dashes between them."""

import re
import unicodedata

from langai_site.detectors.plain import plain

# Marks on letters of alphabets; in other scripts they make different letters.
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff]+")
# Letters that Unicode considers different, not letters with a mark.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"})
_SPACES = re.compile(r"[\s_-]+")
# Scripts without spaces between words, and Hangul, whose words end in particles: a word may touch its neighbour.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af"
    r"\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Nobody needs a more exact count.
MOST = 100


def folded(text: str) -> str:
    """Return `text`, as `plain` or not, in the form in which words are compared."""
    text = plain(text)
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
        text = unicodedata.normalize("NFC", text).translate(_PLAIN_LETTERS)
    return _SPACES.sub(" ", text.casefold())


def count_word(word: str, text: str) -> int:
    """Return how often the folded `word` occurs in the folded `text`, at most `MOST`."""
    count, at = 0, text.find(word)
    while at >= 0 and count < MOST:
        end = at + len(word)
        count += _is_edge(text[at - 1 : at], word[0]) and _is_edge(text[end : end + 1], word[-1])
        at = text.find(word, end)
    return count


def _is_edge(neighbour: str, char: str) -> bool:
    """Return whether a word that begins or ends in `char` may end beside `neighbour`, "" at the text's ends."""
    if not _is_letter(neighbour) or not _is_letter(char):
        return True
    return bool(_UNSPACED.match(char) or _UNSPACED.match(neighbour))


def _is_letter(char: str) -> bool:
    return char.isalnum() or (bool(char) and unicodedata.category(char)[0] == "M")
