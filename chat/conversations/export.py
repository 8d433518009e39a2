"""Exports a conversation as text. Makes no queries: messages are given with their citations and files."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.conversations.verified_state import verified_by
from chat.grounding import stored
from chat.models import Citation, Conversation, Message
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import drawn

SPEAKERS = {Message.Role.USER: gettext_lazy("You"), Message.Role.ASSISTANT: "LangAI"}


def heading(conversation: Conversation) -> str:
    """Return the markdown above the messages."""
    title = " ".join(conversation.title.split())
    return f"# {title}\n\n{conversation.created_at:%Y-%m-%d} · {Sensitivity(conversation.label).label}"


def markdown(messages: Iterable[Message]) -> str:
    """Return consecutive messages as markdown; each answer is followed by its numbered sources."""
    return "\n\n".join(map(_message, messages))


def _message(message: Message) -> str:
    role = Message.Role(message.role)
    by = f" ({message.model})" if role == Message.Role.ASSISTANT and message.model else ""
    by += ", " + _("edited by you") if message.original is not None else ""
    shown = verified_by(message)
    by += ", " + _("verified by %(name)s on %(day)s") % {"name": shown.name, "day": shown.day} if shown else ""
    parts = [f"## {SPEAKERS[role]}{by}", _files(message), message.text or drawn(message.error)]
    found = stored.summary(stored.checks_of_reply(message))
    checked = _("Compared with the sources by words and figures: %(found)s.") % {"found": found} if found else ""
    opinion = stored.opinions(stored.checks_of_reply(message))
    return "\n\n".join(filter(None, [*parts, _sources(list(message.citations.all())), checked, opinion]))


def _files(message: Message) -> str:
    names = ", ".join(file.name for file in message.attachments.all())
    return _("Attached: %(files)s") % {"files": names} if names else ""


def _sources(citations: Sequence[Citation]) -> str:
    return "\n".join(f"- [{cited.number}] {_source(cited)}" for cited in citations)


def _source(cited: Citation) -> str:
    return ", ".join(filter(None, (cited.title, _place(cited), added_on(cited))))


def added_on(citation: Citation) -> str:
    """Return when the cited version was added, in words; empty if that is not known."""
    return _("added on %(day)s") % {"day": citation.dated.isoformat()} if citation.dated else ""


def _place(citation: Citation) -> str:
    return citation.location or _("page %(number)s") % {"number": citation.page}
