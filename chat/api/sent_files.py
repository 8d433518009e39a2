"""Attaches the files that a program sends with a request to /v1, as if it had uploaded them to /api/files before."""

from collections.abc import Sequence
from uuid import UUID

from django.core.files.base import ContentFile

from chat.api.openai_content import SentFile, bytes_of
from chat.api.openai_messages import PlacedFile
from chat.conversations import attachments
from chat.turns import attached_files
from chat.turns.given_files import Attached
from langai_site.accounts.models import User
from langai_site.errors import LangAIError, NotFoundError

UNNAMED = "file.txt"


def attached(user: User, files: Sequence[PlacedFile]) -> tuple[Attached, ...]:
    """Return the files of a request, each stored once however often it is sent. Synchronous.

    A file that no message of a conversation gets is deleted within a day. Raises a LangAIError that names the place of
    a file that is refused, or NotFoundError for the id of one that is not this person's.
    """
    return attached_files.once(_attached(user, placed) for placed in files)


def _attached(user: User, placed: PlacedFile) -> Attached:
    try:
        document, name = _stored(user, placed.file, placed.param)
    except LangAIError as error:
        error.param = error.param or placed.param
        raise
    return Attached(document, name, placed.with_question)


def _stored(user: User, file: SentFile, param: str) -> tuple[UUID, str]:
    if file.file_id:
        known = attachments.access(user.pk, _id_of(file.file_id))
        return known.document, known.name
    stored = attachments.upload(user, ContentFile(bytes_of(file, param), file.name or UNNAMED))
    return stored.document, stored.name


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(attachments.GONE) from None
