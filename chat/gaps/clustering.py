"""Groups questions that are about the same thing, and works out what owners may see of each group. In the worker.

Questions are compared by vectors that a local embedder makes, so nothing is sent. Without one, by their words. Of what
people wrote, a group shows only words that MOST_PRIVATE different people used, none of them in a confidential message
and none that a detector finds sensitive. With fewer people it shows counts, together with the other small groups.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.gaps import noting
from chat.grounding.lists import LANGUAGES
from chat.grounding.words import segment
from chat.models import GapQuestion, KnowledgeGap
from langai_site import detectors
from langai_site.sensitivity import Sensitivity, highest
from search.embeddings import EmbedderUnavailableError, TextEmbedder, Use, english_embedder, local_embedder
from search.keywords.scripts import language_of_text
from search.vectors import packed, unpacked

if TYPE_CHECKING:
    import numpy as np

# How many different people must have used a word before owners see it; and how many words they see.
MOST_PRIVATE, MOST_WORDS = 3, 8
# Characters of a question that are compared, questions that one run groups, and older ones they are compared with.
CHARS, AT_ONCE, COMPARED = 500, 100, 5_000
# Cosines from which two questions are about the same thing: of MiniLM, and of the multilingual embedder, whose cosines
# are all high. They were read off 68 pairs, and only decide which questions stand in one row.
LINE, LINE_MULTILINGUAL = 0.65, 0.94
# Without vectors: the share of the words of both that must be the same.
SAME_WORDS = 0.5


def run() -> bool:
    """Group the questions that were noted; return True if there may be more."""
    noting.note_wrong()
    rows = list(_readable(GapQuestion.objects.filter(gap=None, found_at=None))[:AT_ONCE])
    touched = {_grouped(row) for row in rows}
    for gap in KnowledgeGap.objects.filter(pk__in=touched):
        refresh(gap)
    return len(rows) == AT_ONCE


def _readable(rows: QuerySet[GapQuestion]) -> QuerySet[GapQuestion]:
    return rows.filter(reply__parent__isnull=False).select_related("reply__parent", "reply__conversation")


def text_of(row: GapQuestion) -> str:
    """Return the question, which was read with the row."""
    return row.reply.parent.text[:CHARS] if row.reply.parent else ""


def label_of(row: GapQuestion) -> Sensitivity:
    """Return the label of the question now: that of its conversation counts, because it may have risen since."""
    reply = row.reply
    return highest(reply.conversation.label, reply.parent.label if reply.parent else reply.label)


def _grouped(row: GapQuestion) -> int:
    """Put a question into the group of the nearest one, or into a new group; return the group's id."""
    text = text_of(row)
    made = _vector(text)
    if made:
        row.embedder, row.vector = made[0].fingerprint, packed(made[1])
    others = GapQuestion.objects.filter(gap__closed_at=None, gap__isnull=False, found_at=None)
    others = others.filter(embedder=row.embedder).order_by("-created_at")
    nearest = _nearest(made[1], others) if made else _same_words(text, others)
    row.gap_id = nearest or KnowledgeGap.objects.create().pk
    row.save(update_fields=["embedder", "vector", "gap"])
    return int(row.gap_id)


def _vector(text: str) -> "tuple[TextEmbedder, np.ndarray] | None":
    embedder = (english_embedder() if language_of_text(text) == "en" else None) or local_embedder()
    if embedder is None:
        return None
    try:
        return embedder, embedder.embed([text], Sensitivity.CONFIDENTIAL, use=Use.QUESTION)[0]
    except EmbedderUnavailableError:
        return None


def _nearest(vector: "np.ndarray", others: QuerySet[GapQuestion]) -> int | None:
    rows = list(others.values_list("gap", "vector", "embedder")[:COMPARED])
    if not rows:
        return None
    cosines = unpacked(bytes(stored) for _gap, stored, _by in rows) @ vector
    best = int(cosines.argmax())
    english = english_embedder()
    line = LINE if english and rows[best][2] == english.fingerprint else LINE_MULTILINGUAL
    return rows[best][0] if cosines[best] >= line else None


def _same_words(text: str, others: QuerySet[GapQuestion]) -> int | None:
    mine = set(_words(text))
    for other in _readable(others)[:AT_ONCE]:
        theirs = set(_words(text_of(other)))
        if mine and len(mine & theirs) >= SAME_WORDS * len(mine | theirs):
            return other.gap_id
    return None


def _words(text: str) -> Mapping[str, str]:
    """Return the content words of a question by their stems, or as they are in a language without word lists."""
    language = language_of_text(text)
    if language in LANGUAGES:
        return {min(word.keys): word.text for word in segment(text, language).content if word.keys}
    return {word.casefold(): word for word in text.split() if word.isalpha()}


def refresh(gap: KnowledgeGap) -> None:
    """Work out again what owners of each collection see of a group."""
    rows = list(_readable(gap.questions.there().filter(found_at=None)))
    by_collection: dict[int, list[GapQuestion]] = defaultdict(list)
    for row in rows:
        for collection in row.collections:
            by_collection[collection].append(row)
    gap.shown = {str(collection): _shown(some) for collection, some in by_collection.items()}
    gap.save(update_fields=["shown"])


def shown_now(gaps: Sequence[KnowledgeGap], collection: int) -> dict[int, dict[str, Any]]:
    """Return what owners of a collection see of each group now.

    The stored words of a group are used unless one of its questions was deleted or became confidential: the worker
    refreshes those only at night.
    """
    open_rows = GapQuestion.objects.filter(found_at=None, gap__in=gaps)
    is_raised = Q(reply__conversation__label__gte=Sensitivity.CONFIDENTIAL) | Q(
        reply__parent__label__gte=Sensitivity.CONFIDENTIAL
    )
    is_gone = ~Exists(GapQuestion.objects.there().filter(pk=OuterRef("pk")))
    changed = set(open_rows.filter(is_raised | is_gone).values_list("gap", flat=True))
    rows: dict[int | None, list[GapQuestion]] = defaultdict(list)
    for row in _readable(open_rows.there().filter(gap__in=changed)) if changed else ():
        if collection in row.collections:
            rows[row.gap_id].append(row)
    return {gap.pk: _shown(rows[gap.pk]) if gap.pk in changed else gap.shown[str(collection)] for gap in gaps}


def _shown(rows: Sequence[GapQuestion]) -> dict[str, Any]:
    people = {row.reply.conversation.owner_id for row in rows}
    return {
        "people": len(people),
        "questions": len(rows),
        "kinds": dict(Counter(row.kind for row in rows)),
        "last": max((row.created_at for row in rows), default=timezone.now()).date().isoformat(),
        "words": shared_words(rows) if len(people) >= MOST_PRIVATE else [],
    }


def shared_words(rows: Iterable[GapQuestion]) -> list[str]:
    """Return the words that enough different people used, those of most people first."""
    people: dict[str, set[int]] = defaultdict(set)
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if label_of(row) < Sensitivity.CONFIDENTIAL:
            for stem, word in _words(text_of(row)).items():
                people[stem].add(row.reply.conversation.owner_id)
                written[stem][word] += 1
    shared = [stem for stem in people if len(people[stem]) >= MOST_PRIVATE]
    shared.sort(key=lambda stem: (-len(people[stem]), stem))
    words = [written[stem].most_common(1)[0][0] for stem in shared[:MOST_WORDS]]
    return [] if detectors.scan(" ".join(words)) else words
