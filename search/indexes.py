"""Says which vectors a collection has and which are searched: one index for each embedder.

One embedder embeds a collection's documents; the local one embeds those that this embedder may not see. While the
embedder is being changed there are both: `Collection.embedder` names the one that is searched.

Where the local multilingual embedder is used, MiniLM embeds English passages a second time, as its companion: it is
better for English questions about them. So an installation that had MiniLM alone keeps being searched by it until the
multilingual index is complete, and nothing is embedded again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet

from langai_site.sentences import sentence
from search.embeddings import (
    LOCAL_FINGERPRINTS,
    TextEmbedder,
    by_fingerprint,
    companion_of,
    configured_ceiling,
    embedder_for,
    local_embedder,
)
from search.models import Collection, Passage, PassageVector, Source
from search.vectors import collection_name, store_ceiling

# Below every label.
NOTHING = -1
# Collections for which the store failed in this process: there, equal counts can hide a difference. A restarted
# process compares all collections.
suspects: set[int] = set()

MEANING_OFF = sentence(
    "search.meaning_off",
    "Search by meaning is off, so documents were searched by their words alone. An administrator can see why.",
)()
LABEL_TOO_HIGH = sentence(
    "search.label_too_high",
    "Some documents were searched by their words alone: the model for search by meaning may not see such sensitive "
    "text.",
)()
REBUILDING = sentence(
    "search.rebuilding", "Some documents can be found only by their words until they are indexed again."
)()


@dataclass(frozen=True)
class Index:
    """The vectors of one collection by one embedder: those of passages labelled above `above`, up to its ceiling.

    `partial`: passages in other languages than the embedder's need no vector, because another index has all.
    """

    collection_id: int
    sensitivity: int
    embedder: TextEmbedder
    above: int = NOTHING
    partial: bool = False

    @property
    def name(self) -> str:
        """Return its name in the store."""
        return store_name(self.collection_id, self.embedder.fingerprint)

    @property
    def may_be_stored(self) -> bool:
        """Return whether the store may hold any of it."""
        return self.sensitivity <= min(self.embedder.ceiling, store_ceiling())

    def takes(self, label: int) -> bool:
        return self.above < label <= self.embedder.ceiling

    def needs(self, language: str) -> bool:
        """Return whether passages in this language, "" if it is not clear, need a vector in it."""
        return not self.partial or self.embedder.languages is None or language in (*self.embedder.languages, "")

    def sources(self, *, stored: bool = False) -> QuerySet[Source]:
        """Return the live documents that belong in it; with `stored`, only those whose vectors the store may hold."""
        ceiling = min(self.embedder.ceiling, store_ceiling()) if stored else self.embedder.ceiling
        if self.sensitivity > ceiling:
            return Source.objects.none()
        found = Source.objects.live().filter(collection=self.collection_id, sensitivity__lte=ceiling)
        return found.filter(sensitivity__gt=self.above) if self.sensitivity <= self.above else found

    def vectors(self, *, stored: bool = False) -> QuerySet[PassageVector]:
        """Return its vectors of those documents."""
        found = PassageVector.objects.filter(embedder=self.embedder.fingerprint)
        return found.filter(passage__source__in=self.sources(stored=stored).values("pk")).order_by()

    def missing(self) -> QuerySet[Passage]:
        """Return the passages that should have a vector in it, but have none; of a closed account's files none are."""
        has_one = PassageVector.objects.filter(passage=OuterRef("pk"), embedder=self.embedder.fingerprint)
        sources = self.sources().exclude(collection__holder__is_active=False)
        found = Passage.objects.filter(~Exists(has_one), source__in=sources.values("pk")).order_by()
        if not self.partial or self.embedder.languages is None:
            return found
        return found.filter(keywords__language__in=(*self.embedder.languages, ""))


def store_name(collection_id: int, fingerprint: str) -> str:
    return collection_name(settings.SECRET_KEY, collection_id, fingerprint)


def store_prefix(collection_id: int) -> str:
    """Return the common prefix of the names of all of a collection's indexes in the store."""
    return store_name(collection_id, "")


def indexes_of(collection: Collection) -> list[Index]:
    """Return the indexes that the collection should have now.

    They are the searched one, the wanted one, the local one for higher labels, and MiniLM's beside the multilingual.
    """
    searched, wanted = searched_embedder(collection), embedder_for(collection.sensitivity)
    found = {each.fingerprint: each for each in (wanted, searched) if each}
    ceiling = min([configured_ceiling(), *(each.ceiling for each in found.values())])
    indexes = [Index(collection.pk, collection.sensitivity, each) for each in found.values()]
    local = local_embedder()
    if local and local.fingerprint not in found:
        indexes.append(Index(collection.pk, collection.sensitivity, local, above=ceiling))
    return _with_companion(indexes)


