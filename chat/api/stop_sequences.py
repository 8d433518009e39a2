"""Pure: finds the texts at which an answer ends, also if they come in pieces."""

from collections.abc import Sequence


class Stops:
    """Takes an answer piece by piece and returns what can be sent: everything before the first of `texts`."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.reached = False
        self._texts = texts
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return what can be sent by now. What may be the beginning of one of the texts is held back."""
        if self.reached:
            return ""
        text = self._held + piece
        found = [place for place in map(text.find, self._texts) if place >= 0]
        if found:
            self.reached, self._held = True, ""
            return text[: min(found)]
        held = max((_overlap(text, stop) for stop in self._texts), default=0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def rest(self) -> str:
        """Return what was held back, if the answer ends without completing a stop text."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return how many of the last characters of `text` are the first of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
