"""What the shared rooms store: heartbeats, nightly runs, backups, the release, patterns and
announcements of admins.

They stand together because Django looks for the tables of an app in one module, and a room is not an app: moving a
class to another app would rename its table or need its old name written down for good.
"""

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from langai_site.detectors import rules
from langai_site.errors import InvalidError
from langai_site.sensitivity import LABEL_CHOICES, Sensitivity


class Heartbeat(models.Model):
    """One row for each worker process: the database is what web and workers share in every deployment."""

    worker = models.CharField(max_length=100, primary_key=True)
    beat_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.worker


class NightlyRun(models.Model):
    """When a nightly job ran last. The row decides which worker runs it; a restart neither skips nor repeats it."""

    job = models.CharField(max_length=100, primary_key=True)
    night = models.DateField(help_text=gettext_lazy("The night that was begun last, by its morning's date."))
    begun_at = models.DateTimeField()
    done = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.job} {self.night}"


class Checkpoint(models.Model):
    """The progress of a long command: the next one of its kind continues from there."""

    command = models.CharField(max_length=100, primary_key=True)
    state = models.JSONField()
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.command


class BackupRun(models.Model):
    """An attempt to make a backup. It was good if `finished_at` is set: then the file was read back to its end."""

    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=1000)
    size = models.BigIntegerField(default=0, db_default=0, help_text=gettext_lazy("Bytes of the file."))
    version = models.CharField(max_length=20, default="", db_default="", help_text=gettext_lazy("Of LangAI."))
    problem = models.CharField(max_length=200, default="", db_default="", help_text=gettext_lazy("Why it failed."))

    class Meta:
        ordering = ["-started_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.path


class Release(models.Model):
    """The one row about the versions of LangAI that may use this database."""

    version = models.CharField(max_length=20, help_text=gettext_lazy("The newest that has set this database up."))
    oldest_code = models.CharField(
        max_length=20, help_text=gettext_lazy("The oldest that can work with the tables as they are.")
    )
    since = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.version


class Announcement(models.Model):
    """A sentence of the admins that stands on every page for its time."""

    class Level(models.TextChoices):
        INFO = "info", gettext_lazy("Information")
        WARNING = "warning", gettext_lazy("Warning")

    text = models.CharField(gettext_lazy("text"), max_length=300)
    level = models.CharField(gettext_lazy("level"), max_length=7, choices=Level, default=Level.INFO)
    starts_at = models.DateTimeField(
        gettext_lazy("shown from"), null=True, blank=True, help_text=gettext_lazy("Empty: at once.")
    )
    ends_at = models.DateTimeField(
        gettext_lazy("shown until"), null=True, blank=True, help_text=gettext_lazy("Empty: until you delete it.")
    )
    before_sign_in = models.BooleanField(
        gettext_lazy("also before sign-in"),
        default=False,
        help_text=gettext_lazy("If ticked, everybody who opens the sign-in page can read it."),
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = gettext_lazy("announcement"), gettext_lazy("announcements")

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": gettext_lazy("It ends before it starts. Choose a later time.")})


class SensitivePattern(models.Model):
    """Words or a pattern that make a text sensitive here, besides what the built-in detectors know."""

    class Kind(models.TextChoices):
        WORD = "word", gettext_lazy("Words")
        REGEX = "regex", gettext_lazy("Regular expression")

    name = models.CharField(
        gettext_lazy("name"),
        max_length=100,
        unique=True,
        help_text=gettext_lazy("Shown to whoever wrote such a text. It must not be secret itself."),
    )
    kind = models.CharField(gettext_lazy("kind"), max_length=10, choices=Kind, default=Kind.WORD)
    pattern = models.TextField(
        gettext_lazy("words or pattern"),
        validators=[MaxLengthValidator(rules.MAX_CHARS)],
        help_text=gettext_lazy(
            "Words and phrases: one per line, found as whole words in any case, with or without accents. A regular "
            "expression: in RE2's syntax, found in any case; its \\w, \\d and \\b know only ASCII, \\pL is any "
            "letter."
        ),
    )
    label = models.PositiveSmallIntegerField(
        pgettext_lazy("sensitivity", "label"),
        choices=LABEL_CHOICES[1:],
        default=Sensitivity.CONFIDENTIAL.value,
        help_text=gettext_lazy("The lowest label of a text in which it is found."),
    )
    enabled = models.BooleanField(gettext_lazy("enabled"), default=True)
    note = models.TextField(
        gettext_lazy("note"), blank=True, help_text=gettext_lazy("For admins: why it is here, whom to ask.")
    )

    class Meta:
        ordering = ["name"]
        verbose_name, verbose_name_plural = gettext_lazy("sensitive pattern"), gettext_lazy("sensitive patterns")
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["word", "regex"]), name="sensitive_pattern_kind"),
            models.CheckConstraint(
                condition=models.Q(label__in=[Sensitivity.INTERNAL.value, Sensitivity.CONFIDENTIAL.value]),
                name="sensitive_pattern_label",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            rules.check(self._rule_kind, self.pattern)
        except InvalidError as error:
            raise ValidationError({"pattern": error.message}) from None

    @property
    def rule(self) -> rules.DetectorRule:
        return rules.DetectorRule(self.name, self._rule_kind, self.pattern, Sensitivity(self.label))

    @property
    def _rule_kind(self) -> rules.Kind:
        return "regex" if self.kind == self.Kind.REGEX else "word"
