"""Shows a passage in its page to a person who may read it."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Min
from django.utils.translation import gettext as _

from langai_site.errors import NotFoundError
from search.access import readable_collections
from search.models import Collection, Page, Source, SourceQuerySet
from search.services.passages import page_counts
from search.types import Excerpt, OpenPage, Reader

# Characters of a page shown at once. Long texts are cut into shorter pages, but a page of a PDF may be any length.
EXCERPT_CHARS = 60_000
# Up to this many named parts are listed; with more, the reader turns pages instead.
PARTS_SHOWN = 60


def documents_of(sources: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the ids of the documents that sources are versions of, by the sources' ids."""
    return dict(Source.objects.filter(pk__in=set(sources)).values_list("pk", "document"))


def readable_of(user_id: int, sources: Iterable[UUID]) -> set[UUID]:
    """Return those of the sources that the person may open."""
    mine = Source.objects.quotable().filter(collection__in=readable_collections(user_id), pk__in=set(sources))
    return set(mine.order_by().values_list("pk", flat=True))


def excerpt(reader: Reader, source_id: UUID, *, page: int, start: int, end: int) -> Excerpt:
    """Return a page of a source with the characters from `start` to `end` marked, if the reader may read it."""
    source, row = _access(reader, source_id, page)
    return _excerpt(source, row, start, end, _readable(reader))


def open_page(reader: Reader, source_id: UUID, *, page: int = 1, start: int = 0, end: int = 0) -> OpenPage:
    """Return the same for a separate page, with its place in the document and the names of the neighbouring pages."""
    source, row = _access(reader, source_id, page)
    beside = source.pages.filter(number__range=(page - 1, page + 1)).values_list("number", "label")
    return OpenPage(
        excerpt=_excerpt(source, row, start, end, _readable(reader)),
        document=source.document,
        version=source.version,
        collection_id=source.collection_id,
        is_listed=source.collection.kind in Collection.SHOWN,
        media_type=source.media_type,
        added_at=source.added_at,
        names=dict(beside),
        parts=_parts(source),
    )


def _readable(reader: Reader) -> SourceQuerySet:
    """Return the sources that the person may open: those that are searched, and earlier versions that answers cite."""
    return Source.objects.quotable().filter(collection__in=readable_collections(reader.user_id))


def _access(reader: Reader, source_id: UUID, page: int) -> tuple[Source, Page]:
    source = _readable(reader).select_related("collection").filter(pk=source_id).first()
    row = Page.objects.filter(source=source, number=page).first() if source else None
    if source is None or row is None:
        raise NotFoundError(_("This document, or this page of it, is not there (any more)."))
    return source, row


def _parts(source: Source) -> tuple[tuple[int, str], ...]:
    """Return the named parts of a document, such as sheets, with their first pages; empty if there are too many."""
    named = source.pages.exclude(label="").order_by().values_list("label").annotate(first=Min("number"))
    parts = sorted((first, label) for label, first in named[: PARTS_SHOWN + 1])
    return tuple(parts) if 1 < len(parts) <= PARTS_SHOWN else ()


def _excerpt(source: Source, row: Page, start: int, end: int, readable: SourceQuerySet) -> Excerpt:
    before, marked, after = split(row.text, start, end)
    passage = source.passages.filter(page=row.number, start=start).only("heading", "location").first() if end else None
    return Excerpt(
        source_id=source.pk,
        title=source.title,
        file_name=source.file_name,
        collection=source.collection.shown_name,
        label=source.label,
        page=row.number,
        pages=page_counts([source.pk]).get(source.pk, row.number),
        start=start,
        end=end,
        heading=passage.heading if passage else "",
        location=passage.location if passage else row.label,
        before=before,
        marked=marked,
        after=after,
        current=_current(source, readable),
        media_type=source.media_type,
        document=source.document if source.collection.kind in Collection.SHOWN else None,
    )


def _current(source: Source, readable: SourceQuerySet) -> UUID | None:
    """Return the version that replaced the source."""
    newer = readable.live().filter(document=source.document).order_by() if not source.live else readable.none()
    return newer.values_list("pk", flat=True).first()


def split(text: str, start: int, end: int) -> tuple[str, str, str]:
    """Return the text before, in and after a span; of a very long text only the surroundings, with an ellipsis."""
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text), start + EXCERPT_CHARS))
    if len(text) <= EXCERPT_CHARS:
        return text[:start], text[start:end], text[end:]
    room = (EXCERPT_CHARS - (end - start)) // 2
    first, last = max(0, start - room), min(len(text), end + room)
    before = ("… " if first else "") + text[first:start]
    return before, text[start:end], text[end:last] + (" …" if last < len(text) else "")
