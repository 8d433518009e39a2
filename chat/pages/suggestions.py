"""What a person could ask next, as it stands below the last answer of a thread. Synchronous."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from chat.conversations import next_questions
from chat.conversations.next_questions import Suggestion
from chat.live import asking_next
from chat.models import Message
from langai_site.outbound import catalogue

TEMPLATE = "chat/next.html"


def context_of(user_id: int, reply: Message, written: Sequence[Suggestion] | None = None) -> dict[str, Any]:
    """Return what is suggested after an answer: nothing unless it is complete. Reads the database.

    `written` are a model's questions, if it was asked.
    """
    is_on = settings.FOLLOW_UPS != "off" and reply.role == Message.Role.ASSISTANT
    if not is_on or reply.status != Message.Status.COMPLETE:
        return {}
    may_ask = written is None and settings.FOLLOW_UPS == asking_next.MODELS and bool(catalogue.models(user_id))
    suggestions = next_questions.suggested(user_id, reply) if written is None else written
    # Two clicks ask once.
    once = secrets.token_urlsafe(12)
    return {"next": {"reply": reply, "suggestions": suggestions, "may_ask": may_ask, "once": once}}


def frame(user_id: int, reply: Message) -> str:
    """Return the frame that replaces what was suggested before. Reads the database."""
    return render_to_string(f"{TEMPLATE}#next", context_of(user_id, reply) | {"oob": True})
