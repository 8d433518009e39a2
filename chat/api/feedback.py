"""Operations that say what a person thinks of an answer."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from chat.conversations import feedback
from chat.models.feedback import Feedback
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotFoundError
from langai_site.web.api_errors import documented
from langai_site.web.api_lists import Listed

router = Router(tags=["Conversations"])
ReasonName = Literal[
    "wrong", "incomplete", "not_from_documents", "unsupported", "outdated", "too_long", "tone", "refused"
]


class FeedbackIn(Schema):
    """Replaces what was said before. `reasons` are for an answer that is not good."""

    model_config = ConfigDict(extra="forbid")

    good: bool
    reasons: Listed[ReasonName] = Field([], max_length=8)
    comment: str = Field("", max_length=feedback.COMMENT_MAX)
    shared: bool = Field(
        False,
        description="Let the owners of the cited collections read the question, the answer and the comment, with your "
        "name. It stays false if the answer cites nothing.",
    )


class FeedbackOut(Schema):
    """`unsupported`: the source does not say so."""

    good: bool
    reasons: list[str]
    comment: str
    shared: bool
    at: datetime


@router.put("/{uuid:reply}/feedback", auth=door(Scope.CHAT), response={200: FeedbackOut} | documented(404, 409))
async def feedback_give(request: HttpRequest, reply: UUID, body: FeedbackIn) -> Feedback:
    """Say what you think of an answer."""
    return await in_database_thread(lambda: feedback.explain(person_of(request).pk, reply, **body.model_dump()))


@router.get("/{uuid:reply}/feedback", auth=door(Scope.CHAT), response={200: FeedbackOut} | documented(404))
async def feedback_read(request: HttpRequest, reply: UUID) -> Feedback:
    """Read what you said of an answer."""
    _reply, given = await in_database_thread(feedback.of, person_of(request).pk, reply)
    if given is None:
        raise NotFoundError("You have not said what you think of this answer.")
    return given


@router.delete("/{uuid:reply}/feedback", auth=door(Scope.CHAT), response={204: None} | documented(404))
async def feedback_withdraw(request: HttpRequest, reply: UUID) -> Status[None]:
    """Take back what you said of an answer."""
    await in_database_thread(feedback.withdraw, person_of(request).pk, reply)
    return Status(204, None)
