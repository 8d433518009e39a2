"""Finds the passage that a number in a reply stands for."""

from collections.abc import Collection
from dataclasses import replace
from typing import cast
from uuid import UUID

from django.utils.translation import gettext as _

from chat.conversations import access
from chat.events import CitedSource, Snapshot
from chat.grounding import stored
from chat.grounding.checking import SentenceCheck
from chat.models import Citation, Message, ReviewCell
from chat.turns.values import Cited
from chat.verified import following
from langai_site.accounts.models import User
from langai_site.errors import NotFoundError
from search import services as search
from search.access import reader_of
from search.services.retiring import discard_retired
from search.types import Excerpt, Reader

PLACE = ("number", "source", "version", "title", "page", "start", "end", "heading", "location", "language")


def excerpt(user: User, reply_id: UUID, number: int, snapshot: Snapshot | None) -> Excerpt:
    """Return the page with the cited span, if the conversation is the person's and they may read the document.

    `snapshot` is used while the reply is live and has no citation rows yet. Raises NotFoundError.
    """
    reply = access.access_reply(user.id, reply_id)
    cited = reply.citations.filter(number=number).first()
    place = _place(cited) if cited else _live_place(snapshot, number)
    found = _read(reader_of(user), place)
    # If several passages were read as one, show the whole location.
    return replace(found, location=place["location"] or found.location, foreign=place.get("language", ""))


def excerpt_with_checks(
    user: User, reply_id: UUID, number: int, snapshot: Snapshot | None
) -> tuple[Excerpt, list[SentenceCheck]]:
    """Return the same, and the checks of the sentences that cite the passage. Raises NotFoundError.

    What other passages say is left out, since the person may not be allowed to read those.
    """
    found = excerpt(user, reply_id, number, snapshot)
    checks = stored.checks_of_reply(access.access_reply(user.id, reply_id))
    return found, [_only_of(check, {number}) for check in checks if number in check.numbers]


def readable_checks(user_id: int, replies: Collection[Message]) -> dict[UUID, list[SentenceCheck]]:
    """Return the checks of replies, read with their citations; what passages say only of those that may be read."""
    checks = {reply.id: stored.checks_of_reply(reply) for reply in replies}
    cited = {place.source for reply in replies if checks[reply.id] for place in reply.citations.all()}
    sources = search.readable_of(user_id, cited) if cited else set()
    numbers = {
        reply.id: {place.number for place in reply.citations.all() if place.source in sources} for reply in replies
    }
    return {reply: [_only_of(check, numbers[reply]) for check in found] for reply, found in checks.items()}


def _only_of(check: SentenceCheck, numbers: Collection[int]) -> SentenceCheck:
    conflicts = (each if each.number in numbers else replace(each, found="") for each in check.conflicts)
    return replace(check, conflicts=tuple(conflicts))


def _live_place(snapshot: Snapshot | None, number: int) -> CitedSource:
    for source in snapshot["sources"] if snapshot else []:
        if source["number"] == number:
            return source
    raise NotFoundError(_("This answer cites no passage with that number."))


def _place(citation: Citation) -> CitedSource:
    values = {name: getattr(citation, name) for name in PLACE} | {"source": str(citation.source)}
    values |= {"dated": citation.dated.isoformat()} if citation.dated else {}
    return cast(CitedSource, values)


def _read(reader: Reader, place: CitedSource) -> Excerpt:
    return search.excerpt(reader, UUID(place["source"]), page=place["page"], start=place["start"], end=place["end"])


def cited(reply: Message, reader: User) -> tuple[Cited, ...]:
    """Return the passages that a reply cites so far, with the text of those that the reader may still read."""
    person = reader_of(reader)
    return tuple(Cited(place, _text(person, place)) for place in map(_place, reply.citations.all()))


def _text(reader: Reader, place: CitedSource) -> str:
    try:
        return _read(reader, place).marked
    except NotFoundError:
        return ""


def discard_uncited() -> None:
    """Discard replaced versions of documents that no answer, verified or not, and no review table cites any more."""
    discard_retired(_still_cited)


def _still_cited(sources: Collection[UUID]) -> set[UUID]:
    cited = set(Citation.objects.filter(source__in=sources).order_by().values_list("source", flat=True).distinct())
    # A cell of a review table goes with the version that it was answered from.
    reviewed = set(ReviewCell.objects.filter(source__in=sources).order_by().values_list("source", flat=True).distinct())
    return cited | reviewed | following.still_cited(sources)
