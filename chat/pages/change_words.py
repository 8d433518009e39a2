"""Puts into words that a passage which an answer cites has changed, and how old a cited version is."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

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
        return f"the passage is not in version {shown.change.version} any more"
    what = shown.in_short(answer)
    return f"the passage changed{f': {what}' if what else ''}"


def age(dated: date | None, today: date) -> str:
    """Return how old a version is, like "3 months old"; empty if that is not known, or less than a month."""
    days = (today - dated).days if dated else 0
    if days < MONTH:
        return ""
    count, unit = (days // YEAR, "year") if days >= YEAR else (days // MONTH, "month")
    return f"{count} {unit}{'' if count == 1 else 's'} old"
