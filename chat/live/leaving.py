"""Removes the conversations of a person whose account is deleted."""

from django.utils.translation import gettext_noop

from chat.conversations import attachments
from chat.live import expiring
from chat.models import Assistant, AssistantUse, Attachment, Conversation, LabelChange, Message, Prompt
from langai_site.stored_data import Counts

# In columns with the number of a person that stay.
NOBODY = 0


def count(user_id: int) -> Counts:
    return {
        gettext_noop("conversations"): Conversation.objects.of(user_id).count(),
        gettext_noop("prompts and assistants"): Prompt.objects.filter(owner=user_id).count()
        + Assistant.objects.filter(owner=user_id).count(),
    }


def remove(user_id: int, pseudonym: str) -> Counts | None:
    """Delete all conversations with their files; None while an answer is being written, which ends in seconds."""
    mine = Conversation.objects.of(user_id)
    if Message.objects.live().filter(conversation__in=mine.values("pk")).exists():
        return None
    removed = {"conversations": 0, gettext_noop("messages"): 0, gettext_noop("attached files"): 0}
    files = set(Attachment.objects.filter(owner=user_id).values_list("document", flat=True))
    while ids := list(mine.order_by().values_list("pk", flat=True)[: expiring.AT_ONCE]):
        removed["messages"] += Message.objects.filter(conversation__in=ids).count()
        expiring.delete(ids)
        removed["conversations"] += len(ids)
    Attachment.objects.filter(owner=user_id).delete()
    attachments.release(files)
    removed["attached files"] = len(files)
    removed["prompts and assistants"] = _remove_prompts(user_id)
    LabelChange.objects.filter(user_id=user_id).update(user_id=NOBODY, username=pseudonym)
    AssistantUse.objects.filter(user_id=user_id).update(user_id=NOBODY)
    return removed


def _remove_prompts(user_id: int) -> int:
    prompts, assistants = Prompt.objects.filter(owner=user_id), Assistant.objects.filter(owner=user_id)
    count = prompts.count() + assistants.count()
    prompts.delete()
    assistants.delete()
    return count
