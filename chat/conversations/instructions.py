"""Reads a person's own instructions for a turn. They are never copied into a conversation. Synchronous."""

from chat.conversations import labels
from chat.conversations.labels import Cause
from chat.conversations.personal import NONE, Personal
from chat.models import Conversation
from langai_site import detectors
from langai_site.accounts.models import Instructions
from langai_site.database.compiled_queries import CompiledQuery
from langai_site.errors import NotAdmittedError
from langai_site.sensitivity import Sensitivity

_OF = CompiledQuery(
    lambda person: Instructions.objects.filter(user=person).order_by().values_list("about", "answers", "label"),
    person=-982451653,
)


def exist(user_id: int) -> bool:
    """Return whether the person has written any."""
    return bool(of(user_id))


def of(user_id: int) -> Personal:
    """Return the person's instructions with the label that they have now, by what the detectors find in them now."""
    rows = _OF.rows(person=user_id)
    if not rows:
        return NONE
    about, answers, label = rows[0]
    personal = Personal(about, answers)
    if not personal:
        return NONE
    return Personal(about, answers, _causes(personal.prompt, Sensitivity(label)))


def _causes(text: str, chosen: Sensitivity) -> tuple[Cause, ...]:
    found = [Cause(one.label, labels.IN_INSTRUCTIONS(found=one.words)) for one in detectors.scan(text)]
    is_higher = chosen > labels.label_of(found)
    return (*([Cause(chosen, "your instructions, as you labelled them")] if is_higher else []), *found)


def in_conversation(conversation: Conversation) -> Personal:
    """Return those of the conversation's owner, unless they are switched off there."""
    return of(conversation.owner_id) if conversation.uses_instructions else NONE


def present_label(user_id: int, given: Personal) -> Sensitivity:
    """Return the label that `given` has now. Raises NotAdmittedError if the person has changed them since."""
    if not given:
        return Sensitivity.PUBLIC
    now = of(user_id)
    if (now.about, now.answers) != (given.about, given.answers):
        raise NotAdmittedError
    return now.label
