"""What the model of a live reply thinks, and for how long."""

import time

from chat.events import Progress
from chat.values import Thinking
from langai_site.characters import whole_characters


class LiveThinking:
    """Grows with the thoughts of one reply. A reply that is continued goes on with those it has, `before`.

    Times are those of `time.monotonic()`, except `at`, which other processes read.
    """

    def __init__(self, before: Thinking | None) -> None:
        self._before = before
        self.forget()

    def forget(self) -> None:
        """Drop what was thought in vain, by a model that failed before its first word."""
        self._pieces = [self._before.text] if self._before else []
        self._seconds = self._before.seconds if self._before else 0.0
        self._since: float | None = None
        self._at = 0.0
        # Changes with every piece.
        self.count = 0

    @property
    def is_running(self) -> bool:
        return self._since is not None

    def take(self, text: str) -> bool:
        """Append `text`, and return whether a thought begins with it."""
        begins = not self.is_running
        if begins:
            self._begin(time.monotonic())
        self._pieces.append(text)
        self.count += 1
        return begins

    def take_back(self, text: str, since: float) -> None:
        """Append `text`, which was taken for the answer from `since` on, as a thought that has ended."""
        if not self.is_running:
            self._begin(since)
        self._pieces.append(text)
        self.count += 1
        self.end()

    def end(self) -> bool:
        """Return whether a thought ends now: the answer begins, or there is none."""
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
    def kept(self) -> Thinking | None:
        """All of it, as the row of the reply keeps it; None where nothing was thought."""
        if not self._pieces:
            return None
        running = time.monotonic() - self._since if self._since is not None else 0.0
        return Thinking(self.text, round(self._seconds + running, 1))

    def progress(self, waiting: str, *, is_working: bool) -> Progress:
        """What watchers are told: that it runs or how long it took, and for which model the reply waits."""
        return Progress(
            thinking="running" if self.is_running else "over" if self._pieces else "",
            seconds=self._seconds,
            at=self._at if self.is_running else 0.0,
            waiting=waiting,
            is_working=is_working,
        )
