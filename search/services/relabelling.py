"""A document's title and label in search: changed at once, without reading the document again."""

from uuid import UUID

from django.db import transaction

from langai_site.sensitivity import Sensitivity
from search.contexts import digest_of, in_context
from search.models import Passage, PassageVector, Source

BATCH = 200


@transaction.atomic
def relabel(document: UUID, *, title: str, sensitivity: Sensitivity) -> None:
    """Give all versions of a document this title and label; a query sees both at once.

    A title is part of what is embedded of each passage: the old vectors answer until `sync_vectors` has made the
    new ones. So it is with a label above what the embedder may see, but for its being asked.
    """
    sources = Source.objects.select_for_update().filter(document=document)
    retitled = [source for source in sources if source.title != title and source.retired_at is None]
    sources.update(title=title, sensitivity=sensitivity)
    for source in retitled:
        source.title = title
        renew(source)


def renew(source: Source) -> None:
    """Recognise the passages of a source by its present title. Inside a transaction that holds the source."""
    changed = []
    for passage in source.passages.only("pk", "heading", "text", "digest").iterator(BATCH):
        digest = digest_of(in_context(source.title, passage))
        if digest != passage.digest:
            passage.digest = digest
            changed.append(passage)
    Passage.objects.bulk_update(changed, ["digest"], batch_size=BATCH)
    for at in range(0, len(changed), BATCH):
        PassageVector.objects.filter(passage__in=[each.pk for each in changed[at : at + BATCH]]).delete()
