"""Pure: what gives a turn its label: the highest of its causes. Each cause has words for the reader."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from langai_site.detectors import Detection
from langai_site.sensitivity import Sensitivity, highest

CHOSEN = "chosen by you"
STARTED = "where new conversations start"
# The words of a cause if the document's title is unknown, or was never shown in the conversation.
UNNAMED = "a document"
PASSAGE, FILE, LOWERED = "a passage from “", "the file “", "lowered by you: "
_UNQUOTED = {PASSAGE: "a passage", FILE: "a file", LOWERED: "lowered by you"}
_QUOTED = re.compile(f"({PASSAGE}|{FILE}|{LOWERED}).*", re.DOTALL)


@dataclass(frozen=True)
class Cause:
    """A reason why a turn's label is at least `label`. `words` repeat nothing of what was written."""

    label: Sensitivity
    words: str


def label_of(causes: Iterable[Cause]) -> Sensitivity:
    return highest(*(cause.label for cause in causes))


def words_of(causes: Sequence[Cause]) -> str:
    """Return why the label is so high: the words of the first cause with the highest label."""
    label = label_of(causes)
    return next((cause.words for cause in causes if cause.label == label), "")


def started(label: Sensitivity) -> Cause:
    """Return the cause for the label of a new conversation."""
    return Cause(label, STARTED)


def so_far(label: Sensitivity, words: str) -> Cause:
    """Return the cause that a conversation brings along: its label, and why it has that label."""
    return Cause(label, words if words in ("", STARTED) else f"this conversation: {words}")


def asked(before: Sensitivity, chosen: Sensitivity | None, detections: Sequence[Detection]) -> tuple[Cause, ...]:
    """Return what labels a message by itself: the detections, and its writer's choice if that is above all others.

    The composer's choice follows the detections, so a choice that they explain says nothing more.
    """
    others = highest(before, *(found.label for found in detections))
    picked = [Cause(chosen, CHOSEN)] if chosen is not None and chosen > others else []
    return (*picked, *(Cause(found.label, f"{found.words} in your message") for found in detections))


def corrected(chosen: Sensitivity | None, before: Sensitivity, detections: Sequence[Detection]) -> tuple[Cause, ...]:
    """Return what labels an answer that its person corrected: the detections, and their choice if that is higher."""
    others = highest(before, *(found.label for found in detections))
    picked = [Cause(chosen, CHOSEN)] if chosen is not None and chosen > others else []
    return (*picked, *(Cause(found.label, f"{found.words} in your correction of an answer") for found in detections))


def turn(conversation: Cause, own: Sequence[Cause]) -> tuple[Cause, ...]:
    """Return what labels a turn before documents are searched. The conversation counts if it is above the message."""
    return tuple(own) if own and label_of(own) >= conversation.label else (conversation, *own)


def passage(title: str, label: Sensitivity) -> Cause:
    return Cause(label, f"{PASSAGE}{title}”")


def file(name: str, label: Sensitivity) -> Cause:
    """Return what labels a turn with a file that its person attached."""
    return Cause(label, f"{FILE}{name}”")


def picture(label: Sensitivity) -> Cause:
    """Return what labels a turn with pictures: nothing can search them for sensitive text."""
    return Cause(label, "a picture in your message")


def lowered(reason: str) -> str:
    """Return the words for a label that its owner has lowered."""
    return LOWERED + reason


def reason_of(words: str) -> str:
    """Return the reason that was given to `lowered`."""
    return words.removeprefix(LOWERED)


def unquoted(words: str) -> str:
    """Return the words for people who may not read the conversation: without titles and without the owner's reason."""
    return _QUOTED.sub(lambda found: _UNQUOTED[found[1]], words)


def written(causes: Iterable[Cause]) -> list[dict[str, str | int]]:
    """Return the causes as a row stores them."""
    return [{"label": cause.label.value, "words": cause.words} for cause in causes]


def read(rows: Iterable[dict[str, str | int]]) -> tuple[Cause, ...]:
    """Read causes that a row stores."""
    return tuple(Cause(Sensitivity(int(row["label"])), str(row["words"])) for row in rows)
