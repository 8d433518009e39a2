"""Which collections a question searches: the person's choice among those that they may read. Synchronous."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from langai_site.accounts.models import User
from langai_site.errors import NotFoundError
from search.access import library_collections, reader_of
from search.models import Source
from search.types import Reader

# What the composer's form sends: all collections that the person may read, those with the ids beside it, or none.
ALL, SOME, NONE = "all", "some", "none"

NO_DOCUMENT = gettext_noop("This document does not exist any more, or you may not read it.")

# Ids, or None for all that the person may read, including those that are added later.
Chosen = list[int] | None


@dataclass(frozen=True)
class OfferedCollections:
    """What the composer offers: (id, name) of the collections that the person may read, and which are chosen."""

    offered: tuple[tuple[int, str], ...]
    chosen: frozenset[int]
    scope: str

    @property
    def words(self) -> str:
        """Return the words beside the composer."""
        if self.scope == ALL:
            return _("All documents")
        if not self.chosen:
            return _("No documents")
        words = _("%(count)s of %(all)s collections")
        return words % {"count": len(self.chosen), "all": len(self.offered)}


def chosen(user_id: int, values: Sequence[str]) -> Chosen:
    """Return what a form's values choose. Ids that the person may not read are silently left out."""
    if ALL in values:
        return None
    ids = {int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 10}
    if NONE in values or not ids:
        return []
    return sorted(library_collections(user_id).filter(pk__in=ids).order_by().values_list("pk", flat=True))


def offer(user_id: int, last: Chosen, values: Sequence[str] = ()) -> OfferedCollections:
    """Return the last choice, or the choice in `values` if they come from a form that was refused."""
    offered = tuple(library_collections(user_id).values_list("pk", "name"))
    made = chosen(user_id, values) if values else last
    ids = frozenset(made or ()) & {pk for pk, _name in offered}
    return OfferedCollections(offered, ids, ALL if made is None else SOME if made else NONE)


def of_document(user_id: int, written: str) -> tuple[Chosen, str]:
    """Return the collection of the document with this id, as a choice, and its title.

    Raises NotFoundError for one that the person may not read.
    """
    try:
        document = UUID(written)
    except ValueError:
        raise NotFoundError(_(NO_DOCUMENT)) from None
    live = Source.objects.live().filter(document=document, collection__in=library_collections(user_id))
    found = live.values_list("collection", "title").first()
    if found is None:
        raise NotFoundError(_(NO_DOCUMENT))
    return [found[0]], found[1]


def again(made: Chosen, documents: str) -> Chosen:
    """Return what a question searches that is answered again: `documents` is "all", "none", or empty for as before."""
    return {ALL: None, NONE: []}.get(documents, made)


def scope(user: User, made: Chosen) -> tuple[Reader, tuple[str, ...] | None]:
    """Return the reader narrowed to the choice, and the names of the chosen collections (None: all).

    If none of the chosen collections can still be read, nothing is searched.
    """
    reader = reader_of(user)
    if made is None:
        return reader, None
    named = library_collections(user).filter(pk__in=made).values_list("name", flat=True) if made else ()
    return reader.only(made), tuple(named)
