"""Pure: what gives a turn its label. A label is the highest of its causes, each with words for who reads it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from langai_site.detectors import Detection
from langai_site.sensitivity import Sensitivity, highest

CHOSEN = "chosen by you"
STARTED = "where new conversations start"
# The words of a cause where the title of the document is not known any more, or never was told there.
UNNAMED = "a document"
PASSAGE, LOWERED = "a passage from “", "lowered by you: "
_UNQUOTED = {PASSAGE: "a passage", LOWERED: "lowered by you"}
_QUOTED = re.compile(f"({PASSAGE}|{LOWERED}).*", re.DOTALL)


@dataclass(frozen=True)
class Cause:
    """Something that a turn's label is at least as high as. `words` repeat nothing of what was written."""

    label: Sensitivity
    words: str


def label_of(causes: Iterable[Cause]) -> Sensitivity:
    return highest(*(cause.label for cause in causes))


def words_of(causes: Sequence[Cause]) -> str:
    """Why the label is as high as it is: the first of the causes that are."""
    label = label_of(causes)
    return next((cause.words for cause in causes if cause.label == label), "")


def started(label: Sensitivity) -> Cause:
    """What a new conversation begins with."""
    return Cause(label, STARTED)


def so_far(label: Sensitivity, words: str) -> Cause:
    """What a conversation brings along: the label that it has, and why it has that."""
    return Cause(label, words if words in ("", STARTED) else f"this conversation: {words}")


def asked(before: Sensitivity, chosen: Sensitivity | None, detections: Sequence[Detection]) -> tuple[Cause, ...]:
    """What labels a message by itself: what its writer chose, if that is above `before`, and what was seen in it."""
    picked = [Cause(chosen, CHOSEN)] if chosen is not None and chosen > before else []
    return (*picked, *(Cause(found.label, f"{found.words} in your message") for found in detections))


def turn(conversation: Cause, own: Sequence[Cause]) -> tuple[Cause, ...]:
    """What labels a turn before any document is searched: the conversation counts where it is above the message."""
    return tuple(own) if own and label_of(own) >= conversation.label else (conversation, *own)


def passage(title: str, label: Sensitivity) -> Cause:
    return Cause(label, f"{PASSAGE}{title}”")


def lowered(reason: str) -> str:
    """The words for a label that its owner has lowered."""
    return LOWERED + reason


def reason_of(words: str) -> str:
    """The reason that `lowered` was given."""
    return words.removeprefix(LOWERED)


def unquoted(words: str) -> str:
    """The words for who may not read the conversation: without a document's title, and without its owner's reason."""
    return _QUOTED.sub(lambda found: _UNQUOTED[found[1]], words)


def written(causes: Iterable[Cause]) -> list[dict[str, str | int]]:
    """The causes as a row keeps them."""
    return [{"label": cause.label.value, "words": cause.words} for cause in causes]


def read(rows: Iterable[dict[str, str | int]]) -> tuple[Cause, ...]:
    """The causes as a row kept them."""
    return tuple(Cause(Sensitivity(int(row["label"])), str(row["words"])) for row in rows)
