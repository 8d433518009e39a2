"""Shows a model's thoughts: one folded line, and the text behind it once a person opens it."""

import time
from dataclasses import dataclass
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.events import IDLE, Progress
from chat.markdown import rendering
from chat.values import ThinkingText
from langai_site.numbers import grouped
from langai_site.sentences import drawn, from_text

# Characters of a thought that are shown: about the longest that models think, drawn in a fifth of a second.
SHOWN = 200_000


@dataclass(frozen=True)
class ThinkingLine:
    """The folded line. The page itself counts `seconds` up while the model is thinking; `url` has the thoughts."""

    name: str
    url: str
    running: bool
    seconds: float

    @property
    def spoken(self) -> str:
        """Return how long the model thinks or has thought, as static/thinking.js writes it: 12 s, 1 min 5 s."""
        whole = int(self.seconds)
        if whole < 60:
            return _("%(seconds)s s") % {"seconds": whole}
        return _("%(minutes)s min %(seconds)s s") % {"minutes": whole // 60, "seconds": whole % 60}

    @property
    def words(self) -> str:
        """Return the text of the line once thinking is over."""
        if self.seconds < 1:
            return _("Thought for a moment")
        return _("Thought for %(time)s") % {"time": self.spoken}


def line_of(reply: UUID, progress: Progress) -> ThinkingLine | None:
    """Return the line above an answer; None if there are no thoughts."""
    if not progress["thinking"]:
        return None
    running = progress["thinking"] == "running"
    seconds = progress["seconds"] + (max(0.0, time.time() - progress["at"]) if running else 0.0)
    return ThinkingLine(str(reply)[:8], reverse("chat:thinking", args=[reply]), running, round(seconds, 1))


def progress_of(thinking: ThinkingText | None) -> Progress:
    """Return the progress according to the thoughts in a reply's row."""
    return Progress(**{**IDLE, "thinking": "over", "seconds": thinking.seconds}) if thinking else IDLE


def waiting_words(progress: Progress) -> str:
    """Return what the page says while nothing has come yet; may be empty."""
    if reading := progress.get("reading"):
        return drawn(from_text(reading))
    if progress.get("is_searching"):
        return _("Searching your documents…")
    name = progress["waiting"]
    if not name:
        return ""
    if (before := progress.get("before")) is not None:
        words = _("%(model)s is busy: %(count)s before you…") if before else _("%(model)s is busy: you are next…")
        return words % {"model": name, "count": before}
    if failed := progress.get("instead_of"):
        return _("%(failed)s did not answer, asking %(model)s…") % {"failed": failed, "model": name}
    if progress["is_working"]:
        return _("%(model)s: the server is working on it (queue or loading)…") % {"model": name}
    return _("Waiting for %(model)s…") % {"model": name}


def progress_frame(reply: UUID, before: Progress, after: Progress) -> str:
    """Return the frame for a page that shows `before`. Thoughts that a person has opened stay open."""
    name, line, waiting = str(reply)[:8], line_of(reply, after), waiting_words(after)
    frame = ""
    if bool(before["thinking"]) != bool(line):
        inner = render_to_string("chat/bubble.html#thinking", {"line": line}) if line else ""
        frame += f'<div id="y-{name}" hx-swap-oob="innerHTML">{inner}</div>'
    elif line and any(before[key] != after[key] for key in ("thinking", "seconds", "at")):
        inner = render_to_string("chat/bubble.html#thinkingwords", {"line": line})
        frame += f'<span id="yw-{name}" hx-swap-oob="innerHTML">{inner}</span>'
    if waiting_words(before) != waiting:
        frame += f'<span id="w-{name}" hx-swap-oob="innerHTML">{escape(waiting)}</span>'
    return frame


def rendered(text: str) -> SafeString:
    """Return the thoughts as HTML. Their drawing cost is limited, as for answers."""
    if not text.strip():
        return SafeString("")
    # Sanitised, as answers are.
    html = mark_safe(rendering.render(text[:SHOWN]))  # noqa: S308
    left_out = len(text) - SHOWN
    if left_out <= 0:
        return html
    words = ngettext("%(count)s more character is not shown.", "%(count)s more characters are not shown.", left_out)
    return html + format_html("<p>{}</p>", words % {"count": grouped(left_out)})
