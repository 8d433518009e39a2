"""A passage in its page, for someone who may read it."""

from uuid import UUID

from langai_site.errors import NotFound
from search.access import readable_collections
from search.models import Page, Source
from search.services.passages import page_counts
from search.types import Excerpt, Reader

# Characters of a page shown at once; a text file without pages can be one of millions.
EXCERPT_CHARS = 20_000


def excerpt(reader: Reader, source_id: UUID, *, page: int, start: int, end: int) -> Excerpt:
    """A page of a source with the characters from `start` to `end` marked, for someone who may read it."""
    readable = Source.objects.filter(collection__in=readable_collections(reader.user_id))
    source = readable.select_related("collection").filter(pk=source_id).first()
    row = Page.objects.filter(source=source, number=page).first() if source else None
    if source is None or row is None:
        raise NotFound("This document, or this page of it, is not there (any more).")
    before, marked, after = split(row.text, start, end)
    passage = source.passages.filter(page=page, start=start).only("heading", "location").first()
    return Excerpt(
        source_id=source.pk,
        title=source.title,
        file_name=source.file_name,
        collection=source.collection.name,
        label=source.label,
        page=page,
        pages=page_counts([source.pk]).get(source.pk, page),
        start=start,
        end=end,
        heading=passage.heading if passage else "",
        location=passage.location if passage else row.label,
        before=before,
        marked=marked,
        after=after,
    )


def split(text: str, start: int, end: int) -> tuple[str, str, str]:
    """The text before, in and after a span; of a very long text only the surroundings, with an ellipsis."""
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text), start + EXCERPT_CHARS))
    if len(text) <= EXCERPT_CHARS:
        return text[:start], text[start:end], text[end:]
    room = (EXCERPT_CHARS - (end - start)) // 2
    first, last = max(0, start - room), min(len(text), end + room)
    before = ("… " if first else "") + text[first:start]
    return before, text[start:end], text[end:last] + (" …" if last < len(text) else "")
