"""Scans a turn's text for the sensitive patterns that admins have added since the turn began. Synchronous.

The message was scanned when it came in. A turn can last minutes, and an added pattern counts for what is sent after it.
"""

from chat.conversations import labels
from chat.conversations.labels import Cause
from chat.turns.values import TurnRequest
from langai_site import detectors


def causes(request: TurnRequest) -> tuple[Cause, ...]:
    """Return what patterns that are newer than the turn find in the text that came with it."""
    now = detectors.patterns.current()
    if request.patterns is None or now == request.patterns:
        return ()
    added = [rule for rule in now if rule not in request.patterns]
    found = detectors.detect_by_rules("\n\n".join(filter(None, _texts(request))), added) if added else ()
    return tuple(Cause(one.label, labels.IN_MESSAGE(found=one.words)) for one in found)


def _texts(request: TurnRequest) -> list[str]:
    """Return the message; for a program, which sends all of it each time, the whole history as well."""
    if request.caller.conversation:
        return [request.question]
    said = (message.all_text for message in (*request.history, *request.after))
    return [request.instructions, *said, request.question, *request.requirements.texts]
