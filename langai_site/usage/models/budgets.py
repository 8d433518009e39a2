"""Budgets, and the money reserved for calls in progress."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Budget(models.Model):
    """A limit on what a person, a team or everybody may spend in a day or a month."""

    class Scope(models.TextChoices):
        USER = "user", gettext_lazy("a person")
        TEAM = "team", gettext_lazy("a team")
        SITE = "site", gettext_lazy("everybody")

    class Period(models.TextChoices):
        DAY = "day", gettext_lazy("Day")
        MONTH = "month", gettext_lazy("Month")

    scope = models.CharField(gettext_lazy("for"), max_length=10, choices=Scope)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, verbose_name=gettext_lazy("person")
    )
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        verbose_name=gettext_lazy("team"),
        help_text=gettext_lazy("What is charged to this team."),
    )
    period = models.CharField(gettext_lazy("each"), max_length=10, choices=Period, default=Period.MONTH)
    amount = models.DecimalField(
        gettext_lazy("amount"),
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text=gettext_lazy("US dollars."),
    )
    hard = models.BooleanField(
        gettext_lazy("hard"),
        default=True,
        help_text=gettext_lazy("Hosted models stop when it is used up; local ones continue. Otherwise it only warns."),
    )
    enabled = models.BooleanField(gettext_lazy("enabled"), default=True)

    class Meta:
        verbose_name = gettext_lazy("budget")
        verbose_name_plural = gettext_lazy("budgets")
        ordering = ["scope", "period", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="user", user__isnull=False, team=None)
                | Q(scope="team", team__isnull=False, user=None)
                | Q(scope="site", user=None, team=None),
                name="budget_is_for_one_of_the_three",
                violation_error_message=gettext_lazy(
                    "Choose a person for a person's budget, a team for a team's, otherwise neither."
                ),
            )
        ]

    def __str__(self) -> str:
        is_daily, values = self.period == self.Period.DAY, {"amount": f"${self.amount}"}
        if self.scope == self.Scope.SITE:
            text = _("%(amount)s each day for everybody") if is_daily else _("%(amount)s each month for everybody")
        elif self.scope == self.Scope.TEAM:
            values["name"] = str(self.team)
            text = (
                _("%(amount)s each day for team %(name)s") if is_daily else _("%(amount)s each month for team %(name)s")
            )
        else:
            values["name"] = str(self.user)
            text = _("%(amount)s each day for %(name)s") if is_daily else _("%(amount)s each month for %(name)s")
        return text % values


class BudgetPeriod(models.Model):
    """A budget's counters for one day or month, in whole billionths of a dollar, so that adding is exact."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="periods")
    start = models.DateField(help_text="Its first day.")
    spent = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0, help_text="What the reservations that are held come to.")
    mailed = models.PositiveSmallIntegerField(default=0, help_text="The highest percentage that admins were told of.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["budget", "start"], name="one_counter_a_period")]

    def __str__(self) -> str:
        return f"{self.budget} from {self.start}"


class Reservation(models.Model):
    """The most that one turn can cost, held from before its call until it is settled or released."""

    class Status(models.TextChoices):
        HELD = "held"
        SETTLED = "settled"
        RELEASED = "released"

    reply = models.UUIDField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    team = models.CharField(max_length=100, blank=True, help_text="Whose budgets it counts in, beside the person's.")
    amount = models.DecimalField(max_digits=18, decimal_places=9, null=True, help_text="US dollars; empty: not priced.")
    counted_in = models.ManyToManyField(BudgetPeriod, related_name="reservations")
    status = models.CharField(max_length=10, choices=Status, default=Status.HELD)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], condition=Q(status="held"), name="reservations_held")]

    def __str__(self) -> str:
        return f"{self.reply} {self.status}"
