"""The record of which label documents and collections had, and since when. `search.models` has the other tables."""

from collections.abc import Iterable, Sequence

from django.db import models
from django.utils import timezone

from langai_site.sensitivity import LABEL_CHOICES

# As many ids as one query accepts on every database.
IDS_AT_ONCE = 500


class LabelRecordManager(models.Manager["LabelRecord"]):
    def follow(self, found: Iterable["LabelRecord"]) -> None:
        """Add a row for each label that differs from its last row.

        Call it inside the transaction that set the label.
        """
        rows = list(found)
        known: dict[object, tuple[int, int]] = {}
        for row in self._last_of(rows):
            known[row.subject] = (row.collection, row.label)
        self.bulk_create(row for row in rows if known.get(row.subject) != (row.collection, row.label))

    def _last_of(self, rows: Sequence["LabelRecord"]) -> Iterable["LabelRecord"]:
        """Yield the earlier rows of the same sources and collections, in order."""
        for field in ("source", "collection"):
            wanted = [getattr(row, field) for row in rows if (row.document is None) == (field == "collection")]
            for first in range(0, len(wanted), IDS_AT_ONCE):
                some = {f"{field}__in": wanted[first : first + IDS_AT_ONCE]}
                yield from self.filter(document__isnull=field == "collection", **some).order_by("since", "pk")


class LabelRecord(models.Model):
    """A label of a source or a collection, and since when it had it. Append-only, and values only: it outlives both.

    A row with a document is about one version of it: its own label and the collection it was in. A row without
    a document is about the collection itself. The higher of the two labels counts for a passage.
    """

    document = models.UUIDField(null=True)
    source = models.UUIDField(null=True, db_index=True)
    collection = models.BigIntegerField()
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES)
    since = models.DateTimeField(default=timezone.now)
    known_from_start = models.BooleanField(
        default=True, help_text="False: it existed before labels were recorded, and nobody knows what it had then."
    )
    ended = models.BooleanField(default=False, help_text="The source was removed; this is the label that it had.")

    objects = LabelRecordManager()

    class Meta:
        ordering = ["since", "id"]
        indexes = [
            models.Index(fields=["document", "since"], name="labels_of_a_document"),
            models.Index(
                fields=["collection", "since"],
                condition=models.Q(document__isnull=True),
                name="labels_of_a_collection",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document or self.collection}: {self.get_label_display()}"

    @property
    def subject(self) -> object:
        """Return what the row is about: a source, or a collection."""
        return self.source if self.document else self.collection