def _with_companion(indexes: list[Index]) -> list[Index]:
    """Return the indexes with the one that has English passages a second time, if it is not among them."""
    for index in indexes:
        companion = companion_of(index.embedder)
        if companion and companion.fingerprint not in {each.embedder.fingerprint for each in indexes}:
            return [*indexes, replace(index, embedder=companion, partial=True)]
    return indexes


def adopt_embedder(collection_id: int) -> None:
    """If a collection has no vectors yet, let it be searched by the embedder that will make them."""
    collection = Collection.objects.get(pk=collection_id)
    if not collection.embedder and (wanted := embedder_for(collection.sensitivity)):
        Collection.objects.filter(pk=collection_id, embedder="").update(embedder=wanted.fingerprint)


def searched_embedder(collection: Collection) -> TextEmbedder | None:
    """Return the embedder whose vectors are searched now; None if it is no longer available."""
    if not collection.embedder:
        return embedder_for(collection.sensitivity)
    return by_fingerprint(collection.embedder)


@dataclass(frozen=True)
class Searchable:
    """The indexes to query; `notice` tells the person who searches what is found by words only."""

    indexes: tuple[Index, ...] = ()
    notice: str = ""


def queried(collection_ids: Iterable[int], label: int) -> Searchable:
    """Return the indexes that may be asked a question of this label, for collections that the reader may read.

    Embed the question once with each `index.embedder`, query the store for `index.name`, and drop scores below
    `index.embedder.min_score`; cosines of different embedders cannot be compared. Request twice as many passages
    as needed: while a document is being replaced the store holds both versions, and the database says which
    one is live. Reads the database and waits for no server.
    """
    collections = list(Collection.objects.filter(pk__in=collection_ids).order_by("pk"))
    raised = _highest_stored([each.pk for each in collections if each.embedder not in LOCAL_FINGERPRINTS])
    # Most collections of a deployment are alike, and looking at settings and files for each takes milliseconds.
    alike: dict[tuple[int, str, int], tuple[list[Index], str]] = {}
    found: list[Index] = []
    for collection in collections:
        kind = (collection.sensitivity, collection.embedder, raised.get(collection.pk, NOTHING))
        if kind not in alike:
            alike[kind] = _queried(collection, label, kind[2])
        found += [replace(index, collection_id=collection.pk) for index in alike[kind][0]]
    notices = {notice for _, notice in alike.values()}
    order = (MEANING_OFF, REBUILDING, LABEL_TOO_HIGH)
    return Searchable(tuple(found), next((notice for notice in order if notice in notices), ""))


def _highest_stored(collection_ids: list[int]) -> dict[int, int]:
    """Return, by collection, the highest label of a document that the store may hold."""
    if not collection_ids:
        return {}
    stored = Source.objects.live().filter(collection__in=collection_ids, sensitivity__lte=store_ceiling())
    return dict(stored.order_by().values_list("collection").annotate(Max("sensitivity")))


def _queried(collection: Collection, label: int, raised: int) -> tuple[list[Index], str]:
    if collection.sensitivity > store_ceiling():
        # Its vectors may not be in such a store. That follows from the settings and is not temporary.
        return [], ""
    indexes, rebuilding = _current(collection, raised)
    if not indexes:
        return [], MEANING_OFF
    allowed = [index for index in indexes if label <= min(index.embedder.ceiling, store_ceiling())]
    if len(allowed) < len(indexes):
        return allowed, LABEL_TOO_HIGH
    return allowed, REBUILDING if rebuilding else ""


def _current(collection: Collection, raised: int) -> tuple[list[Index], bool]:
    """Return the indexes to query, and whether the searched one cannot be used.

    They are the searched one, otherwise the wanted one as far as it is built, the local one if it holds raised
    documents, and MiniLM's beside the multilingual.
    """
    searched, local = searched_embedder(collection), local_embedder()
    usable = searched if searched and collection.sensitivity <= searched.ceiling else None
    main = usable or embedder_for(collection.sensitivity)
    indexes = [Index(collection.pk, collection.sensitivity, main)] if main else []
    above = main.ceiling if main else configured_ceiling()
    if local and main is not local and raised > above:
        indexes.append(Index(collection.pk, collection.sensitivity, local, above))
    return _with_companion(indexes), usable is None
