"""Pure: texts at which an answer ends, found also where they come in pieces."""

from collections.abc import Sequence


class Stops:
    """Fed an answer piece by piece, gives back what can be told: all before the first of `texts`, and none of it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.reached = False
        self._texts = texts
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be told by now. What may be the beginning of one of the texts is held back."""
        text = self._held + piece
        found = [place for place in map(text.find, self._texts) if place >= 0]
        if found:
            self.reached, self._held = True, ""
            return text[: min(found)]
        held = max((_overlap(text, stop) for stop in self._texts), default=0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def rest(self) -> str:
        """What was held back, where the answer ends without the rest of it."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """How many of the last characters of `text` are the first of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
