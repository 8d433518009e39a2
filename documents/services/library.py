"""The content of the Library: the collections that a person may read, and the documents in them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from documents.models import Document
from documents.notes import NoteText, described
from documents.services.files import media_type
from langai_site import document_uses
from langai_site.accounts.models import User
from langai_site.errors import ForbiddenError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search.access import library_collections, managed_collections, unread_collections
from search.models import Collection, Source
from search.pages.results import kind_of

PAGE_SIZE = 50
NUMBERS = re.compile(r"\d+")
# Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowel signs.
ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]+")
BUSY = (Document.Status.QUEUED, Document.Status.WORKING)
GONE = gettext_noop("This document does not exist, or you may not read it.")
NOT_MANAGED = gettext_noop("You may read this collection, but not change its contents. Its owners may.")
NEWEST, TITLE, CITED = "newest", "title", "cited"
# The states that a list can be narrowed to, as people read them.
READING, FAILED, INCOMPLETE = "reading", "failed", "incomplete"
STATES = {
    READING: gettext_noop("Being read"),
    FAILED: gettext_noop("Could not be read"),
    INCOMPLETE: gettext_noop("Read in part, or uncertain"),
}


@dataclass(frozen=True)
class Shelf:
    """A collection as its readers see it; `documents` counts all, including `waiting` and `failed`."""

    id: int
    name: str
    description: str
    label: Sensitivity
    owners: tuple[str, ...]
    documents: int
    waiting: int
    failed: int
    managed: bool
    is_own: bool = False
    is_shared: bool = False


@dataclass(frozen=True)
class Item:
    """A document as its readers see it: the searched version, and the progress of a newer one.

    `source` is None while nothing of it can be read. `status` is that of the newest version; while that is not
    ready, `version` and the fields after it describe the searched version, if there is one.
    """

    id: UUID
    title: str
    label: Sensitivity
    status: str
    progress: int
    stage: str
    stage_name: str
    error: str
    source: UUID | None
    version: int
    file_name: str
    folder: str
    size: int
    pages: int | None
    added_at: datetime
    added_by: str
    notes: tuple[NoteText, ...] = ()
    external_id: str = ""
    cited: int = 0
    is_own: bool = False
    owner: str = ""
    review_by: date | None = None

    @property
    def is_due(self) -> bool:
        """Return whether the day by which it should have been reviewed has passed."""
        return self.review_by is not None and self.review_by < timezone.localdate()

    @property
    def kind(self) -> str:
        return kind_of(media_type(self.file_name))

    @property
    def unread(self) -> list[str]:
        """Return in words which parts of the file were not read, or are uncertain."""
        return [note.text for note in self.notes]

    @property
    def is_incomplete(self) -> bool:
        """Return whether something in the file was not read; otherwise its notes are only doubts."""
        return not all(note.is_doubt for note in self.notes)

    @property
    def is_busy(self) -> bool:
        return self.status in BUSY


@dataclass(frozen=True)
class Listing:
    """One page of a collection's documents; `found` is how many match the filter."""

    items: tuple[Item, ...]
    found: int
    page: int
    pages: int


@dataclass(frozen=True)
class Order:
    """An order of documents; those without a value come last."""

    name: str
    column: str
    descending: bool = False


ORDERS = {
    NEWEST: Order(gettext_noop("Newest first"), "uploaded_at", descending=True),
    "oldest": Order(gettext_noop("Oldest first"), "uploaded_at"),
    TITLE: Order(gettext_noop("Title, A to Z"), "title"),
    "-title": Order(gettext_noop("Title, Z to A"), "title", descending=True),
    "largest": Order(gettext_noop("Largest first"), "size", descending=True),
    "smallest": Order(gettext_noop("Smallest first"), "size"),
    "longest": Order(gettext_noop("Most pages first"), "pages", descending=True),
    "shortest": Order(gettext_noop("Fewest pages first"), "pages"),
    CITED: Order(gettext_noop("Most cited first"), CITED, descending=True),
    "-cited": Order(gettext_noop("Least cited first"), CITED),
}


