"""Puts words and letters that stand on a line into the order of reading, where some run from right to left. Pure."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

RIGHT_TO_LEFT = {"R", "AL"}
# Signs inside numbers, dates and codes.
JOINING = "-./:,"
# Forms of Arabic letters that depend on their neighbours; people search for the letters themselves.
SHAPED = ("\ufb50", "\ufefc")


class Placed(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def left(self) -> float: ...


W = TypeVar("W", bound=Placed)


def runs_left(text: str) -> bool:
    """Return whether a text has letters that run from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text)


def in_logical_order(words: Sequence[W]) -> list[W]:
    """Return the words of a line in the order of reading, whichever way most of them run.

    Those that run the other way, such as a name in another script or a code, keep their own order.
    """
    from_left = sorted(words, key=lambda word: word.left)
    lettered = [word for word in words if any(map(str.isalpha, word.text))]
    if sum(runs_left(word.text) for word in lettered) * 2 < len(lettered):
        return _with_turned_runs(from_left, lambda word: runs_left(word.text), lambda _: True)
    return _with_turned_runs(from_left[::-1], lambda word: not runs_left(word.text), _is_foreign)


def _with_turned_runs(
    words: Sequence[W], is_other: Callable[[W], bool], turns: Callable[[Sequence[W]], bool]
) -> list[W]:
    ordered: list[W] = []
    run: list[W] = []
    for word in words:
        if is_other(word):
            run.append(word)
        else:
            ordered += [*(reversed(run) if turns(run) else run), word]
            run = []
    return [*ordered, *(reversed(run) if turns(run) else run)]


def _is_foreign(run: Sequence[Placed]) -> bool:
    """Return whether a run of words has letters: numbers alone follow the direction of the words around them."""
    return any(any(map(str.isalpha, word.text)) for word in run)


def logical_letters(visual: Sequence[str]) -> str:
    """Return the letters of a word, given from left to right, in the order of reading.

    Codes and numbers in a word that runs left keep theirs. PDFium has turned brackets around already.
    """
    text = "".join(visual)
    if not runs_left(text):
        return text
    ordered = code = ""
    for letter in reversed(text):
        of_code = letter.isdigit() or (letter.isalpha() and not runs_left(letter))
        if of_code or (code and letter in JOINING):
            code += letter
        else:
            ordered += _turned(code) + letter
            code = ""
    return _unshaped(ordered + _turned(code))


def _turned(code: str) -> str:
    """Return a code that was met from its end; signs beyond it belong to the word around it."""
    inner = code.rstrip(JOINING)
    return inner[::-1] + code[len(inner) :]


def _unshaped(text: str) -> str:
    return "".join(
        unicodedata.normalize("NFKC", letter) if SHAPED[0] <= letter <= SHAPED[1] else letter for letter in text
    )
