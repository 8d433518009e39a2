"""Says how far an index is that is being built beside the one that is searched."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

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
            return _("Complete")
        share = 100 * self.done // max(self.total, 1)
        text = _("%(percent)s %%: %(done)s of %(total)s passages embedded. The worker embeds the others.")
        return text % {"percent": share, "done": intcomma(self.done), "total": intcomma(self.total)}


def progress_of(collection: Collection) -> IndexProgress:
    """Return the progress of the index that is furthest behind. Counts passages: not for lists of collections."""
    total = Passage.objects.live().filter(source__collection=collection).count()
    missing = max((index.missing().count() for index in indexes_of(collection)), default=0)
    return IndexProgress(max(total - missing, 0), total)
