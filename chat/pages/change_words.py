"""Puts into words that a passage which an answer cites has changed, and how old a cited version is."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.conversations.passage_changes import ShownChange

# Days of a month and of a year in an age that is said in one of these.
MONTH, YEAR = 30, 365


@dataclass(frozen=True)
class ChangeLine:
    """The line under an answer about one passage that changed since."""

    number: int
    title: str
    words: str
    url: str


def line_of(shown: ShownChange, answer: str) -> ChangeLine:
    citation = shown.citation
    url = reverse("chat:passage-change", args=[citation.reply_id, citation.number])
    return ChangeLine(citation.number, citation.title, words_of(shown, answer), url)


def words_of(shown: ShownChange, answer: str) -> str:
    """Return what changed, in words that follow "Based on version 2 of “Leave”: "."""
    if shown.is_gone:
        return _("the passage is not in version %(version)s any more") % {"version": shown.change.version}
    what = shown.in_short(answer)
    return _("the passage changed: %(what)s") % {"what": what} if what else _("the passage changed")


def age(dated: date | None, today: date) -> str:
    """Return how old a version is, like "3 months old"; empty if that is not known, or less than a month."""
    days = (today - dated).days if dated else 0
    if days < MONTH:
        return ""
    if days >= YEAR:
        return ngettext("%(count)s year old", "%(count)s years old", days // YEAR) % {"count": days // YEAR}
    return ngettext("%(count)s month old", "%(count)s months old", days // MONTH) % {"count": days // MONTH}
