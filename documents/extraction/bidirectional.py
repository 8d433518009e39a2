"""Puts words and letters that stand on a line into the order of reading, where some run from right to left. Pure."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol, TypeVar

RIGHT_TO_LEFT = {"R", "AL"}
# Signs inside numbers, dates and codes.
JOINING = "-./:,"
# In a line that runs left, signs at the left end of a number or a code are read after it, and those at its right end
# before it. A sign of a currency stays where it is, and so does a percent sign at the right.
READ_AFTER = re.compile(r"""[\s.,:;!?()\[\]{}"'«»%\u060c\u061b\u061f]*""")
READ_BEFORE = re.compile(r"""[\s.,:;!?()\[\]{}"'«»+#\u060c\u061b\u061f]*$""")
OPENING, CLOSING = str.maketrans(")]}", "([{"), str.maketrans("([{", ")]}")
# Forms of Arabic letters that depend on their neighbours; people search for the letters themselves.
SHAPED = ("\ufb50", "\ufefc")


class Placed(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

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
        return _with_turned_runs(from_left, lambda word: runs_left(word.text), lambda run: run[::-1])
    return _with_turned_runs(from_left[::-1], lambda word: not runs_left(word.text), _foreign_run)


def _with_turned_runs(
    words: Sequence[W], is_other: Callable[[W], bool], turned: Callable[[list[W]], list[W]]
) -> list[W]:
    ordered: list[W] = []
    run: list[W] = []
    for word in words:
        if is_other(word):
            run.append(word)
        else:
            ordered += [*turned(run), word]
            run = []
    return [*ordered, *turned(run)]


def _foreign_run(run: list[W]) -> list[W]:
    """Return a run of words in a line that runs left, in the order of reading.

    One with letters runs right. Numbers alone follow the direction of the words around them.
    """
    if any(any(map(str.isalpha, word.text)) for word in run):
        return _with_signs(run[::-1])
    return [changed for word in run for changed in _with_signs([word])]


def _with_signs(run: list[W]) -> list[W]:
    """Return a run that was read from the left, with the signs at either end at the other one."""
    text = "\n".join(word.text for word in run)
    after = READ_AFTER.match(text)
    before = READ_BEFORE.search(text, after.end() if after else 0)
    if not after or not before or before.start() <= after.end():
        return run
    inner = text[after.end() : before.start()].split("\n")
    if len(inner) != len(run):
        return run
    # PDFium turns only some brackets around; one read before a word opens, and one read after it closes.
    inner[0] = before[0][::-1].translate(OPENING) + inner[0]
    inner[-1] += after[0][::-1].translate(CLOSING)
    return [replace(word, text=text) for word, text in zip(run, inner, strict=True)]


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