def shelves(user: User) -> list[Shelf]:
    """Return the collections that `user` may read, by name."""
    return _shelves(user, library_collections(user))


def unread_shelves(user: User) -> list[Shelf]:
    """Return the collections that `user` manages and nobody may read, by name."""
    return _shelves(user, unread_collections(managed_collections(user)))


def shelf(user: User, collection: int) -> Shelf:
    """Return one collection. Raises NotFoundError if `user` may not read it."""
    found = _shelves(user, library_collections(user).filter(pk=collection))
    if not found:
        raise NotFoundError(_("This collection does not exist, or you may not read it."))
    return found[0]


def _shelves(user: User, collections: QuerySet[Collection]) -> list[Shelf]:
    managed = set(managed_collections(user).values_list("pk", flat=True))
    owners = Prefetch("owners", User.objects.filter(is_active=True).order_by("username"), to_attr="asked")
    present = Q(documents__deleted_at=None)
    teams = Collection.teams.through.objects.filter(collection=OuterRef("pk"))
    users = Collection.users.through.objects.filter(collection=OuterRef("pk"))
    counted = collections.prefetch_related(owners).annotate(
        total=Count("documents", filter=present),
        waiting=Count("documents", filter=present & Q(documents__status__in=BUSY)),
        failed=Count("documents", filter=present & Q(documents__status=Document.Status.FAILED)),
        is_shared=ExpressionWrapper(Q(everyone=True) | Exists(teams) | Exists(users), BooleanField()),
    )
    return [
        Shelf(
            id=row.pk,
            name=row.name,
            description=row.description,
            label=Sensitivity(row.sensitivity),
            owners=tuple(str(owner) for owner in row.asked),
            documents=row.total,
            waiting=row.waiting,
            failed=row.failed,
            managed=row.pk in managed,
            is_own=row.kind == Collection.Kind.OWN and row.holder_id == user.pk,
            is_shared=row.is_shared,
        )
        for row in counted.order_by("name")
    ]


def listing(shelf: Shelf, *, words: str = "", order: str = NEWEST, page: int = 1, state: str = "") -> Listing:
    """Return a page of the documents in this state that have all of `words` in title, file name or folder."""
    ids = _ids(_in_state(shelf.id, state), folded(words).split(), ORDERS.get(order, ORDERS[NEWEST]))
    found = ids.count() if isinstance(ids, QuerySet) else len(ids)
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(max(page, 1), pages)
    return Listing(_items(list(ids[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])), found, page, pages)


def of_external_id(shelf: Shelf, external_id: str) -> Listing:
    """Return the document of a collection that a program gave this external id, if there is one."""
    found = list(Document.objects.filter(collection=shelf.id, external_id=external_id).values_list("pk", flat=True))
    return Listing(_items(found), len(found), 1, 1)


def item(user: User, document: UUID) -> tuple[Item, Collection]:
    """Return one document as its readers, and those who manage it, see it. Raises NotFoundError for others."""
    seen = Q(collection__in=library_collections(user)) | Q(collection__in=managed_collections(user))
    found = Document.objects.filter(seen, pk=document).select_related("collection").first()
    items = _items([document]) if found else ()
    if not (found and items):
        raise NotFoundError(_(GONE))
    return items[0], found.collection


def managed_document(user: User, document: UUID) -> Document:
    """Return a document that `user` may delete.

    Raises NotFoundError if they may not see it, ForbiddenError if they may see but not manage it.
    """
    item(user, document)
    found = Document.objects.filter(pk=document, collection__in=managed_collections(user)).first()
    if found is None:
        raise ForbiddenError(_(NOT_MANAGED))
    return found


def managed_collection(user: User, collection: int) -> Collection:
    """Return a collection that `user` may add documents to. Raises NotFoundError and ForbiddenError likewise."""
    found = managed_collections(user).filter(pk=collection).first()
    if found is None:
        shelf(user, collection)
        raise ForbiddenError(_(NOT_MANAGED))
    return found


