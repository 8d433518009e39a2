"""Collects the thoughts of a live reply, and measures their time."""

import time
from typing import Literal

from chat.events import Progress
from chat.values import ThinkingText
from langai_site.characters import whole_characters


class LiveThinking:
    """The growing thoughts of one reply. A continued reply adds to `before`, those of its earlier part.

    Times are from `time.monotonic()`, except `at`, which other processes read.
    """

    def __init__(self, before: ThinkingText | None) -> None:
        self._before = before
        self.forget()

    def forget(self) -> None:
        """Drop the thoughts of a model that failed before its first word."""
        self._pieces = [self._before.text] if self._before else []
        self._seconds = self._before.seconds if self._before else 0.0
        self._since: float | None = None
        self._at = 0.0
        # Increases with every piece.
        self.count = 0

    @property
    def is_running(self) -> bool:
        return self._since is not None

    def take(self, text: str) -> bool:
        """Append `text` and return whether it starts a new thought."""
        begins = not self.is_running
        if begins:
            self._begin(time.monotonic())
        self._pieces.append(text)
        self.count += 1
        return begins

    def take_back(self, text: str, since: float) -> None:
        """Append `text`, which had been taken for the answer since `since`, as a thought that has ended."""
        if not self.is_running:
            self._begin(since)
        self._pieces.append(text)
        self.count += 1
        self.end()

    def end(self) -> bool:
        """End the thought that is running; return whether there was one."""
        if self._since is None:
            return False
        self._seconds += time.monotonic() - self._since
        self._since = None
        return True

    def _begin(self, since: float) -> None:
        if self._pieces:
            self._pieces.append("\n\n")
        self._since = since
        self._at = time.time() - (time.monotonic() - since)

    @property
    def text(self) -> str:
        return whole_characters("".join(self._pieces))

    @property
    def kept(self) -> ThinkingText | None:
        """Return all thoughts as the reply's row stores them; None if there are none."""
        if not self._pieces:
            return None
        running = time.monotonic() - self._since if self._since is not None else 0.0
        return ThinkingText(self.text, round(self._seconds + running, 1))

    def progress(self, waiting: Progress) -> Progress:
        """Return the state for watchers: `waiting`, with whether the model thinks and how long."""
        running = self.is_running
        thinking: Literal["", "running", "over"] = "running" if running else "over" if self._pieces else ""
        at = self._at if running else 0.0
        return Progress(**{**waiting, "thinking": thinking, "seconds": self._seconds, "at": at})
