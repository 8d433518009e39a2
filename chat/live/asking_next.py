"""Lets a model write what a person could ask next, when they click for it."""

from functools import partial
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import access, drafts, next_questions
from chat.conversations.next_questions import Suggestion
from chat.models import Message
from chat.turns import extras, turn_state
from chat.turns.extras import ExtraCall
from chat.turns.values import TurnRequest
from langai_site import detectors
from langai_site.database.writer import in_database_thread
from langai_site.errors import ConflictError, ForbiddenError, UnavailableError
from langai_site.outbound import catalogue
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity
from search.types import Reader

# What FOLLOW_UPS can say besides “off”: headings alone, or on a click also questions by a model.
HEADINGS, MODELS = "headings", "models"
NONE = gettext_noop("No connected model may see this chat, so nothing was sent.")
OFF = gettext_noop("Questions by a model are switched off here.")


async def written(user_id: int, reply_id: UUID) -> list[Suggestion]:
    """Return questions by the cheapest model that may see the conversation.

    Raises NotFoundError, ForbiddenError if no model may be asked, and whatever else keeps it from answering.
    """
    if settings.FOLLOW_UPS != MODELS:
        raise ForbiddenError(_(OFF))
    reply, request, models = await in_database_thread(_wanted, user_id, reply_id)
    model = await extras.awake(models)
    if model is None:
        raise ForbiddenError(_(NONE))
    call = ExtraCall(
        next_questions.messages(request.question, reply.text),
        next_questions.TOKENS,
        request.label,
        request.caller,
        "questions",
        partial(turn_state.present_beside, request, model, reply_id),
        request.pick.local_only,
    )
    found = next_questions.read(await extras.answer(call, model))
    if not found:
        raise UnavailableError(_("The model suggested nothing. Try again, or ask in your own words."))
    return found


def _wanted(user_id: int, reply_id: UUID) -> tuple[Message, TurnRequest, list[ModelInfo]]:
    reply = access.access_reply(user_id, reply_id)
    if reply.status == Message.Status.STREAMING or reply.parent is None:
        raise ConflictError(_("This answer is still being written. Wait until it is complete."))
    conversation = reply.conversation
    models, pick = catalogue.models(user_id), drafts.AS_BEFORE.as_requested(reply.options)
    request = TurnRequest(
        question=reply.parent.text,
        history=(),
        causes=(access.so_far(conversation),),
        # An answer that only models in the building might give stays there.
        pick=pick,
        catalogue=tuple(models),
        reader=Reader(user_id, ()),
        caller=access.caller_of(conversation, reply_id),
        patterns=detectors.patterns.current(),
    )
    return reply, request, extras.candidates(models, Sensitivity(conversation.label), local_only=pick.local_only)
