"""Gives a conversation a title by a model, once, after its first complete answer.

The title of the first words stays if no model may see the conversation, if no budget has room, if the call fails, or if
the person has typed a title.
"""

import logging
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chat.conversations import access, model_titles
from chat.history import rows as history_rows
from chat.live import publishing
from chat.models import Conversation, Message
from chat.turns import extras, turn_state
from chat.turns.closing import TurnOutcome
from chat.turns.extras import ExtraCall
from chat.turns.storage import Started
from langai_site import detectors
from langai_site.database.writer import in_database_thread
from langai_site.errors import LangAIError
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity

logger = logging.getLogger(__name__)

# What TITLES can say: local models only, any model, or none.
LOCAL, ANY, OFF = "local", "any", "off"
By = Conversation.TitledBy


@dataclass(frozen=True)
class _WantedTitle:
    """A title that is to be written: by the first of `models`, the cheapest, that works."""

    label: Sensitivity
    models: list[ModelInfo]
    local_only: bool


def is_possible(started: Started, outcome: TurnOutcome) -> bool:
    """Return whether this answer can lead to a title, without reading anything."""
    request = started.request
    if outcome.receipt.verified:
        # No model was asked, so none is asked for a title either.
        return False
    is_page = request.caller.source == access.PAGE
    is_first = settings.TITLES != OFF and outcome.status == Message.Status.COMPLETE and not request.history
    return is_page and is_first and not request.is_temporary


async def title(started: Started, outcome: TurnOutcome) -> None:
    """Write the title and tell the page. Whatever fails leaves the title as it is."""
    try:
        await _title(started, outcome)
    except LangAIError as error:
        logger.info("no title was written: %s", error.code)
    except Exception:
        logger.exception("no title was written")


async def _title(started: Started, outcome: TurnOutcome) -> None:
    wanted = await in_database_thread(_wanted, started)
    model = await extras.awake(wanted.models) if wanted else None
    if wanted is None or model is None or not await in_database_thread(_claim, started.conversation):
        return
    call = ExtraCall(
        model_titles.messages(started.request.question, outcome.text),
        model_titles.TOKENS,
        wanted.label,
        started.request.caller,
        "title",
        partial(turn_state.present_beside, started.request, model, started.reply),
        wanted.local_only,
    )
    if await in_database_thread(_save, started.conversation, await extras.answer(call, model)):
        await publishing.publish(started.conversation, {"type": "conversation.titled"})


def _wanted(started: Started) -> _WantedTitle | None:
    """Return what to ask, if this is the first complete answer and some model may see it."""
    person = started.request.reader.user_id
    conversation = access.access_conversation(person, started.conversation)
    complete = conversation.messages.replies().filter(status=Message.Status.COMPLETE)
    if conversation.titled_by != By.WORDS or list(complete.values_list("pk", flat=True)[:2]) != [started.reply]:
        return None
    label = Sensitivity(conversation.label)
    local_only = settings.TITLES == LOCAL or started.request.pick.local_only
    models = extras.candidates(catalogue.models(person), label, local_only=local_only)
    return _WantedTitle(label, models, local_only) if models else None


def _claim(conversation: UUID) -> bool:
    """Take the one attempt that a conversation has; False if it was taken, or if a person typed a title."""
    return bool(Conversation.objects.filter(pk=conversation, titled_by=By.WORDS).update(titled_by=By.ASKED))


@transaction.atomic
def _save(conversation: UUID, answer: str) -> bool:
    """Save the title in a model's answer, if it has one and nobody has typed one; return whether it was saved."""
    # Here and not in the event loop: a scan reads the admins' patterns from the database.
    written = model_titles.cleaned(answer, detectors.scan)
    if not written:
        return False
    untouched = Conversation.objects.alive().filter(pk=conversation, titled_by=By.ASKED)
    if not untouched.update(title=written, titled_by=By.MODEL):
        return False
    history_rows.replace([history_rows.of_title(Conversation.objects.get(pk=conversation))])
    return True
