"""Says how far an index is that is being built beside the one that is searched."""

from dataclasses import dataclass

from search.indexes import indexes_of
from search.models import Collection, Passage


@dataclass(frozen=True)
class IndexProgress:
    """How many of a collection's passages have all their vectors; the old index is searched until all have."""

    done: int
    total: int

    @property
    def is_complete(self) -> bool:
        return self.done >= self.total

    def __str__(self) -> str:
        if self.is_complete:
            return "Complete"
        share = 100 * self.done // max(self.total, 1)
        return f"{share} %: {self.done:,} of {self.total:,} passages embedded. The worker embeds the others."


def progress_of(collection: Collection) -> IndexProgress:
    """Return the progress of the index that is furthest behind. Counts passages: not for lists of collections."""
    total = Passage.objects.live().filter(source__collection=collection).count()
    missing = max((index.missing().count() for index in indexes_of(collection)), default=0)
    return IndexProgress(max(total - missing, 0), total)
