import uuid
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from langai_site.accounts.models import Team
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity
from search.label_records import IDS_AT_ONCE, LabelRecord
from search.labelled import LabelledQuerySet
from search.places import page_text, place_text

# How people read the name of the collection with the files that they attached.
ATTACHED_NAME = gettext_noop("Files in your chats")


class Collection(models.Model):
    """Documents that the same people may read.

    Those of the Library are looked after by admins and owners. A person's own belongs to its `holder`, who is its one
    owner; admins see how much is in it, but not what. Attached files are read by their `holder` alone, and no list of
    collections shows them. A removed collection was a person's own; nobody reads it, and it can come back for a while.
    """

    class Kind(models.TextChoices):
        LIBRARY = "library", gettext_lazy("Library")
        OWN = "own", gettext_lazy("Collection of a person")
        REMOVED = "removed", gettext_lazy("Removed collection of a person")
        ATTACHED = "attached", gettext_lazy("Attached files")

    # The kinds that the Library shows.
    SHOWN = (Kind.LIBRARY, Kind.OWN)

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.LIBRARY, editable=False)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="held_collections",
        editable=False,
        help_text=gettext_lazy(
            "The person whose own collection it is, or who attached the files. Empty for others, and after the "
            "person is deleted."
        ),
    )
    name = models.CharField(gettext_lazy("name"), max_length=100)
    description = models.TextField(gettext_lazy("description"), blank=True)
    sensitivity = models.PositiveSmallIntegerField(
        gettext_lazy("sensitivity"), choices=LABEL_CHOICES, default=Sensitivity.INTERNAL
    )
    everyone = models.BooleanField(gettext_lazy("everyone signed in may read it"), default=False)
    teams = models.ManyToManyField(
        Team, blank=True, related_name="collections", verbose_name=gettext_lazy("teams that may read it")
    )
    users = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="collections",
        verbose_name=gettext_lazy("people who may read it"),
    )
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="owned_collections",
        verbose_name=gettext_lazy("owners"),
        help_text=gettext_lazy("They may read it and manage it in the Library. Readers see them as the people to ask."),
    )
    embedder = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text=gettext_lazy("Fingerprint of the embedder whose vectors are searched; empty: the configured one."),
    )
    created_at = models.DateTimeField(gettext_lazy("created at"), default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    # Whom to ask about the legal hold that keeps what was deleted; not stored.
    held_by: str | None = None
    LABEL_FIELDS = frozenset({"sensitivity"})
    objects = LabelledQuerySet["Collection"].as_manager()

    class Meta:
        verbose_name = gettext_lazy("collection")
        verbose_name_plural = gettext_lazy("collections")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(kind="library"),
                name="one_collection_a_name",
                violation_error_message=gettext_lazy("There is a collection with this name already."),
            ),
            models.UniqueConstraint(
                fields=["holder", "name"],
                condition=models.Q(kind="own"),
                name="one_own_collection_a_name",
                violation_error_message=gettext_lazy("You have a collection with this name already."),
            ),
            models.UniqueConstraint(
                fields=["holder"], condition=models.Q(kind="attached"), name="one_collection_of_attached_files"
            ),
        ]

    def __str__(self) -> str:
        return self.shown_name

    def save(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as Django's own
        with transaction.atomic():
            super().save(*args, **options)
            self.record_labels([self.pk])

    @property
    def shown_name(self) -> str:
        """Return the name as people read it. That of attached files is only there to be unique."""
        return gettext(ATTACHED_NAME) if self.kind == self.Kind.ATTACHED else self.name

    @classmethod
    def record_labels(cls, ids: Iterable[int]) -> None:
        """Record the current labels of these collections unless they are recorded already."""
        found = cls.objects.filter(pk__in=list(ids)).values_list("pk", "sensitivity")
        LabelRecord.objects.follow(LabelRecord(collection=pk, label=label) for pk, label in found)


class SourceQuerySet(LabelledQuerySet["Source"]):
    def live(self) -> Self:
        """Return the sources that search finds."""
        return self.filter(live=True)

    def quotable(self) -> Self:
        """Return the sources that answers may quote: live and replaced versions, but none of a deleted document."""
        return self.filter(models.Q(live=True) | models.Q(retired_at__isnull=False))

    def arriving(self) -> Self:
        """Return the versions that are being indexed, or were when their worker died."""
        same = Source.objects.live().filter(document=models.OuterRef("document"))
        newer = same.filter(version__gte=models.OuterRef("version"))
        return self.filter(~models.Exists(newer), live=False, retired_at=None)


class PassageQuerySet(models.QuerySet["Passage"]):
    def live(self) -> Self:
        """Return the passages that search finds."""
        return self.filter(source__live=True)


class Source(models.Model):
    """One version of a document as search knows it: all that a citation shows, except where it came from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.UUIDField(help_text="The id of the document it was made from; a value, not a key.")
    version = models.PositiveIntegerField(default=1)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="sources")
    title = models.CharField(max_length=300)
    file_name = models.CharField(max_length=300)
    folder = models.CharField(
        max_length=1000,
        blank=True,
        default="",
        help_text="The path of the folder that it was imported from.",
    )
    media_type = models.CharField(max_length=100)
    sensitivity = models.PositiveSmallIntegerField(choices=LABEL_CHOICES, default=Sensitivity.PUBLIC)
    added_at = models.DateTimeField(default=timezone.now)
    live = models.BooleanField(default=False, help_text="Found by search: all its passages are stored.")
    retired_at = models.DateTimeField(null=True, help_text="When a newer version took its place.")

    LABEL_FIELDS = frozenset({"sensitivity", "collection", "collection_id"})
    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "version"], name="one_source_a_version")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as Django's own
        with transaction.atomic():
            super().save(*args, **options)
            self.record_labels([self.pk])

    @property
    def label(self) -> Sensitivity:
        """Return the label in force. A document may be raised above its collection, never lowered below it."""
        return Sensitivity(max(self.sensitivity, self.collection.sensitivity))

    @classmethod
    def record_labels(cls, ids: Iterable[uuid.UUID]) -> None:
        """Record the current labels of these sources unless they are recorded already."""
        wanted = list(ids)
        for first in range(0, len(wanted), IDS_AT_ONCE):
            found = cls.objects.filter(pk__in=wanted[first : first + IDS_AT_ONCE])
            rows = found.values_list("document", "pk", "collection_id", "sensitivity")
            LabelRecord.objects.follow(
                LabelRecord(document=document, source=pk, collection=collection, label=label)
                for document, pk, collection, label in rows
            )


@receiver(post_delete, sender=Source)
def record_removal(instance: Source, **_signal: object) -> None:
    """Record that a source was removed, in the same transaction: a deletion that cascades calls no method."""
    LabelRecord.objects.create(
        document=instance.document,
        source=instance.pk,
        collection=instance.collection_id,
        label=instance.sensitivity,
        ended=True,
    )


class Page(models.Model):
    """A page of a source's extracted text; passages are spans of it."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField(help_text="From 1.")
    label = models.CharField(max_length=200, blank=True, help_text="The page's name, if it is not a number.")
    text = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="one_page_a_number")]

    def __str__(self) -> str:
        return f"{self.source} p. {self.number}"


