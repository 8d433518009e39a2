"""What the chat page says of the assistant that answers in a conversation, or will in a new one."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from chat.assistants import access, using
from chat.models import Assistant, Conversation
from chat.routing.route import AUTO


@dataclass(frozen=True)
class AssistantChip:
    """The assistant at the composer. `id` is empty if the conversation has lost the one that it had.

    `starters` are shown in a new chat. `notice` says what of the assistant its reader cannot have.
    """

    id: str
    name: str = ""
    url: str = ""
    purpose: str = ""
    starters: tuple[str, ...] = ()
    notice: str = ""


def _lost() -> AssistantChip:
    return AssistantChip("", notice=_("The assistant of this chat is not shared with you any more."))


def chip(
    user_id: int, conversation: Conversation | None, named: str | None, models: frozenset[str]
) -> AssistantChip | None:
    """Return the chip; `named` is an id, which comes before the conversation's own. Raises NotFoundError."""
    if named:
        return _of(user_id, access.access_assistant(user_id, _id(named)), models)
    if conversation is None or named == "" or conversation.assistant_id is None:
        return None
    kept = access.usable(user_id, conversation.assistant_id)
    if kept is None:
        return _lost()
    return _of(user_id, kept, models)


def sent_chip(
    user_id: int, conversation: Conversation | None, named: str | None, models: frozenset[str]
) -> AssistantChip | None:
    """Return the chip of a message that was refused, perhaps because of its assistant."""
    try:
        return chip(user_id, conversation, named, models)
    except access.AssistantGoneError:
        return _lost()


def _id(named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        raise access.AssistantGoneError(_(access.GONE)) from None


def _of(user_id: int, assistant: Assistant, models: frozenset[str]) -> AssistantChip:
    return AssistantChip(
        str(assistant.pk),
        using.in_use(assistant).name,
        reverse("chat:assistant", args=[assistant.pk]),
        assistant.purpose,
        tuple(assistant.starters),
        " ".join(filter(None, (_draft(assistant), _model(assistant, models), _documents(user_id, assistant)))),
    )


def _draft(assistant: Assistant) -> str:
    return _("This is your draft of its next version.") if assistant.trial_for_id else ""


def _model(assistant: Assistant, models: frozenset[str]) -> str:
    is_gone = assistant.model not in {AUTO, *models}
    if not is_gone:
        return ""
    words = _("Its model, %(model)s, is not available to you. Auto chooses one instead.")
    return words % {"model": assistant.model}


def _documents(user_id: int, assistant: Assistant) -> str:
    reach = access.reach(assistant, access.readable_ids(user_id))
    if reach.chosen is None or reach.readable == reach.chosen:
        return ""
    return f"It {reach.words}."
