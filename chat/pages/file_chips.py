"""How attached files look: small chips, in the composer and with the question that they were sent with."""

from dataclasses import dataclass
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext_lazy

from chat.conversations.attachments import AttachedFile
from chat.models import Attachment

# The name that static/attaching.js gives to a long text that was pasted.
PASTED = gettext_lazy("Pasted text")
NOT_SHOWN = {"image/tiff"}


@dataclass(frozen=True)
class FileChip:
    """An attached file. `url` opens it, and `thumbnail` is a small picture of it, if it is one.

    In the composer, `words` say how far it is. One that was refused has no `id`, and is not sent.
    """

    name: str
    size: str = ""
    id: UUID | None = None
    url: str = ""
    thumbnail: str = ""
    state: str = "ready"
    words: str = ""

    @property
    def is_sent(self) -> bool:
        """Return whether it goes along when the message is sent now."""
        return self.id is not None and self.state != "failed"

    @property
    def is_pasted(self) -> bool:
        """Return whether one click puts it back into the message."""
        # In the language of the page, or of another one where it was pasted in English.
        names = (str(PASTED), "Pasted text")
        return self.id is not None and self.name.startswith(names) and self.name.endswith(".txt")


def chip_of(row: Attachment) -> FileChip:
    """Return the chip of a file that was sent."""
    url = reverse("chat:attachment", args=[row.pk])
    is_picture = row.media_type.startswith("image/") and row.media_type not in NOT_SHOWN
    return FileChip(row.name, _size(row.size), row.pk, url, f"{url}?size=small" if is_picture else "")


def draft_chip(file: AttachedFile) -> FileChip:
    """Return the chip of a file whose message is still being written."""
    url = reverse("chat:attachment", args=[file.id])
    thumbnail = f"{url}?size=small" if file.is_picture else ""
    return FileChip(file.name, _size(file.size), file.id, url, thumbnail, file.state.state, file.state.words)


def refused_chip(name: str, words: str) -> FileChip:
    return FileChip(name, state="failed", words=words)


def _size(size: int) -> str:
    return str(filesizeformat(size)).replace("\xa0", " ")