def _in_state(collection: int, state: str) -> QuerySet[Document]:
    rows = Document.objects.filter(collection=collection)
    if state == READING:
        return rows.filter(status__in=BUSY)
    if state == FAILED:
        return rows.filter(status=Document.Status.FAILED)
    if state == INCOMPLETE:
        return rows.filter(status=Document.Status.READY, notes__isnull=False).exclude(notes=[])
    return rows


def move_targets(user: User, source: int, *, is_own: bool) -> list[tuple[int, str]]:
    """Return the other collections that documents of `source` can be moved to by `user`, by name."""
    others = managed_collections(user).exclude(pk=source)
    # What is in the team's Library stays there.
    others = others if is_own else others.filter(kind=Collection.Kind.LIBRARY)
    return list(others.order_by("name").values_list("pk", "name"))


def _ids(documents: QuerySet[Document], words: Sequence[str], order: Order) -> "list[UUID] | QuerySet[Document, UUID]":
    """Return the ids in order. Names are compared here, because SQLite knows no case or order beyond ASCII."""
    rows = _sorted(documents, order)
    if not words and order.column not in (TITLE, CITED):
        return rows.values_list("pk", flat=True)
    named = [
        (pk, title)
        for pk, title, *names in rows.values_list("pk", "title", "file_name", "imported_from")
        if not words or _has(words, folded("\n".join((title, *names))))
    ]
    if order.column == TITLE:
        named.sort(key=lambda row: _rank(row[1]), reverse=order.descending)
    if order.column == CITED:
        cited = document_uses.answers_citing(documents.order_by().values("pk"))
        named.sort(key=lambda row: cited.get(row[0], 0), reverse=order.descending)
    return [pk for pk, _ in named]


def _sorted(documents: QuerySet[Document], order: Order) -> QuerySet[Document]:
    if order.column in (TITLE, CITED):
        return documents.order_by("pk")
    # While a newer version is not ready, the values of the one before are shown.
    shown = Coalesce(f"previous__{order.column}", order.column)
    by = shown.desc(nulls_last=True) if order.descending else shown.asc(nulls_last=True)
    return documents.order_by(by, "pk")


def _has(words: Sequence[str], text: str) -> bool:
    return all(word in text for word in words)


def _rank(title: str) -> str:
    """Return a sort key in which numbers count as numbers: Chapter 9 comes before Chapter 10."""
    return NUMBERS.sub(lambda number: number[0].zfill(9), folded(title))


def folded(text: str) -> str:
    """Return text without case and accents, for comparing."""
    return text.lower() if text.isascii() else ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))


def _items(ids: Sequence[UUID]) -> tuple[Item, ...]:
    rows = Document.objects.select_related("collection", "previous__uploaded_by", "uploaded_by", "owner").in_bulk(ids)
    live = Source.objects.live().filter(document__in=ids).values_list("document", "pk")
    sources = dict(live)
    cited = document_uses.answers_citing(ids)
    return tuple(_item(rows[pk], sources.get(pk), cited.get(pk, 0)) for pk in ids if pk in rows)


def _item(document: Document, source: UUID | None, cited: int) -> Item:
    shown = document.searched or document
    return Item(
        id=document.pk,
        title=document.title,
        label=document.label,
        status=document.status,
        progress=document.progress,
        stage=document.stage,
        stage_name=document.stage_name,
        error=document.reason,
        source=source,
        version=shown.version,
        file_name=shown.file_name,
        folder=document.folder,
        size=shown.size,
        pages=shown.pages,
        added_at=shown.uploaded_at,
        added_by=str(shown.uploaded_by or "LangAI"),
        notes=described(shown.notes),
        external_id=document.external_id,
        cited=cited,
        is_own=document.collection.kind == Collection.Kind.OWN,
        owner=str(document.owner or ""),
        review_by=document.review_by,
    )
