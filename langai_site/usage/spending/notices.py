"""Announces that a budget is running out: on the page, and to admins by e-mail, at 50, 80 and 100 %."""

import logging
from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from langai_site.accounts.models import User
from langai_site.sentences import drawn
from langai_site.usage.models import Budget, BudgetPeriod
from langai_site.usage.spending import budgets
from langai_site.usage.spending.standing import BudgetStanding, notice, shown
from langai_site.web import languages

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
    to = list(User.objects.filter(is_superuser=True, is_active=True).exclude(email=""))
    periods = budgets.current(Budget.objects.filter(enabled=True)) if to else ()
    return sum(_warn(period, to) for period in periods)


def _warn(period: BudgetPeriod, to: Sequence[User]) -> bool:
    """Send the e-mail if this process changes the row; if sending fails, the next run tries again."""
    standing, before = budgets.standing_of(period), period.mailed
    mine = BudgetPeriod.objects.filter(pk=period.pk, mailed=before)
    if standing.threshold <= before or not mine.update(mailed=standing.threshold):
        return False
    try:
        _send(standing, to)
    except OSError as error:
        logger.warning("a warning could not be e-mailed: %s", type(error).__name__)
        BudgetPeriod.objects.filter(pk=period.pk, mailed=standing.threshold).update(mailed=before)
        return False
    return True


def _send(standing: BudgetStanding, to: Sequence[User]) -> None:
    """Send one e-mail for each language. Without a choice of their own, people get the installation's language."""
    by_language: defaultdict[str, list[str]] = defaultdict(list)
    for user in to:
        with translation.override(settings.LANGUAGE_CODE):
            by_language[languages.language_of(user)].append(user.email)
    for language, addresses in by_language.items():
        with translation.override(language):
            send_mail(_subject(standing), _text(standing), None, addresses)


def _subject(standing: BudgetStanding) -> str:
    words = _("LangAI: %(share)s %% of the %(budget)s is used")
    return words % {"share": standing.threshold, "budget": drawn(standing.name)}


def _text(standing: BudgetStanding) -> str:
    spent = _("Of the %(budget)s, %(spent)s of %(limit)s is spent.") % {
        "budget": drawn(standing.name),
        "spent": shown(standing.spent),
        "limit": shown(standing.limit),
    }
    stops = _("It stops nobody.")
    if standing.hard:
        stops = _("Hosted models stop when it is used up; local models go on.")
    begins = _("The next one begins on %(day)s. Budgets are set in the administration pages.")
    return f"{spent}\n{stops}\n{begins % {'day': date_format(standing.ends, _('j F Y'))}}"
