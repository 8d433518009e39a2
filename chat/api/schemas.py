"""What programs send to the chat, and what they get from it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, cast
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from ninja import Field, Schema
from pydantic import ConfigDict

from chat.grounding.checking import SentenceCheck
from chat.grounding.deciding import ConflictKind
from chat.models import Attachment, Citation, Message
from chat.turns.receipt import Receipt
from langai_site.sensitivity import Sensitivity
from langai_site.web.api_lists import Listed

Label = Literal["public", "internal", "confidential"]
COLLECTIONS_MAX = 500


class Ask(Schema):
    """A message. Defaults are as on the page: LangAI chooses the model and searches all documents."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=settings.MESSAGE_MAX_CHARS)
    sensitivity: Label | None = Field(None, description="Raises the label; detections in the message can, too.")
    complexity: Literal["auto", "simple", "moderate", "complex"] = "auto"
    temperature: float | None = Field(None, ge=0, le=settings.TEMPERATURE_MAX, allow_inf_nan=False)
    max_tokens: int | None = Field(None, ge=1, description="Above ANSWER_MAX_TOKENS it is lowered to that.")
    stream: bool = Field(False, description="Answer as POST /chat/stream does.")
    model: str = Field("auto", min_length=1, max_length=200, description="`auto`, or an id of GET /v1/models.")
    conversation_id: UUID | None = Field(None, description="Continue this conversation; by default, start a new one.")
    collections: Listed[int] | None = Field(
        None, max_length=COLLECTIONS_MAX, description="Search only these; an empty list searches no documents."
    )
    instructions: bool | None = Field(
        None,
        description="False leaves your own instructions out of this conversation from now on, true sends them again; "
        "by default, the conversation stays as it is, and a new one sends them.",
    )
    keep: Literal["kept", "week", "hour"] | None = Field(
        None,
        description="How long a new conversation stays: 7 days, an hour after its last message, or until it is "
        "deleted. By default, as on the page.",
    )
    attachments: Listed[UUID] | None = Field(
        None, max_length=settings.ATTACHMENTS_PER_MESSAGE, description="Ids of files from POST /api/files."
    )
    verified: bool = Field(
        True, description="False has a model answer even if an owner verified an answer, and skips the cache."
    )
    stop_on_disconnect: bool = Field(False, description="For streams: stop the answer when the connection closes.")


class CitationOut(Schema):
    """The passage that a number in the answer stands for; `url` shows it in its page.

    `dated` is the day on which the cited version of the document was added; null in answers from before it was kept.
    """

    number: int
    source: UUID
    version: int
    title: str
    page: int
    start: int
    end: int
    heading: str
    location: str
    dated: date | None = None
    url: str


class DifferenceOut(Schema):
    """Where a passage says otherwise. `kind` is figure, name or negation; of a negation, a side may be empty.

    `passage` is what it says instead; null if you may not read it (any more).
    """

    kind: str
    answer: str
    passage: str | None
    citation: int


class CheckOut(Schema):
    """One sentence beside what it cites, compared by words and figures. It helps to check an answer; it does not judge.

    `verdict` is stands_there, not_in_these_words, says_otherwise or no_source; `words` are those that no cited passage
    has. `foreign`: the passages are in another language, and were not compared. `second_opinion` is what a local model
    thinks: supports or does_not_support; null if none was asked, or it has not answered yet.
    """

    sentence: str
    verdict: str
    citations: list[int]
    words: list[str]
    differences: list[DifferenceOut]
    foreign: bool
    second_opinion: str | None = None


class VerifiedOut(Schema):
    """The verified answer that was shown, without asking a model. `current`: it is still in force, in this version."""

    id: UUID
    version: int
    name: str
    day: date
    current: bool
    url: str


class Answer(Schema):
    """An answer. `cost` is in US dollars, null if the model has no price; `receipt` says how it came about.

    `status` is complete, stopped, or interrupted: the answer reached the longest length that is allowed at once.
    """

    message: str
    model_used: str
    tokens_used: int
    cost: float | None
    cached: bool
    conversation_id: UUID
    reply_id: UUID
    status: str
    citations: list[CitationOut]
    checks: list[CheckOut] = []
    verified: VerifiedOut | None = None
    receipt: dict[str, Any]


class AttachmentOut(Schema):
    """A file that a question was sent with; `url` opens it."""

    id: UUID
    name: str
    media_type: str
    size: int
    url: str


