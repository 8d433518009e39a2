"""A person's own conversations and what each of them used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, Max
from django.urls import reverse
from django.utils.translation import gettext as _

from langai_site import registry
from langai_site.usage.months import day_of
from langai_site.usage.reports import adding
from langai_site.usage.reports.showing import priced
from langai_site.usage.reports.types import FIGURES, Figures, ReportQuery

PER_PAGE = 20


@dataclass(frozen=True)
class Talk:
    """A conversation, the last day in the requested days on which it was used, and its figures, in words as well.

    Without an `url` it has been deleted, or these are calls outside any conversation.
    """

    title: str
    url: str
    last: date
    figures: Figures

    @property
    def cost(self) -> str:
        return priced(self.figures)


@dataclass(frozen=True)
class Talks:
    """One page of conversations, the most expensive first."""

    talks: tuple[Talk, ...]
    page: int
    pages: int


def by_conversation(query: ReportQuery, page: int) -> Talks:
    """Sum the entries themselves, because the daily sums do not include conversations. `query` is one person's."""
    assert query.user_id is not None
    groups = adding.entries(query).order_by().values("conversation")
    pages = max(1, -(-groups.distinct().count() // PER_PAGE))
    page = min(page, pages)
    summed = groups.annotate(last=Max("at"), **adding.figures_of_entries())
    ordered = summed.order_by(F("sum_cost").desc(), F("sum_output_tokens").desc(), "-last", "conversation")
    rows = ordered.values_list("conversation", "last", *adding.SUMS)[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Talks(tuple(_talks(query.user_id, list(rows))), page, pages)


def _talks(user_id: int, rows: Sequence[tuple[Any, ...]]) -> Sequence[Talk]:
    titles = _titles(user_id, [row[0] for row in rows if row[0]])
    return [_talk(row, titles) for row in rows]


def _titles(user_id: int, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return the titles of the person's own existing conversations, from the app that keeps them."""
    found: dict[UUID, str] = {}
    for find in registry.conversation_titles.values():
        found |= find(user_id, ids)
    return found


def _talk(row: tuple[Any, ...], titles: Mapping[UUID, str]) -> Talk:
    conversation, last = row[0], day_of(row[1])
    figures = Figures(*row[2 : 2 + len(FIGURES)])
    if conversation in titles:
        return Talk(
            titles[conversation] or _("Untitled"), reverse("chat:conversation", args=[conversation]), last, figures
        )
    return Talk(_("A deleted conversation") if conversation else _("Outside of conversations"), "", last, figures)
