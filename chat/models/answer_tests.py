"""The weekly run of answers: what admins allow, the collections that take part, and what each answer was like."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.evaluation import EvalCase
from langai_site.database.sentence_field import SentenceField
from langai_site.outbound.models import Model
from search.models import Collection


class AnswerTestSettings(models.Model):
    """What admins allow for the weekly run of answers; there is one row. Without a model nothing is asked."""

    allowed_models = models.ManyToManyField(
        Model,
        verbose_name=_("models"),
        blank=True,
        related_name="+",
        help_text=_("The models that may be asked. Auto chooses among them; none: the run is off."),
    )
    weekly_usd = models.DecimalField(
        _("US dollars a week"),
        max_digits=9,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
        help_text=_("For all collections together. 0: only local models are asked."),
    )

    class Meta:
        verbose_name = _("weekly run of answers")
        verbose_name_plural = _("weekly run of answers")

    def __str__(self) -> str:
        return str(_("Weekly run of answers"))


class AnswerTestCollection(models.Model):
    """A collection whose owners want its test cases answered each week."""

    collection = models.OneToOneField(Collection, primary_key=True, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.collection_id)


class CaseAnswer(models.Model):
    """What the answer to a test case was like in one week. Its text is not kept.

    `missing` are the words of the case that the answer does not have, `verdicts` count its sentences as the check
    against the sources found them, and `cites_expected` says whether it cites a document of the case, null without
    one. `attempt` is the call that is being made, `most` what that can cost, and `cost` what it did.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        ASKING = "asking", _("being answered")
        DONE = "done", _("answered")
        FAILED = "failed", _("not answered")

    case = models.ForeignKey(EvalCase, on_delete=models.CASCADE, related_name="answers")
    week = models.DateField(help_text="Its Monday.")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    missing = models.JSONField(default=list)
    verdicts = models.JSONField(default=dict)
    cites_expected = models.BooleanField(null=True)
    model = models.CharField(max_length=200, blank=True, default="")
    cost = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    error = SentenceField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    attempt = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    most = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "week"], name="one_answer_a_week")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=("waiting", "asking")), name="case_answers_to_ask")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} in the week of {self.week}"

    @property
    def is_right(self) -> bool:
        """Return whether it has all words, cites what it should, and no source says otherwise."""
        is_done = self.state == self.State.DONE
        return is_done and not (self.missing or self.verdicts.get("says_otherwise") or self.cites_expected is False)
