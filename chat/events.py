"""The events of a conversation, as they are published to its watchers."""

from typing import Literal, NotRequired, TypedDict
from uuid import UUID


class CitedSource(TypedDict):
    """A numbered passage of a live reply, as a citation shows it.

    `language` is its code if the question is in another one; snapshots of earlier versions do not have it. `dated` is
    the day on which the cited version was added, as an ISO date.
    """

    number: int
    source: str
    version: int
    title: str
    page: int
    start: int
    end: int
    heading: str
    location: str
    language: NotRequired[str]
    dated: NotRequired[str]


class Progress(TypedDict):
    """What a live reply does besides writing its text. It does not contain the thoughts.

    `seconds` counts finished thinking. While `running`, thinking began `at`, in seconds since 1970. `waiting` is the
    name of the model if its first word takes long; `is_working`: its server has only sent signs of life. `instead_of`
    is the name of the model that did not answer before it, and `is_searching` says that documents are searched before
    any model is asked; snapshots of earlier versions do not have these two. `reading` says which attached files are
    still being read. `before`: the model's server is busy, and so many answers come first.
    """

    thinking: Literal["", "running", "over"]
    seconds: float
    at: float
    waiting: str
    is_working: bool
    instead_of: NotRequired[str]
    is_searching: NotRequired[bool]
    reading: NotRequired[str]
    before: NotRequired[int]


IDLE = Progress(thinking="", seconds=0.0, at=0.0, waiting="", is_working=False, instead_of="", is_searching=False)


class Snapshot(TypedDict):
    """A live reply as of now: `number` counts its changes, `text` is the whole text."""

    number: int
    text: str
    sources: list[CitedSource]
    model: str
    progress: NotRequired[Progress]


class ReplyBegun(TypedDict):
    """A reply goes live: after a new question, or in place of the reply that it `replaces`, which may be itself.

    `after` is the message that a new question follows, empty if it is the first. `edited`: the question is another
    version of one that was there before. `has_files`: files are attached to the question.
    """

    type: Literal["reply.begun"]
    reply: str
    question: str
    text: str
    replaces: str
    written: str
    after: NotRequired[str]
    edited: NotRequired[bool]
    has_files: NotRequired[bool]
    progress: NotRequired[Progress]


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


class ReplyProgressed(TypedDict):
    """Change `number` of a reply: it began or stopped thinking, waits, or searches."""

    type: Literal["reply.progressed"]
    reply: str
    number: int
    progress: Progress


class ReplyDone(TypedDict):
    """A reply ended; the database has its final form."""

    type: Literal["reply.done"]
    reply: str


class LabelRose(TypedDict):
    """The conversation's label rose because a document was relabelled; the database has the new label."""

    type: Literal["label.rose"]


class ConversationGone(TypedDict):
    """The conversation was deleted."""

    type: Literal["conversation.gone"]


class BranchGone(TypedDict):
    """A message was deleted with all that follows it; `replies` are those of them that were being written."""

    type: Literal["branch.gone"]
    message: str
    replies: list[str]


class ReplyCorrected(TypedDict):
    """A person corrected an answer that had ended, or put the original back."""

    type: Literal["reply.corrected"]
    reply: str


class ConversationTitled(TypedDict):
    """A model has written the conversation's title; the database has it."""

    type: Literal["conversation.titled"]


ReplyEvent = ReplyBegun | ReplyGrew | ReplySourced | ReplyProgressed | ReplyDone
# A change of a live reply; changes are numbered consecutively.
ReplyChange = ReplyGrew | ReplySourced | ReplyProgressed
Event = ReplyEvent | LabelRose | ConversationGone | ConversationTitled | BranchGone | ReplyCorrected


def group_of(conversation: UUID) -> str:
    """Return the channel group of those who watch `conversation`."""
    return f"conversation.{conversation.hex}"
