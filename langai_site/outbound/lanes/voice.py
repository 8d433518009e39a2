"""Pure: the text and the thinking of one answer, separated and with whole characters."""

from langai_site.outbound.lanes.events import Event, ThinkingDelta
from langai_site.outbound.lanes.surrogates import Joiner, whole
from langai_site.outbound.lanes.think_tags import ThinkSplitter


class Voice:
    """Takes text and thinking as a server sends them, and returns events.

    Marks around thinking in the text are understood, and characters cut in two are joined.
    """

    def __init__(self, *, opened: bool = False) -> None:
        """`opened`: the text begins inside a thought."""
        self._splitter = ThinkSplitter(opened=opened)
        self._text, self._thought = Joiner(), Joiner()
        self._has_thought = False

    def say(self, text: str) -> list[Event]:
        """Return the events of a piece of text."""
        if text and (joined := self._text.feed(text)):
            return self._splitter.feed(joined)
        return []

    def think(self, text: str, signature: str = "") -> list[Event]:
        """Return the events of a piece of thinking."""
        if text and not self._has_thought:
            # The server separates thinking itself, so the text that follows is an answer.
            self._has_thought = True
            self._splitter.expect_text()
        joined = self._thought.feed(text) if text else ""
        return [ThinkingDelta(joined, whole(signature))] if joined or signature else []

    def plain(self, text: str) -> str:
        """Return text that is neither text nor thinking of the answer, with whole characters."""
        return whole(text)

    def close(self) -> list[Event]:
        """Return what was held back. More text may follow, from servers that continue after they named a reason."""
        rest = self._thought.close()
        found: list[Event] = [ThinkingDelta(rest)] if rest else []
        if rest := self._text.close():
            found += self._splitter.feed(rest)
        return found + self._splitter.close()
