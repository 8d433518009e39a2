"""Pure: a conversation as a text that people keep."""

from collections.abc import Iterable, Sequence

from chat.models import Citation, Conversation, Message
from langai_site.sensitivity import Sensitivity

SPEAKERS = {Message.Role.USER: "You", Message.Role.ASSISTANT: "LangAI"}


def markdown(conversation: Conversation, branch: Iterable[Message]) -> str:
    """The branch, message by message; under an answer stands what its numbers are."""
    title = " ".join(conversation.title.split())
    head = f"# {title}\n\n{conversation.created_at:%Y-%m-%d} · {Sensitivity(conversation.label).label}"
    return "\n\n".join([head, *map(_message, branch)]) + "\n"


def _message(message: Message) -> str:
    role = Message.Role(message.role)
    by = f" ({message.model})" if role == Message.Role.ASSISTANT and message.model else ""
    parts = [f"## {SPEAKERS[role]}{by}", message.text or message.error]
    return "\n\n".join(filter(None, [*parts, _sources(list(message.citations.all()))]))


def _sources(citations: Sequence[Citation]) -> str:
    lines = [f"- [{cited.number}] {', '.join(filter(None, (cited.title, _place(cited))))}" for cited in citations]
    return "\n".join(lines)


def _place(citation: Citation) -> str:
    return citation.location or f"page {citation.page}"
