"""What happened to a conversation, as it is published to those who watch it."""

from typing import Literal, TypedDict
from uuid import UUID


class CitedSource(TypedDict):
    """A numbered passage of a live reply, as a citation shows it."""

    number: int
    source: str
    version: int
    title: str
    page: int
    start: int
    end: int
    heading: str
    location: str


class Snapshot(TypedDict):
    """A live reply as it stands: `number` counts the changes, `text` is whole."""

    number: int
    text: str
    sources: list[CitedSource]
    model: str


class ReplyBegun(TypedDict):
    """A reply goes live: after a new question, or in the place of the reply that it `replaces`, which may be itself."""

    type: Literal["reply.begun"]
    reply: str
    question: str
    text: str
    replaces: str
    written: str


class ReplyGrew(TypedDict):
    """Change `number` of a reply appended `text`."""

    type: Literal["reply.grew"]
    reply: str
    number: int
    text: str


class ReplySourced(TypedDict):
    """Change `number` of a reply: its passages are known."""

    type: Literal["reply.sourced"]
    reply: str
    number: int
    sources: list[CitedSource]


class ReplyDone(TypedDict):
    """A reply ended; the database holds it as it stays."""

    type: Literal["reply.done"]
    reply: str


class LabelRose(TypedDict):
    """The conversation's label rose for what became of a document; the database has it."""

    type: Literal["label.rose"]


class ConversationGone(TypedDict):
    """The conversation was deleted."""

    type: Literal["conversation.gone"]


ReplyEvent = ReplyBegun | ReplyGrew | ReplySourced | ReplyDone
Event = ReplyEvent | LabelRose | ConversationGone


def group_of(conversation: UUID) -> str:
    """The channel group of those who watch `conversation`."""
    return f"conversation.{conversation.hex}"
