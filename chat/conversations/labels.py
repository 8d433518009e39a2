"""Pure: what gives a turn its label: the highest of its causes. Each cause has words for the reader."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langai_site import sentences
from langai_site.detectors import Detection
from langai_site.sensitivity import Sensitivity, highest
from langai_site.sentences import Sentence, sentence

CHOSEN = sentence("label.chosen", "chosen by you")()
STARTED = sentence("label.started", "where new conversations start")()
# The words of a cause if the document's title is unknown, or was never shown in the conversation.
UNNAMED = sentence("label.document", "a document")()
PASSAGE = sentence("label.passage", "a passage from “%(title)s”")
FILE = sentence("label.file", "the file “%(name)s”")
PICTURE = sentence("label.picture", "a picture in your message")()
BY_ASSISTANT = sentence("label.by_assistant", "the assistant, as its maker labelled it")()
LOWERED = sentence("label.lowered", "lowered by you: %(reason)s")
EXPORTED = sentence("label.exported", "the label that it had when it was exported")()
SO_FAR = sentence("label.so_far", "this conversation: %(why)s")
# Where something was found.
IN_MESSAGE = sentence("label.in_message", "%(found)s in your message")
IN_CORRECTION = sentence("label.in_correction", "%(found)s in your correction of an answer")
IN_INSTRUCTIONS = sentence("label.in_instructions", "%(found)s in your instructions")
IN_FOLDER = sentence("label.in_folder", "%(found)s in the folder's instructions")
IN_ASSISTANT = sentence("label.in_assistant", "%(found)s in the assistant's instructions")
IN_FILE_NAME = sentence("label.in_file_name", "%(found)s in the name of a file")
IN_IMPORT = sentence("label.in_import", "%(found)s in an imported message")
_UNQUOTED = {
    PASSAGE.code: sentence("label.some_passage", "a passage")(),
    FILE.code: sentence("label.some_file", "a file")(),
    LOWERED.code: sentence("label.lowered_unsaid", "lowered by you")(),
}
# The same in causes without a code, as older rows have them.
_UNQUOTED_BEFORE = {"a passage from “": "a passage", "the file “": "a file", "lowered by you: ": "lowered by you"}
_QUOTED = re.compile(f"({'|'.join(_UNQUOTED_BEFORE)}).*", re.DOTALL)


@dataclass(frozen=True)
class Cause:
    """A reason why a turn's label is at least `label`. `words`, a sentence, repeat nothing of what was written."""

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
    return Cause(label, words if words in ("", STARTED) else SO_FAR(why=words))


def asked(before: Sensitivity, chosen: Sensitivity | None, detections: Sequence[Detection]) -> tuple[Cause, ...]:
    """Return what labels a message by itself: the detections, and its writer's choice if that is above all others.

    The composer's choice follows the detections, so a choice that they explain says nothing more.
    """
    others = highest(before, *(found.label for found in detections))
    picked = [Cause(chosen, CHOSEN)] if chosen is not None and chosen > others else []
    return (*picked, *(Cause(found.label, IN_MESSAGE(found=found.words)) for found in detections))


def corrected(chosen: Sensitivity | None, before: Sensitivity, detections: Sequence[Detection]) -> tuple[Cause, ...]:
    """Return what labels an answer that its person corrected: the detections, and their choice if that is higher."""
    others = highest(before, *(found.label for found in detections))
    picked = [Cause(chosen, CHOSEN)] if chosen is not None and chosen > others else []
    return (*picked, *(Cause(found.label, IN_CORRECTION(found=found.words)) for found in detections))


def turn(conversation: Cause, own: Sequence[Cause]) -> tuple[Cause, ...]:
    """Return what labels a turn before documents are searched. The conversation counts if it is above the message."""
    return tuple(own) if own and label_of(own) >= conversation.label else (conversation, *own)


def passage(title: str, label: Sensitivity) -> Cause:
    return Cause(label, PASSAGE(title=title))


def file(name: str, label: Sensitivity) -> Cause:
    """Return what labels a turn with a file that its person attached."""
    return Cause(label, FILE(name=name))


def picture(label: Sensitivity) -> Cause:
    """Return what labels a turn with pictures: nothing can search them for sensitive text."""
    return Cause(label, PICTURE)


def lowered(reason: str) -> str:
    """Return the words for a label that its owner has lowered."""
    return LOWERED(reason=reason)


def reason_of(words: str) -> str:
    """Return the reason that was given to `lowered`."""
    return words.removeprefix(LOWERED(reason=""))


def unquoted(words: str) -> str:
    """Return the words for people who may not read the conversation: without titles and without the owner's reason."""
    return sentences.changed(words, _without_quotation)


def _without_quotation(words: str) -> str:
    if isinstance(words, Sentence):
        return _UNQUOTED.get(words.code, words)
    return _QUOTED.sub(lambda found: _UNQUOTED_BEFORE[found[1]], words)


def written(causes: Iterable[Cause]) -> list[dict[str, Any]]:
    """Return the causes as a row stores them: their words in English, and as a sentence that can be drawn."""
    return [{"label": cause.label.value} | sentences.row_of("words", cause.words) for cause in causes]


def read(rows: Iterable[Mapping[str, Any]]) -> tuple[Cause, ...]:
    """Read causes that a row stores."""
    return tuple(Cause(Sensitivity(int(row["label"])), sentences.of_row("words", row)) for row in rows)
