"""Draws a live reply as it grows: as HTML, and as frames with what is new."""

from collections.abc import Iterable
from uuid import UUID

from chat.events import IDLE, Progress, Snapshot
from chat.markdown.differences import grown
from chat.markdown.streaming import Drawn, Stream
from chat.pages import fragments, thoughts


class LiveDrawing:
    """Draws a live reply in few bytes: finished blocks once, and only the new part of the open block."""

    def __init__(self, reply: str, snapshot: Snapshot) -> None:
        self.reply, self.text = reply, snapshot["text"]
        self._progress = snapshot.get("progress", IDLE)
        self._draw_whole(fragments.numbers_of(snapshot))

    @property
    def bubble(self) -> fragments.Bubble:
        """Return the reply as it is drawn so far."""
        html, open_html = fragments.safe("".join(self._finished)), fragments.safe(self._open_html)
        return fragments.live_bubble(UUID(self.reply), html, open_html, self._progress)

    @property
    def open_text(self) -> str:
        """Return the text of the block that is being written."""
        return self._stream.open_text

    def continues(self, text: str) -> bool:
        """Return whether `text` only adds words to the last line, which takes almost no time to draw."""
        return self._stream.continues(text)

    def whole_frame(self) -> str:
        """Return the frame that brings a page up to date, whatever it shows."""
        return fragments.replaced_frame(self.bubble, self.reply)

    def progress(self, progress: Progress) -> str:
        """Return the frame that says what the model is doing. Thoughts that a person has open stay open."""
        before, self._progress = self._progress, progress
        return thoughts.progress_frame(UUID(self.reply), before, progress)

    def know(self, numbers: Iterable[int]) -> str:
        """Return the frame that turns citations into links, now that these numbers may be cited."""
        before = "".join(self._finished), self._open_html
        self._draw_whole(numbers)
        return "" if before == ("".join(self._finished), self._open_html) else self.whole_frame()

    def grow(self, text: str) -> str:
        """Return the frame that appends `text`."""
        self.text += text
        before, drawn = self._open_html, self._stream.feed(self.text)
        self._take(drawn)
        return _frame(fragments.short_id(self.reply), before, drawn)

    def _draw_whole(self, numbers: Iterable[int]) -> None:
        self._stream = Stream(fragments.cite_urls(self.reply, numbers))
        self._finished: list[str] = []
        self._take(self._stream.feed(self.text))

    def _take(self, drawn: Drawn) -> None:
        self._finished += [drawn.finished_html] if drawn.finished_html else []
        self._open_html = drawn.open_html


def _frame(name: str, before: str, drawn: Drawn) -> str:
    """Return the frame for a page that shows `before` as the open block of the reply with that short name."""
    if drawn.finished_html:
        return f'<div hx-swap-oob="beforeend:#b-{name}">{drawn.finished_html}</div>{_opened(name, drawn)}'
    new = grown(before, drawn.open_html)
    if new is None:
        return _opened(name, drawn)
    path, piece = new
    # A table row must be wrapped in a table body.
    wrapper = "tbody" if path.endswith(">tbody:last-child") else "div"
    return f'<{wrapper} hx-swap-oob="beforeend:#o-{name}{path}">{piece}</{wrapper}>' if piece else ""


def _opened(name: str, drawn: Drawn) -> str:
    return f'<div id="o-{name}" hx-swap-oob="innerHTML">{drawn.open_html}</div>'
