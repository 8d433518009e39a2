import uuid
from pathlib import PurePosixPath

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.sentences import restored
from documents.wording import drawn
from langai_site.accounts.models import Team
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity, highest
from search.models import Collection

EXTERNAL_ID_MAX = 500
# What is done with a document while it is read.
STAGES = {"reading": _("reading"), "splitting": _("splitting"), "embedding": _("embedding")}


def stored_name(document: "Document", file_name: str) -> str:
    """Return where an upload is stored: under its own id and version, so that no user-chosen name reaches the disk."""
    version = f".{document.version}" if document.version > 1 else ""
    return f"documents/{document.id}{version}{PurePosixPath(file_name).suffix.lower()[:10]}"


class Version(models.Model):
    """A file that was uploaded for a document, and the results of reading it."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    file = models.FileField(upload_to=stored_name)
    file_name = models.CharField(_("file name"), max_length=300, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False, help_text=_("Bytes."))
    pages = models.PositiveIntegerField(_("pages"), null=True, editable=False)
    passages = models.PositiveIntegerField(_("passages"), null=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), default=timezone.now, editable=False)
    ready_at = models.DateTimeField(_("ready at"), null=True, editable=False)
    notes = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("Parts that were not read, or are uncertain. Not known before it is read."),
    )
    encoding = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
        help_text=_("The encoding that a person chose for reading it."),
    )
    ocr_languages = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text=_("The languages that a person chose for its pictures."),
    )

    class Meta:
        abstract = True


class PresentDocuments(models.Manager["Document"]):
    """All documents but those that were deleted and can still come back."""

    def get_queryset(self) -> models.QuerySet["Document"]:
        return super().get_queryset().filter(deleted_at=None)


class Document(Version):
    """An uploaded file and its progress towards being searchable. The row is the queue entry.

    The version in this row is the newest; until it is ready, the one that it replaces is in `previous`.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        WORKING = "working", _("Working")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(
        Collection, on_delete=models.PROTECT, related_name="documents", verbose_name=_("collection")
    )
    title = models.CharField(_("title"), max_length=300)
    imported_from = models.CharField(
        _("imported from"),
        max_length=1000,
        blank=True,
        editable=False,
        help_text=_("Its path in the folder that it was imported from."),
    )
    external_id = models.CharField(
        max_length=EXTERNAL_ID_MAX,
        blank=True,
        default="",
        editable=False,
        help_text=_("Its id in the program that keeps it up to date."),
    )
    sensitivity = models.PositiveSmallIntegerField(
        _("sensitivity"),
        choices=LABEL_CHOICES,
        default=Sensitivity.PUBLIC,
        help_text=_("Applies if it is above the collection's."),
    )
    # For a file that is attached to a message, what was stated with it.
    found_label = models.PositiveSmallIntegerField(
        choices=LABEL_CHOICES,
        default=Sensitivity.PUBLIC,
        editable=False,
        help_text=_("In a person's own collection, the label that its text calls for; confidential until it is read."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
        help_text=_("Who looks after it; empty: the owners of its collection."),
    )
    review_by = models.DateField(
        _("review by"),
        null=True,
        blank=True,
        help_text=_("The day by which its owner should check that it is still right."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.QUEUED, editable=False, db_index=True
    )
    stage = models.CharField(max_length=40, blank=True, editable=False)
    progress = models.PositiveSmallIntegerField(default=0, editable=False, help_text=_("Per cent."))
    error = models.TextField(blank=True, editable=False)
    error_sentence = models.JSONField(
        null=True, editable=False, help_text="The template and values of `error`, to be drawn in other languages."
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    slow = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("Reading it takes longer than reading small files, so others go first."),
    )
    taken_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When a worker last took it. Workers take the documents of different people in turns."),
    )
    lease_until = models.DateTimeField(null=True, editable=False)
    request_id = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("The request that queued it. The worker's log lines name it."),
    )
    claimed_by = models.CharField(max_length=100, blank=True, editable=False)
    deleted_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When it was deleted in the Library. It can be restored for a while."),
    )
    deletion = models.UUIDField(
        null=True, editable=False, help_text=_("Documents that were deleted together are restored together.")
    )

    objects = PresentDocuments()
    with_deleted = models.Manager["Document"]()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["-uploaded_at"]
        indexes = [
            models.Index(fields=["uploaded_by", "taken_at"], name="turns_of_a_person"),
            models.Index(
                fields=["deletion"], condition=models.Q(deletion__isnull=False), name="documents_deleted_together"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "sha256"],
                condition=models.Q(deleted_at=None),
                name="one_file_a_collection",
                violation_error_message=_("This file is already in the collection."),
            ),
            models.UniqueConstraint(
                fields=["collection", "external_id"],
                condition=~models.Q(external_id="") & models.Q(deleted_at=None),
                name="one_external_id_a_collection",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def label(self) -> Sensitivity:
        """Return the label in force. A document may be raised above its collection, never lowered below it."""
        return highest(self.sensitivity, self.found_label, self.collection.sensitivity)

    @property
    def lowest_label(self) -> Sensitivity:
        """Return the lowest label that a person may give it: what a file calls for is known once it is read."""
        if self.found_label and self.status != self.Status.READY:
            return Sensitivity(self.sensitivity)
        return Sensitivity(self.found_label)

    @property
    def searched(self) -> Version | None:
        """Return the version whose passages are found: this one once it is read, until then the one it replaces."""
        return self if self.status == self.Status.READY else getattr(self, "previous", None)

    @property
    def reason(self) -> str:
        """Return why it could not be read, in the language of the page; what is only stored as text stays as it is."""
        sentence = restored(self.error_sentence)
        return drawn(sentence) if sentence and str(sentence) == self.error else self.error

    @property
    def stage_name(self) -> str:
        """Return what is being done with it, in the language of the page."""
        return str(STAGES.get(self.stage or "reading", self.stage))

    @property
    def folder(self) -> str:
        """Return the path of the folder that it was imported from, within what was imported; "" for the top of it."""
        return str(PurePosixPath(self.imported_from).parent) if "/" in self.imported_from else ""

    @property
    def is_busy(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.WORKING)


class PreviousVersion(Version):
    """The version that is searched while a newer one is waiting, being read, or could not be read."""

    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="previous")

    def __str__(self) -> str:
        return f"Version {self.version}"


class KeptVersion(Version):
    """A version that was replaced while a legal hold kept it. It is not searched; it goes after the hold."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="kept_versions")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Version {self.version}"


def picture_name(picture: "Picture", file_name: str) -> str:
    """Return where a copy of a picture is stored: beside the original, under the document's id."""
    return f"documents/{picture.document_id}.{file_name}"


class Picture(models.Model):
    """An attached picture as models and people see it: decoded, made smaller and encoded again, without metadata."""

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.CASCADE, related_name="picture")
    file = models.FileField(upload_to=picture_name)
    thumbnail = models.FileField(upload_to=picture_name)
    media_type = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes of the file.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.document_id)


class ShareProposal(models.Model):
    """People and teams with whom the owner of a collection would like to share it; an admin decides.

    A declined one stays with the reason until its owner proposes again.
    """

    collection = models.OneToOneField(Collection, on_delete=models.CASCADE, related_name="share_proposal")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    declined_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        # Decided in the Library, so the admin has no page for it.
        default_permissions = ()

    def __str__(self) -> str:
        return f"Share {self.collection}"

    @property
    def readers_named(self) -> str:
        """Return the teams and people by their names."""
        return ", ".join(str(reader) for reader in (*self.teams.all(), *self.users.all()))
