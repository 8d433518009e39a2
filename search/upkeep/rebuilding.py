"""Rebuilds keywords and the store's vectors from the database, and the vectors themselves on request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from langai_site.models import Checkpoint
from search.indexes import Index, indexes_of
from search.models import Collection, Passage
from search.upkeep import keyword_sync, sync
from search.upkeep.filling import embed
from search.vectors import BrokenCollectionError, VectorStore

BATCH = 500
COMMAND = "reindex"

# Called with the current step, the number of finished items, and the number of all items.
Report = Callable[[str, int, int], None]


@dataclass
class Rebuild:
    """One run over `collections`; the next run with the same options resumes one that was interrupted."""

    collections: list[Collection]
    store: VectorStore | None
    embed: bool
    report: Report
    state: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Rebuild everything; all passages can be found meanwhile.

        Raises StoreUnavailableError and EmbedderUnavailableError.
        """
        self.state = self._resumed()
        for collection in self.collections:
            if f"words {collection.pk}" not in self.state["done"]:
                self._rebuild_words(collection)
                self.state["done"].append(f"words {collection.pk}")
                self._save(after=0)
        for index in self._indexes():
            if index.name not in self.state["done"]:
                self._rebuild(index)
                self.state["done"].append(index.name)
                self._save(after=0)
        Checkpoint.objects.filter(command=COMMAND).delete()

    def _resumed(self) -> dict[str, Any]:
        options = {"embed": self.embed, "collections": [each.pk for each in self.collections]}
        saved = Checkpoint.objects.filter(command=COMMAND).first()
        if saved and {name: saved.state[name] for name in options} == options:
            state: dict[str, Any] = saved.state
            return state
        return {**options, "done": [], "after": 0}

    @property
    def resumes(self) -> bool:
        state = self._resumed()
        return bool(state["done"] or state["after"])

    def _save(self, *, after: int) -> None:
        self.state["after"] = after
        Checkpoint.objects.update_or_create(command=COMMAND, defaults={"state": self.state})

    def _indexes(self) -> Iterator[Index]:
        for collection in self.collections:
            yield from (index for index in indexes_of(collection) if self.embed or index.may_be_stored)

    def _rebuild_words(self, collection: Collection) -> None:
        what, live = f"Keywords of “{collection.name}”", Passage.objects.live()
        ids = live.filter(source__collection=collection).order_by("pk")
        total, done = ids.count(), ids.filter(pk__lte=self.state["after"]).count()
        self.report(what, done, total)
        while batch := list(ids.filter(pk__gt=self.state["after"]).values_list("pk", flat=True)[:BATCH]):
            keyword_sync.add(batch)
            self._save(after=batch[-1])
            done += len(batch)
            self.report(what, done, total)
        keyword_sync.mend(*keyword_sync.differing(collection.pk))

    def _rebuild(self, index: Index) -> None:
        total = index.vectors().count()
        ids = index.vectors().filter(passage__gt=self.state["after"]).order_by("passage")
        done = total - ids.count()
        self.report(index.name, done, total)
        while batch := list(ids.filter(passage__gt=self.state["after"]).values_list("passage", flat=True)[:BATCH]):
            self._write(index, batch)
            self._save(after=batch[-1])
            done += len(batch)
            self.report(index.name, done, total)
        if self.store and index.may_be_stored:
            sync.check(self.store, index, present=True, thorough=True)

    def _write(self, index: Index, ids: list[int]) -> None:
        """Overwrite what is there, so that nothing is missing at any time."""
        if self.embed:
            embed(index, ids, force=True)
        if self.store and index.may_be_stored:
            stored = index.vectors(stored=True).filter(passage__in=ids)
            try:
                sync.restore(self.store, index, list(stored.values_list("passage", flat=True)))
            except BrokenCollectionError:
                self.store.drop(index.name)
                sync.repair(self.store, index)
