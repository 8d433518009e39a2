"""Opens the file that a document was made from, for a person who may read it."""

from dataclasses import dataclass
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from documents.models import Document, PreviousVersion
from documents.services.files import media_type
from langai_site.accounts.models import User
from langai_site.errors import NotFoundError
from search.access import readable_collections
from search.models import Source

GONE = gettext_noop("This file does not exist any more, or you may not read it.")


@dataclass(frozen=True)
class Original:
    """A stored file to be served; `size` in bytes."""

    path: str
    name: str
    media_type: str
    size: int


def original(user: User, document: UUID) -> Original:
    """Return the file of the searched version.

    Raises NotFoundError if there is none, or none that `user` may read.
    """
    readable = readable_collections(user)
    source = Source.objects.live().filter(document=document, collection__in=readable).first()
    versions = {"version": source.version if source else 0}
    kept = (
        Document.objects.filter(pk=document, **versions).first()
        or PreviousVersion.objects.filter(document=document, **versions).first()
    )
    if source is None or kept is None:
        raise NotFoundError(_(GONE))
    try:
        size = default_storage.size(str(kept.file.name))
    except FileNotFoundError:
        raise NotFoundError(_(GONE)) from None
    return Original(kept.file.path, kept.file_name, media_type(kept.file_name), size)
