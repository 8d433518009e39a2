import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from langai_site.accounts.models import Team
from langai_site.sensitivity import Sensitivity


class Collection(models.Model):
    """Documents that the same people may read."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    sensitivity = models.PositiveSmallIntegerField(choices=Sensitivity, default=Sensitivity.INTERNAL)
    everyone = models.BooleanField("everyone signed in may read it", default=False)
    teams = models.ManyToManyField(Team, blank=True, related_name="collections", verbose_name="teams that may read it")
    users = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="collections", verbose_name="people who may read it"
    )
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="owned_collections",
        help_text="They may read it, manage it where they may use the admin, and are named as the ones to ask.",
    )
    embedder = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text="Fingerprint of the embedder whose vectors are searched; empty: the configured one.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """One version of a document as search knows it: all that a citation shows, apart from where it came from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.UUIDField(help_text="The id of the document it was made from; a value, not a key.")
    version = models.PositiveIntegerField(default=1)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="sources")
    title = models.CharField(max_length=300)
    file_name = models.CharField(max_length=300)
    media_type = models.CharField(max_length=100)
    sensitivity = models.PositiveSmallIntegerField(choices=Sensitivity, default=Sensitivity.PUBLIC)
    added_at = models.DateTimeField(default=timezone.now)
    live = models.BooleanField(default=False, help_text="Found by search: all its passages are stored.")
    retired_at = models.DateTimeField(null=True, help_text="When a newer version took its place.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "version"], name="one_source_a_version")]

    def __str__(self) -> str:
        return self.title

    @property
    def label(self) -> Sensitivity:
        """A document may be raised above its collection, never lowered below it."""
        return Sensitivity(max(self.sensitivity, self.collection.sensitivity))


class Page(models.Model):
    """A page of a source's extracted text; passages are spans of it."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField(help_text="From 1.")
    label = models.CharField(max_length=200, blank=True, help_text="What the page is called where that is no number.")
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
        max_length=200, blank=True, help_text="Where it stands, as people say it: page 3, slide 4, rows 2 to 40."
    )
    digest = models.CharField(
        max_length=64,
        db_index=True,
        default="",
        help_text="SHA-256 of what is embedded: the same text is not embedded twice.",
    )

    class Meta:
        ordering = ["source", "position"]
        constraints = [models.UniqueConstraint(fields=["source", "position"], name="one_passage_a_position")]

    def __str__(self) -> str:
        return f"{self.source} p. {self.page}"


class PassageVector(models.Model):
    """A passage's vector by one embedder; the vector store is rebuilt from these without embedding again."""

    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="vectors")
    embedder = models.CharField(max_length=100, help_text="Fingerprint: vectors of different embedders never mix.")
    vector = models.BinaryField(help_text="float16, little-endian.")

    class Meta:
        # In this order it also serves to count and to list an embedder's vectors.
        constraints = [models.UniqueConstraint(fields=["embedder", "passage"], name="one_vector_an_embedder")]

    def __str__(self) -> str:
        return f"{self.passage_id} by {self.embedder}"


class PassageKeywords(models.Model):
    """A passage that is indexed by its words. The tokens are in what the migration adds for each database.

    On SQLite triggers of this table keep the tokens: a migration that rebuilds it must make them again.
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
