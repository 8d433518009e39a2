"""Takes documents out of search for a while, brings them back, and moves them to another collection."""

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from langai_site import document_uses
from search.contexts import in_context, names_of
from search.keywords import KeywordText, get_index
from search.models import Passage, Source
from search.services.indexing import forget_vectors, passages_by_collection

BATCH = 200


@transaction.atomic
def hide(documents: Sequence[UUID]) -> None:
    """Let nobody find or quote these documents. Their text is kept, so that `show` brings them back."""
    sources = Source.objects.filter(document__in=list(documents))
    _take_out(sources.live())
    sources.update(live=False, retired_at=None)


@transaction.atomic
def show(versions: Mapping[UUID, int]) -> None:
    """Let people find hidden documents again, each in this version.

    `sync_vectors` adds their vectors to the store within seconds; until then they are found by their words.
    """
    for document, version in versions.items():
        source = Source.objects.filter(document=document, version=version).first()
        if source is not None:
            # Answers may cite the earlier versions.
            Source.objects.filter(document=document).exclude(pk=source.pk).update(retired_at=timezone.now())
            Source.objects.filter(pk=source.pk).update(live=True)
            _index_words(source)


@transaction.atomic
def move(document: UUID, collection_id: int) -> None:
    """Move all versions of a document to another collection, with their passages."""
    sources = Source.objects.select_for_update().filter(document=document)
    _take_out(sources)
    sources.update(collection=collection_id)
    for source in Source.objects.live().filter(document=document):
        _index_words(source)
    document_uses.relabelled(document)


def _take_out(sources: QuerySet[Source]) -> None:
    passages = passages_by_collection(sources)
    for ids in passages.values():
        for at in range(0, len(ids), BATCH):
            get_index().remove(ids[at : at + BATCH])
    transaction.on_commit(partial(forget_vectors, passages))


def _index_words(source: Source) -> None:
    ids = list(source.passages.order_by().values_list("pk", flat=True))
    for at in range(0, len(ids), BATCH):
        add_words(ids[at : at + BATCH])


def add_words(ids: Sequence[int]) -> None:
    """Index these passages by their words, with their current texts and titles. Call it inside a transaction."""
    rows = Passage.objects.filter(pk__in=ids).select_related("source")
    get_index().add(
        KeywordText(
            row.pk,
            row.source.collection_id,
            in_context(row.source.title, row),
            names_of(row.source.file_name, row.source.folder),
        )
        for row in rows
    )
