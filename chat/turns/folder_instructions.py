"""Reads the instructions of a conversation's folder for a turn, and the label that they give it. Synchronous.

They belong to one person, and only that person's turns get them.
"""

from uuid import UUID

from chat.conversations import folders, labels
from chat.conversations.labels import Cause
from chat.values import FolderInstructions
from langai_site import detectors
from langai_site.sensitivity import Sensitivity, highest


def of_conversation(user_id: int, folder_id: UUID | None) -> FolderInstructions | None:
    """Return the instructions for a conversation that is in this folder of the person; None if there are none."""
    return folders.instructions_for(user_id, folder_id)


def again(user_id: int, conversation: UUID | None) -> FolderInstructions | None:
    """Return the instructions for a conversation of this person as they are now, in whichever folder it is now."""
    return folders.instructions_in(user_id, conversation) if conversation else None


def causes(instructions: FolderInstructions | None) -> tuple[Cause, ...]:
    """Return what labels a turn with these instructions: what the detectors find in them now."""
    found = detectors.scan(instructions.text) if instructions else ()
    return tuple(Cause(one.label, labels.IN_FOLDER(found=one.words)) for one in found)


def label_now(user_id: int, conversation: UUID | None, sent: FolderInstructions | None) -> Sensitivity | None:
    """Return the present label of the instructions that are about to be sent; None if they may not be sent any more.

    That is so if their person has changed or deleted them, or has moved the conversation to another folder.
    """
    if sent is None:
        return Sensitivity.PUBLIC
    now = again(user_id, conversation)
    if now is None or now.text != sent.text:
        return None
    return highest(*(cause.label for cause in causes(sent)))
