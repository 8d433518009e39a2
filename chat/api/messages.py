"""Operations on one message of a person's conversations: delete its branch, bring it back, correct an answer."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.params.functions import Header
from pydantic import ConfigDict

from chat.api.schemas import Label, MessageOut, message_of
from chat.conversations import corrections, deleting
from chat.live import runner
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.web.api_errors import documented
from langai_site.web.stated_labels import HEADER, HEADER_WORDS, highest_stated

router = Router(tags=["Conversations"])


class Correction(Schema):
    """The text of an answer as it should be; null puts back what the model had written."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(description="Markdown.")
    sensitivity: Label | None = Field(None, description="Raises the label; detections in the text can, too.")


@router.delete("/{uuid:message}", auth=door(Scope.CHAT), response={204: None} | documented(404, 409))
async def message_delete(request: HttpRequest, message: UUID) -> Status[None]:
    """Delete a message with all that follows it. It can be restored for an hour.

    If it is all that the conversation contains, the conversation is deleted. The only answer to a question cannot be
    deleted without the question.
    """
    gone = await in_database_thread(deleting.delete, person_of(request).pk, message)
    await runner.stop_all(gone.running)
    return Status(204, None)


@router.post("/{uuid:message}/restore", auth=door(Scope.CHAT), response={204: None} | documented(404, 409))
async def message_restore(request: HttpRequest, message: UUID) -> Status[None]:
    """Bring a deleted message back, with all that was deleted with it. The conversation shows its branch then."""
    await in_database_thread(deleting.restore, person_of(request).pk, message)
    return Status(204, None)


@router.patch("/{uuid:message}", auth=door(Scope.CHAT), response={200: MessageOut} | documented(404, 409))
async def message_correct(
    request: HttpRequest,
    message: UUID,
    body: Correction,
    sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS),
) -> MessageOut:
    """Correct an answer. Later questions use your text, and the original is kept beside it."""
    return await in_database_thread(_corrected, person_of(request), message, body, sensitivity)


def _corrected(user: User, message: UUID, body: Correction, sensitivity: str) -> MessageOut:
    label = highest_stated(sensitivity, body.sensitivity)
    if body.text is None:
        return message_of(corrections.put_back(user.pk, message))
    return message_of(corrections.correct(user.pk, message, body.text, label=label))