class MessageOut(Schema):
    """A question with its attachments, or an answer. `error` says why an answer failed.

    If you corrected an answer, `edited` is true, `text` is yours, and `original` is what the model had written.
    `url` is the page that shows it, in its branch.
    """

    id: UUID
    url: str
    role: str
    text: str
    edited: bool = False
    original: str | None = None
    status: str
    label: Label
    created_at: datetime
    model: str = ""
    error: str = ""
    attachments: list[AttachmentOut] = []
    citations: list[CitationOut] = []
    checks: list[CheckOut] = []
    verified: VerifiedOut | None = None
    receipt: dict[str, Any] = {}


class ConversationOut(Schema):
    """`source` is where it was started: page or api. `folder` is null if it is in none.

    `keep` is kept, week or hour; a temporary one has an end.
    """

    id: UUID
    title: str
    label: Label
    source: str
    folder: UUID | None
    pinned: bool
    archived: bool
    created_at: datetime
    updated_at: datetime
    keep: str
    expires_at: datetime | None


class ConversationList(Schema):
    """Newest first. Send `next` as `after` to get the following ones; it is null if there are none."""

    conversations: list[ConversationOut]
    next: str | None


class ConversationChange(Schema):
    """What to change; what is left out stays. A null `folder` takes the conversation out of its folder."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, min_length=1, max_length=120)
    folder: UUID | None = None
    pinned: bool | None = None
    archived: bool | None = None


class FolderOut(Schema):
    """`parent` is the folder that it is in, `collections` what new chats in it search; null: as the parent, or all."""

    id: UUID
    name: str
    parent: UUID | None
    instructions: str
    collections: list[int] | None
    conversations: int


class FolderList(Schema):
    """All of your folders; each folder is followed by those in it."""

    folders: list[FolderOut]


class ConversationFull(ConversationOut):
    """The branch that the page shows."""

    messages: list[MessageOut]


def label_of(label: int) -> Label:
    return cast(Label, Sensitivity(label).slug)


def citation_of(citation: Citation) -> CitationOut:
    names = [name for name in CitationOut.model_fields if name != "url"]
    url = reverse("chat:citation", args=[citation.reply_id, citation.number])
    return CitationOut(**{name: getattr(citation, name) for name in names}, url=url)


def attachment_of(row: Attachment) -> AttachmentOut:
    url = reverse("chat:attachment", args=[row.pk])
    return AttachmentOut(id=row.pk, name=row.name, media_type=row.media_type, size=row.size, url=url)


def check_of(check: SentenceCheck) -> CheckOut:
    differences = [
        DifferenceOut(
            kind=each.kind.value,
            answer=each.said,
            passage=each.found or ("" if each.kind == ConflictKind.NEGATION and each.said else None),
            citation=each.number,
        )
        for each in check.conflicts
    ]
    return CheckOut(
        sentence=check.sentence,
        verdict=check.verdict.value,
        citations=list(check.numbers),
        words=list(check.words),
        differences=differences,
        foreign=check.is_foreign,
        second_opinion=check.opinion.value if check.opinion else None,
    )


def verified_of(reply: Message) -> VerifiedOut | None:
    """Return which verified answer a reply shows, if it was read with its state."""
    state = reply.verified_state
    if state is None:
        return None
    url = reverse("chat:verified", args=[state.by.answer]) if state.is_readable else ""
    return VerifiedOut(
        id=UUID(state.by.answer),
        version=state.by.version,
        name=state.by.name,
        day=date.fromisoformat(state.by.day),
        current=state.is_current,
        url=url,
    )


def answer_of(reply: Message, checks: Sequence[SentenceCheck] = ()) -> Answer:
    """Return the answer for a reply that has ended and was read with its citations."""
    receipt = Receipt.from_json(reply.receipt)
    return Answer(
        message=reply.text,
        model_used=reply.model,
        tokens_used=receipt.input_tokens + receipt.output_tokens,
        cost=None if receipt.cost is None else float(receipt.cost),
        cached=receipt.cached,
        conversation_id=reply.conversation_id,
        reply_id=reply.id,
        status=reply.status,
        citations=[citation_of(citation) for citation in reply.citations.all()],
        checks=list(map(check_of, checks)),
        verified=verified_of(reply),
        receipt=receipt.for_programs(),
    )


def message_of(message: Message, checks: Sequence[SentenceCheck] = ()) -> MessageOut:
    page = reverse("chat:conversation", args=[message.conversation_id])
    return MessageOut(
        id=message.id,
        url=f"{page}?reply={message.id}",
        role=message.role,
        text=message.text,
        edited=message.original is not None,
        original=message.original,
        status=message.status,
        label=label_of(message.label),
        created_at=message.created_at,
        model=message.model,
        error=message.error,
        attachments=[attachment_of(row) for row in message.attachments.all()],
        citations=[citation_of(citation) for citation in message.citations.all()],
        checks=list(map(check_of, checks)),
        verified=verified_of(message),
        receipt=Receipt.from_json(message.receipt).for_programs(),
    )