class Passage(models.Model):
    """A piece of a page that can be found and cited."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="passages")
    position = models.PositiveIntegerField(help_text="From 0, in reading order.")
    text = models.TextField()
    page = models.PositiveIntegerField()
    start = models.PositiveIntegerField(help_text="Characters from the start of the page.")
    end = models.PositiveIntegerField()
    heading = models.CharField(max_length=300, blank=True)
    location = models.CharField(
        max_length=200,
        blank=True,
        help_text="Where it stands, as people say it: page 3, slide 4, rows 2 to 40.",
    )
    digest = models.CharField(
        max_length=64,
        db_index=True,
        default="",
        help_text="SHA-256 of what is embedded: the same text is not embedded twice.",
    )

    objects = PassageQuerySet.as_manager()

    class Meta:
        ordering = ["source", "position"]
        constraints = [models.UniqueConstraint(fields=["source", "position"], name="one_passage_a_position")]

    def __str__(self) -> str:
        return f"{self.source} p. {self.page}"

    @property
    def place(self) -> str:
        """Return where it stands, in the language of the page."""
        return place_text(self.location) or page_text(self.page)


class PassageVector(models.Model):
    """A passage's vector by one embedder; the vector store is rebuilt from these without embedding again."""

    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="vectors")
    embedder = models.CharField(max_length=100, help_text="Fingerprint: vectors of different embedders never mix.")
    vector = models.BinaryField(help_text="float16, little-endian.")

    class Meta:
        # In this order the index also serves to count and to list an embedder's vectors.
        constraints = [models.UniqueConstraint(fields=["embedder", "passage"], name="one_vector_an_embedder")]

    def __str__(self) -> str:
        return f"{self.passage_id} by {self.embedder}"


class PassageKeywords(models.Model):
    """A passage that is indexed by its words. The tokens are in tables that the migration adds for each database.

    On SQLite, triggers of this table maintain the tokens: a migration that rebuilds it must create them again.
    """

    passage = models.OneToOneField(Passage, on_delete=models.CASCADE, primary_key=True, related_name="keywords")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+", db_index=False)
    language = models.CharField(max_length=2, blank=True, db_index=True, help_text="Empty where the text shows none.")
    version = models.PositiveSmallIntegerField(help_text="Of the analyser that made the tokens.")

    class Meta:
        # In this order it also serves to count and to list a collection's passages.
        indexes = [models.Index(fields=["collection", "version"], name="keywords_of_collection")]

    def __str__(self) -> str:
        return f"{self.passage_id} by its words"


class LabelRise(models.Model):
    """A label that an admin raised, with the request to raise the conversations that quote the labelled documents.

    The row is the queue entry: a worker that finds it unfinished resumes it. It stays as a record. `document` or
    `collection` says what was relabelled; both are plain values, so the row outlives them.
    """

    document = models.UUIDField(null=True)
    collection = models.BigIntegerField(null=True)
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES)
    asked_by = models.CharField(max_length=150, blank=True, help_text="The admin's user name.")
    asked_at = models.DateTimeField(default=timezone.now)
    raised = models.PositiveIntegerField(default=0, help_text="How many conversations were raised.")
    untold = models.JSONField(default=list, help_text="Conversations that were raised and whose pages do not know yet.")
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=models.Q(done_at=None), name="label_rises_undone")]

    def __str__(self) -> str:
        return f"{self.document or f'collection {self.collection}'} to {self.get_label_display()}"
