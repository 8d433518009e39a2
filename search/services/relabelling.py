"""Changes a document's title and label in search immediately, without reading the document again."""

from uuid import UUID

from django.db import transaction

from langai_site import document_uses
from langai_site.sensitivity import Sensitivity
from search.contexts import digest_of, in_context, names_of
from search.keywords import KeywordText, get_index
from search.models import Passage, PassageVector, Source

BATCH = 200


@transaction.atomic
def relabel(document: UUID, *, title: str, sensitivity: Sensitivity) -> None:
    """Give all versions of a document this title and label; a query sees both at once.

    The title is part of the embedded text of each passage: the old vectors are searched until `sync_vectors` has made
    the new ones. The same holds for a label above the embedder's ceiling, but then that embedder is not called.
    """
    sources = Source.objects.select_for_update().filter(document=document)
    retitled = [source for source in sources if source.title != title and source.retired_at is None]
    sources.update(title=title)
    for source in retitled:
        source.title = title
        renew(source)
    # Last: its record says that the label applies from now on, but others see it only after the commit. A new title
    # takes seconds for a long document, and calls made in that time would count as labelled too low.
    sources.update(sensitivity=sensitivity)
    document_uses.relabelled(document)


def renew(source: Source) -> None:
    """Update the digests, keywords and vectors of a source's passages for its current title.

    Call it inside a transaction that has locked the source.
    """
    ids = list(source.passages.order_by().values_list("pk", flat=True))
    for at in range(0, len(ids), BATCH):
        changed, texts = [], []
        for passage in Passage.objects.filter(pk__in=ids[at : at + BATCH]).only("heading", "text", "digest"):
            text = in_context(source.title, passage)
            if (digest := digest_of(text)) != passage.digest:
                passage.digest = digest
                changed.append(passage)
                names = names_of(source.file_name, source.folder)
                texts.append(KeywordText(passage.pk, source.collection_id, text, names))
        Passage.objects.bulk_update(changed, ["digest"])
        get_index().add(texts)
        PassageVector.objects.filter(passage__in=changed).delete()
