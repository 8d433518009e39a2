"""Where files are uploaded to the chat, and who may do so: files of messages, exports, and sets of test cases.

It is checked before the web process reads a body.
"""

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from chat.conversations import access, attachments, folders
from chat.evaluation.exchange import FILE_MAX_MB
from chat.transfers.access import MOST_WAITING
from chat.verified.access import access_owned_collection
from langai_site import registry
from langai_site.accounts.doors import require_scope
from langai_site.accounts.keys import Credential
from langai_site.accounts.scopes import Scope
from langai_site.errors import NotFoundError

ID = r"(?P<conversation>[0-9a-f-]{36})"


def register() -> None:
    most = settings.ATTACHMENTS_PER_MESSAGE
    registry.upload_place(r"/attachments/", files=1, check=anybody)
    registry.upload_place(r"/api/files", files=1, check=by_api)
    registry.upload_place(r"/conversations/files/", files=most, check=anybody)
    registry.upload_place(r"/transfers/import/", files=MOST_WAITING, check=anybody, megabytes=settings.IMPORT_MAX_MB)
    registry.upload_place(r"/api/imports", files=1, check=by_api, megabytes=settings.IMPORT_MAX_MB)
    registry.upload_place(rf"/conversations/{ID}/files/", files=most, check=to_conversation)
    registry.upload_place(r"/folders/(?P<folder>[0-9a-f-]{36})/files/", files=most, check=to_folder)
    cases = r"/library/(?P<collection>[0-9]{1,9})/tests/import/"
    registry.upload_place(cases, files=1, check=to_test_cases, megabytes=FILE_MAX_MB)
    registry.planned_upload("message", attachments.refuse)


def anybody(_credential: Credential) -> None:
    """Everybody who is signed in may attach files; how many, the service says."""


def by_api(credential: Credential) -> None:
    """Raise ForbiddenError for a key without the scope."""
    require_scope(credential, Scope.CHAT)


def to_conversation(credential: Credential, conversation: str) -> None:
    """Raise NotFoundError unless the conversation is the sender's."""
    access.access_conversation(credential.user.pk, _key(conversation, access.GONE))


def to_folder(credential: Credential, folder: str) -> None:
    """Raise NotFoundError unless the folder is the sender's."""
    folders.access_folder(credential.user.pk, _key(folder, folders.GONE))


def to_test_cases(credential: Credential, collection: str) -> None:
    """Raise NotFoundError unless the sender may keep test cases for the collection."""
    access_owned_collection(credential.user, int(collection))


def _key(text: str, gone: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(_(gone)) from None
