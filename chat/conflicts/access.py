"""The conflicts that a person sees: between documents that they may read, one of which they look after. Synchronous."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conflicts import finding
from chat.models import DismissedConflict, FigureConflict, StatedFigure
from chat.models.conflicts import FigureConflictQuerySet
from langai_site import document_uses
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import NotFoundError
from langai_site.sensitivity import Sensitivity
from search.access import library_collections

GONE = gettext_noop("This conflict does not exist any more, or you may not read both of its documents.")
# Conflicts on the page, and characters on each side of a sentence.
SHOWN, AROUND = 100, 160


@dataclass(frozen=True)
class ConflictSide:
    """One document of a conflict. `figure` stands between `before` and `after`, which are of its passage."""

    source: UUID
    title: str
    collection: str
    label: Sensitivity
    heading: str
    place: str
    page: int
    start: int
    end: int
    added_at: datetime
    before: str
    figure: str
    after: str
    is_mine: bool
    is_newer: bool


@dataclass(frozen=True)
class ShownConflict:
    """A conflict, with the document that is newer marked."""

    id: int
    sides: tuple[ConflictSide, ConflictSide]


@dataclass(frozen=True)
class ShownConflicts:
    """The conflicts that a person sees, and those that somebody said are none."""

    open: tuple[ShownConflict, ...]
    dismissed: tuple[ShownConflict, ...]


def for_person(person: User) -> ShownConflicts:
    """Return the newest SHOWN conflicts, open and dismissed ones."""
    rows = _visible(person)
    return ShownConflicts(*(_shown(person, rows.dismissed(yes=state)) for state in (False, True)))


def _visible(person: User) -> FigureConflictQuerySet:
    """Return the conflicts between two documents that the person may read, of which they look after at least one."""
    readable = library_collections(person).values("pk")
    both = Q(one__source__collection__in=readable, other__source__collection__in=readable)
    mine = document_uses.looked_after_by(person)
    one_mine = Q(one__source__document__in=mine) | Q(other__source__document__in=mine)
    return FigureConflict.objects.between_live().filter(both, one_mine)


def _shown(person: User, rows: FigureConflictQuerySet) -> tuple[ShownConflict, ...]:
    read = rows.select_related(
        *(f"{side}__{path}" for side in ("one", "other") for path in ("passage", "source__collection"))
    )[:SHOWN]
    # Titles may have changed since the pair was found.
    found = [row for row in read if finding.is_conflict(row.one, row.other)]
    documents = {side.source.document for row in found for side in (row.one, row.other)}
    mine = _looked_after(person, documents)
    return tuple(_conflict(row, mine) for row in found)


def _looked_after(person: User, documents: Iterable[UUID]) -> set[UUID]:
    query = document_uses.looked_after_by(person)
    return set(query.filter(pk__in=list(documents)).values_list("pk", flat=True)) if documents else set()


def _conflict(row: FigureConflict, mine: set[UUID]) -> ShownConflict:
    one, other = row.one, row.other
    newer = one if one.source.added_at > other.source.added_at else other
    return ShownConflict(row.pk, (_side(one, mine, one is newer), _side(other, mine, other is newer)))


def _side(row: StatedFigure, mine: set[UUID], is_newer: bool) -> ConflictSide:
    source, passage = row.source, row.passage
    text = passage.text
    first, last = max(0, row.start - AROUND), min(len(text), row.end + AROUND)
    return ConflictSide(
        source=source.pk,
        title=source.title,
        collection=source.collection.shown_name,
        label=source.label,
        heading=passage.heading,
        place=passage.place,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        added_at=source.added_at,
        before=("… " if first else "") + text[first : row.figure_start].lstrip(),
        figure=text[row.figure_start : row.figure_end],
        after=text[row.figure_end : last].rstrip() + (" …" if last < len(text) else ""),
        is_mine=source.document in mine,
        is_newer=is_newer,
    )


@transaction.atomic
def dismiss(person: User, conflict_id: int) -> None:
    """Say that a conflict is none, for all who see it, until one of its sentences changes. Raises NotFoundError."""
    pair = _pair(person, conflict_id)
    _made, is_new = DismissedConflict.objects.get_or_create(**pair, defaults={"dismissed_by": person})
    if is_new:
        record("conflict.dismiss", "conflict", conflict_id)


@transaction.atomic
def restore(person: User, conflict_id: int) -> None:
    """Say that it is a conflict after all. Raises NotFoundError."""
    deleted, _rows = DismissedConflict.objects.filter(**_pair(person, conflict_id)).delete()
    if deleted:
        record("conflict.restore", "conflict", conflict_id)


def _pair(person: User, conflict_id: int) -> dict[str, object]:
    row = _visible(person).filter(pk=conflict_id).select_related("one__source", "other__source").first()
    if row is None:
        raise NotFoundError(_(GONE))
    return {
        "one_document": row.one.source.document,
        "other_document": row.other.source.document,
        "one_digest": row.one.digest,
        "other_digest": row.other.digest,
    }
