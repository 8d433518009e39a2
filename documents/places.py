"""Upload addresses and who may upload there, checked before the web process reads the body."""

from urllib.parse import unquote
from uuid import UUID

from django.utils.translation import gettext as _

from documents.names import shown_name
from documents.services import library, quotas
from documents.services.files import refuse_size
from langai_site import registry
from langai_site.accounts.doors import require_scope
from langai_site.accounts.keys import Credential
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.errors import ForbiddenError, NotFoundError
from search.access import managed_collections

# The maximum number of files in one submission of the admin's form.
UPLOADS_AT_ONCE = 20
NO_COLLECTION = "You cannot upload documents: no collection is yours. Make one in the Library, or ask an admin."


def register() -> None:
    registry.upload_place(r"/api/documents", files=1, check=by_api, methods=("POST", "PUT"))
    registry.upload_place(r"/api/documents/(?P<document>[^/]+)", files=1, check=next_version_by_api, methods=("PUT",))
    registry.upload_place(r"/admin/documents/document/add/", files=UPLOADS_AT_ONCE, check=new_documents)
    registry.upload_place(r"/library/(?P<collection>[0-9]{1,9})/upload/", files=UPLOADS_AT_ONCE, check=into_collection)
    registry.upload_place(r"/documents/(?P<document>[^/]+)/replace/", files=1, check=next_version)
    registry.upload_place(r"/admin/documents/document/(?P<document>[^/]+)/replace/", files=1, check=next_version)
    registry.planned_upload("collection", planned)


def planned(user: User, name: str, size: int, collection: int | None) -> None:
    """Raise what uploading such a file into the collection would raise: it was not sent yet."""
    found = library.managed_collection(user, collection or 0)
    refuse_size(shown_name(name), size)
    quotas.require_room(found, size)


def new_documents(credential: Credential) -> None:
    """Raise ForbiddenError if the sender manages no collection. The body, read later, says which one is meant."""
    if not managed_collections(credential.user).exists():
        raise ForbiddenError(NO_COLLECTION)


def into_collection(credential: Credential, collection: str) -> None:
    """Raise NotFoundError or ForbiddenError if the sender may not upload there, and NoRoomError if nothing fits."""
    quotas.require_room(library.managed_collection(credential.user, int(collection)), 0)


def by_api(credential: Credential) -> None:
    """Raise ForbiddenError also for a key without the scope."""
    require_scope(credential, Scope.DOCUMENTS)
    new_documents(credential)


def next_version_by_api(credential: Credential, document: str) -> None:
    """Raise what `next_version` does, and ForbiddenError for a key without the scope."""
    require_scope(credential, Scope.DOCUMENTS)
    next_version(credential, document)


def next_version(credential: Credential, document: str) -> None:
    """Raise NotFoundError or ForbiddenError if the sender may not replace the document's file."""
    new_documents(credential)
    try:
        number = UUID(unquote(document))
    except ValueError:
        raise NotFoundError(_(library.GONE)) from None
    library.managed_document(credential.user, number)
