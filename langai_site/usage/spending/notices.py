"""Announces that a budget is running out: on the page, and to admins by e-mail, at 50, 80 and 100 %."""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import send_mail

from langai_site.accounts.models import User
from langai_site.sentences import drawn
from langai_site.usage.models import Budget, BudgetPeriod
from langai_site.usage.spending import budgets
from langai_site.usage.spending.standing import BudgetStanding, notice, shown

logger = logging.getLogger(__name__)

DUMMY = "django.core.mail.backends.dummy.EmailBackend"


def standings(user: User) -> list[BudgetStanding]:
    """Return the standing of each budget that applies to this person, the most used first."""
    if not budgets.exist():
        return []
    team = user.billing_team.name if user.billing_team else ""
    found = budgets.standings(budgets.applying(user.pk, team))
    return sorted(found, key=lambda standing: -standing.percent)


def budget_notice(user: User) -> str:
    """Return the page's notice about the person's most used budget; "" if less than half of it is used."""
    found = standings(user)
    return drawn(notice(found[0])) if found else ""


def mail_warnings() -> int:
    """E-mail admins, once a threshold and period; return how many e-mails. Without EMAIL_URL nothing is done."""
    if settings.EMAIL_BACKEND == DUMMY:
        return 0
    to = list(User.objects.filter(is_superuser=True, is_active=True).exclude(email="").values_list("email", flat=True))
    periods = budgets.current(Budget.objects.filter(enabled=True)) if to else ()
    return sum(_warn(period, to) for period in periods)


def _warn(period: BudgetPeriod, to: Sequence[str]) -> bool:
    """Send the e-mail if this process changes the row; if sending fails, the next run tries again."""
    standing, before = budgets.standing_of(period), period.mailed
    mine = BudgetPeriod.objects.filter(pk=period.pk, mailed=before)
    if standing.threshold <= before or not mine.update(mailed=standing.threshold):
        return False
    try:
        send_mail(_subject(standing), _text(standing), None, to)
    except OSError as error:
        logger.warning("a warning could not be e-mailed: %s", type(error).__name__)
        BudgetPeriod.objects.filter(pk=period.pk, mailed=standing.threshold).update(mailed=before)
        return False
    return True


def _subject(standing: BudgetStanding) -> str:
    return f"LangAI: {standing.threshold} % of the {standing.name} is used"


def _text(standing: BudgetStanding) -> str:
    stops = "Hosted models stop when it is used up; local models go on." if standing.hard else "It stops nobody."
    return (
        f"Of the {standing.name}, {shown(standing.spent)} of {shown(standing.limit)} is spent.\n"
        f"{stops}\nThe next one begins on {standing.ends:%d %B %Y}. Budgets are set in the administration pages."
    )
