"""Reads the figures of documents and pairs those that differ. The worker does it, without a model and the network.

Each version of a document is read once. A term for which more than MOST_DOCUMENTS of the Library state a figure is a
label of forms, such as the total of an invoice. One that a document itself states differently is ambiguous.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from chat.conflicts.statements import RULES, Context, differ, is_same_case, statements_of
from chat.grounding.lists import LANGUAGES
from chat.models import FigureConflict, FiguresRead, StatedFigure
from search.keywords.scripts import language_of_text
from search.models import Collection, Passage, Source
from search.types import VERIFIED_ANSWER

# Seconds of one run, after which it stops between two documents; documents that it takes at most.
SECONDS, AT_ONCE = 3.0, 50
# Of a document: passages that are read, figures that are kept, and characters by which its language is told.
MOST_PASSAGES, MOST_FIGURES, SAMPLE = 4_000, 1_000, 2_000
# Documents that state a figure for a term, rows that are read for it, and keys in one statement.
MOST_DOCUMENTS, MOST_ROWS, KEYS_AT_ONCE = 4, 40, 200
Kind = Collection.Kind


def run() -> bool:
    """Read some documents that were not read yet; return True if there are more."""
    forget_replaced()
    until = time.monotonic() + SECONDS
    waiting = list(_unread().select_related("collection")[:AT_ONCE])
    for number, source in enumerate(waiting):
        if number and time.monotonic() > until:
            return True
        _read(source)
    return len(waiting) == AT_ONCE


def forget_replaced() -> None:
    """Delete the figures of versions that search finds no more."""
    StatedFigure.objects.filter(source__live=False).delete()
    FiguresRead.objects.filter(source__live=False).delete()


def _unread() -> QuerySet[Source]:
    read = FiguresRead.objects.filter(source=OuterRef("pk"), rules=RULES)
    shown = Source.objects.live().filter(collection__kind__in=Collection.SHOWN).exclude(media_type=VERIFIED_ANSWER)
    return shown.exclude(Exists(read)).order_by("added_at", "pk")


def _read(source: Source) -> None:
    """Keep the figures of a document, then pair them with those of others.

    The figures are committed first: of two workers that read two documents at once, the later one sees both.
    """
    found = list(islice(_figures(source), MOST_FIGURES))
    with transaction.atomic():
        # Another worker may have read it meanwhile, or somebody has deleted it.
        there = Source.objects.live().select_for_update(of=("self",)).filter(pk=source.pk)
        if not there.exists() or FiguresRead.objects.filter(source=source, rules=RULES).exists():
            return
        StatedFigure.objects.filter(source=source).delete()
        StatedFigure.objects.bulk_create(found, batch_size=200)
    with transaction.atomic():
        if Source.objects.filter(pk=source.pk).exists():
            _pair(source, {figure.key for figure in found})
            FiguresRead.objects.update_or_create(source=source, defaults={"rules": RULES})


def _figures(source: Source) -> Iterator[StatedFigure]:
    rows = Passage.objects.filter(source=source).order_by("position")[:MOST_PASSAGES]
    passages = rows.only("pk", "text", "heading").iterator(chunk_size=200)
    first = list(islice(passages, 20))
    document = language_of_text("\n".join(passage.text for passage in first)[:SAMPLE])
    for group in (first, passages):
        for passage in group:
            language = language_of_text(passage.text) or document
            if language in LANGUAGES:
                yield from _of_passage(passage, source, language)


def _of_passage(passage: Passage, source: Source, language: str) -> Iterator[StatedFigure]:
    for each in statements_of(passage.text, passage.heading, language):
        sentence = f"{passage.heading}\n{passage.text[each.start : each.end].strip()}"
        yield StatedFigure(
            source=source,
            passage=passage,
            language=language,
            key=each.key,
            readings=list(each.readings),
            start=each.start,
            end=each.end,
            figure_start=each.figure[0],
            figure_end=each.figure[1],
            digest=hashlib.blake2b(sentence.encode(), digest_size=16).hexdigest(),
        )


def _pair(source: Source, keys: Iterable[str]) -> None:
    every = sorted(keys)
    for first in range(0, len(every), KEYS_AT_ONCE):
        some = every[first : first + KEYS_AT_ONCE]
        rows = StatedFigure.objects.filter(key__in=some, source__live=True).order_by("key", "pk")
        by_key: dict[str, list[StatedFigure]] = {}
        for row in rows.select_related("source__collection", "passage").iterator(chunk_size=500):
            group = by_key.setdefault(row.key, [])
            if len(group) <= MOST_ROWS:
                group.append(row)
        found = [pair for group in by_key.values() for pair in _pairs(source.pk, group)]
        FigureConflict.objects.bulk_create(found, ignore_conflicts=True)


def _pairs(source: UUID, group: Sequence[StatedFigure]) -> Iterator[FigureConflict]:
    """Yield the conflicts of a document with others about one term; remove those there are if it is a form's label."""
    library = {row.source_id for row in group if row.source.collection.kind == Kind.LIBRARY}
    if len(group) > MOST_ROWS or len(library) > MOST_DOCUMENTS:
        FigureConflict.objects.filter(one__key=group[0].key).delete()
        return
    unclear = {one.source_id for one in group for two in group if _is_unclear(one, two)}
    clear = [row for row in group if row.source_id not in unclear]
    mine = next((row for row in clear if row.source_id == source), None)
    seen = {source}
    for other in clear if mine else ():
        if mine and other.source_id not in seen and is_conflict(mine, other):
            seen.add(other.source_id)
            one, two = sorted((mine, other), key=lambda row: row.source.document)
            yield FigureConflict(one=one, other=two)


def _is_unclear(one: StatedFigure, two: StatedFigure) -> bool:
    return one.source_id == two.source_id and differ(one.readings, two.readings)


def is_conflict(one: StatedFigure, other: StatedFigure) -> bool:
    """Return whether two figures of one term differ, as titles and headings are now, and somebody can read both."""
    if one.source.document == other.source.document or not differ(one.readings, other.readings):
        return False
    kept = [row.source.collection for row in (one, other)]
    owns = {collection.holder_id for collection in kept if collection.kind == Kind.OWN}
    sentence = one.passage.text[one.start : one.end]
    return len(owns) < 2 and is_same_case(sentence, _around(one), _around(other))


def _around(row: StatedFigure) -> Context:
    return Context(row.language, row.source.title, row.passage.heading)
