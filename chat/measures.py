"""The metrics of replies: observed a handful of times per reply, never per token."""

import time

from chat.models import Message
from langai_site.telemetry.metrics import SLOW, counter, histogram

REPLIES = counter("langai_replies", "Replies that ended, by how and by model", "status", "model", "cached")
FIRST_WORDS = histogram(
    "langai_reply_first_words_seconds", "From a question to the first words of its answer", "model", buckets=SLOW
)
REPLY_SECONDS = histogram(
    "langai_reply_seconds", "From a question to the end of its answer", "status", "model", buckets=SLOW
)
ALL = (REPLIES, FIRST_WORDS, REPLY_SECONDS)

# If no model was chosen: the name that a person requested may be anything, so it cannot be a label's value.
NO_MODEL = "none"


def first_words(model: str, began: float) -> None:
    """Observe the first words; `began` is the value of `time.monotonic()` when the reply was requested."""
    FIRST_WORDS.labels(model).observe(time.monotonic() - began)


def ended(status: Message.Status, model: str, began: float, *, cached: bool = False) -> None:
    REPLIES.labels(status.value, model, "yes" if cached else "no").inc()
    REPLY_SECONDS.labels(status.value, model).observe(time.monotonic() - began)
