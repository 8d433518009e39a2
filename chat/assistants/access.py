"""The only access to assistants, and the lists of those that a person may use. Synchronous."""

from collections.abc import Collection as Group
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from chat.models import Assistant, AssistantUse, Feedback
from langai_site.accounts import sharing
from langai_site.errors import ForbiddenError, NotFoundError
from search.access import library_collections
from search.models import Collection

GONE = gettext_noop("This assistant was deleted, or is not shared with you any more.")
READ_ONLY = gettext_noop("You may use this assistant but not change it. Make a copy instead.")
LISTED_MAX = 500


class AssistantGoneError(NotFoundError):
    link = ("chat:assistants", gettext_lazy("Show the assistants"))


@dataclass(frozen=True)
class Reach:
    """What an assistant searches for one reader: `readable` of the `chosen` collections; None for all they may read."""

    readable: int
    chosen: int | None = None

    @property
    def words(self) -> str:
        if self.chosen is None:
            return _("searches all documents you may read")
        if not self.chosen:
            return _("searches no documents")
        words = ngettext(
            "reads %(readable)s of %(chosen)s collection for you",
            "reads %(readable)s of %(chosen)s collections for you",
            self.chosen,
        )
        return words % {"readable": self.readable, "chosen": self.chosen}


@dataclass(frozen=True)
class Card:
    """An assistant in the gallery, as one reader sees it."""

    assistant: Assistant
    owner: str
    is_mine: bool
    is_favourite: bool
    reach: Reach
    shared: str


@dataclass(frozen=True)
class Missing:
    """A collection that an assistant searches and its reader may not read, with the people to ask."""

    name: str
    owners: tuple[str, ...]

    @property
    def owners_in_words(self) -> str:
        return _(" or ").join(self.owners)


@dataclass(frozen=True)
class UseFigures:
    """How an assistant was used in the last 30 days: its maker sees counts, and never whose they are."""

    answers: int
    people: int
    good: int
    bad: int


def access_assistant(user_id: int, assistant_id: UUID) -> Assistant:
    """Return the assistant to a person who may use it. Raises NotFoundError."""
    found = usable(user_id, assistant_id)
    if found is None:
        raise AssistantGoneError(_(GONE))
    return found


def usable(user_id: int, assistant_id: UUID | None) -> Assistant | None:
    """Return the assistant if the person may use it now."""
    if assistant_id is None:
        return None
    return Assistant.objects.readable_by(user_id).select_related("owner").filter(pk=assistant_id).first()


def editable(user_id: int, assistant_id: UUID, *, lock: bool = False) -> Assistant:
    """Return the assistant to a person who may change it. Raises NotFoundError and ForbiddenError."""
    mine = Assistant.objects.editable_by(user_id)
    found = (mine.select_for_update() if lock else mine).filter(pk=assistant_id).first()
    if found is None:
        access_assistant(user_id, assistant_id)
        raise ForbiddenError(_(READ_ONLY))
    return found


def may_edit(user_id: int, assistant: Assistant) -> bool:
    return Assistant.objects.editable_by(user_id).filter(pk=assistant.pk).exists()


def gallery(user_id: int, query: str = "") -> list[Card]:
    """Return the assistants that a person may use and that have all words of `query`: favourites first, by name."""
    starred = Assistant.favoured_by.through.objects.filter(assistant=OuterRef("pk"), user=user_id)
    found = Assistant.objects.readable_by(user_id).annotate(is_favourite=Exists(starred)).select_related("owner")
    rows = found.filter(trial_for=None).defer("instructions").prefetch_related("teams", "users", "editors")
    readable = readable_ids(user_id)
    cards = [_card(user_id, assistant, readable) for assistant in rows]
    words = query.casefold().split()
    cards = [card for card in cards if all(word in _searched(card) for word in words)]
    return sorted(cards, key=lambda card: (not card.is_favourite, card.assistant.name.casefold()))[:LISTED_MAX]


def _card(user_id: int, assistant: Assistant, readable: Group[int]) -> Card:
    is_favourite: bool = assistant.is_favourite  # type: ignore[attr-defined]  # of the query above
    is_mine = assistant.owner_id == user_id
    return Card(
        assistant,
        str(assistant.owner),
        is_mine,
        is_favourite,
        reach(assistant, readable),
        sharing.words_of(assistant) if is_mine else "",
    )


def _searched(card: Card) -> str:
    return f"{card.assistant.name} {card.assistant.purpose} {card.owner}".casefold()


def readable_ids(user_id: int) -> frozenset[int]:
    """Return the collections of the Library that a person may read."""
    return frozenset(library_collections(user_id).order_by().values_list("pk", flat=True))


def reach(assistant: Assistant, readable: Group[int]) -> Reach:
    """Return what an assistant searches for a reader who may read these collections."""
    if assistant.collections is None:
        return Reach(len(readable))
    return Reach(sum(pk in readable for pk in assistant.collections), len(assistant.collections))


def missing(user_id: int, assistant: Assistant) -> list[Missing]:
    """Return the collections that an assistant searches and this person may not read."""
    chosen: Iterable[int] = assistant.collections or ()
    beyond = Collection.objects.filter(pk__in=chosen, kind=Collection.Kind.LIBRARY)
    beyond = beyond.exclude(pk__in=library_collections(user_id).values("pk")).prefetch_related("owners")
    return [Missing(row.name, tuple(str(one) for one in row.owners.all() if one.is_active)) for row in beyond]


def favour(user_id: int, assistant_id: UUID, *, is_favourite: bool) -> None:
    """Add an assistant to a person's favourites, or take it from them. Raises NotFoundError."""
    favourites = access_assistant(user_id, assistant_id).favoured_by
    if is_favourite:
        favourites.add(user_id)
    else:
        favourites.remove(user_id)


def figures(assistant: Assistant) -> UseFigures:
    """Return how an assistant was used in the last 30 days."""
    month = AssistantUse.objects.filter(assistant=assistant, at__gte=timezone.now() - timedelta(days=30))
    used = month.aggregate(answers=Count("pk"), people=Count("user_id", distinct=True))
    said = Feedback.objects.filter(reply__in=month.values("reply"))
    opinions = said.aggregate(liked=Count("pk", filter=Q(good=True)), all=Count("pk"))
    return UseFigures(**used, good=opinions["liked"], bad=opinions["all"] - opinions["liked"])
