"""Makes what two local embedders find comparable, by the languages of question and passages. Synchronous.

MiniLM ranks English passages for English questions; the multilingual embedder ranks all others, and all passages for
questions in other languages. A text whose language is not clear, such as a code or a table, counts as English.
"""

from collections.abc import Iterable, Mapping

from django.db.models.functions import Substr

from search.embeddings import TextEmbedder, companion_of
from search.embeddings.calibrations import Calibration, calibration
from search.keywords.analyser import VERSION
from search.keywords.languages import STEMMERS, small_count
from search.keywords.scripts import language_of_text
from search.models import Passage, PassageKeywords
from search.questions.openings import opens_in
from search.questions.queries import language_of

ENGLISH = ("en", "")
# Characters at a passage's start that show its script.
BEGINNING = 200
# Small words that show the language of a question. One may be a word of another language: "Hat size" is not German.
CLEAR_WORDS = 2
# How much nearness counts of a passage in another language than the question's. Where both languages are searched, one
# in the question's own answers better than a translation on the same subject; where one is, this changes no order.
FOREIGN = 0.8
# Ids in one statement; old versions of SQLite accept at most 999 values.
BATCH = 900


def question_language(text: str) -> str:
    """Return the language of a question, which may be a few words; "" if nothing shows it clearly."""
    found = language_of_text(text) or language_of(text)
    if any(char.isalpha() and not char.isascii() for char in text):
        return found
    return found if small_count(text, found) >= CLEAR_WORDS or opens_in(found, text) else ""


def passage_languages(ids: Iterable[int]) -> dict[int, str]:
    """Return the languages of passages; of some in no clear one, at least the language that their script is of.

    Rows that an earlier version wrote have languages in Latin letters only: there, the text's beginning shows more.
    """
    wanted = list(ids)
    found: dict[int, str] = {}
    for first in range(0, len(wanted), BATCH):
        rows = PassageKeywords.objects.filter(pk__in=wanted[first : first + BATCH]).order_by()
        known = rows.values_list("pk", "language", "version")
        found |= {pk: language for pk, language, version in known if language or version == VERSION}
    unclear = [pk for pk in wanted if pk not in found]
    for first in range(0, len(unclear), BATCH):
        texts = Passage.objects.filter(pk__in=unclear[first : first + BATCH]).order_by()
        beginnings = texts.annotate(beginning=Substr("text", 1, BEGINNING)).values_list("pk", "beginning")
        found |= {pk: language_of_text(beginning) for pk, beginning in beginnings}
    return found


def strengths(
    fingerprint: str, question: str, cosines: Mapping[int, float], languages: Mapping[int, str], *, strict: bool
) -> tuple[dict[int, float], float]:
    """Return how near the passages are to a question in this language, and the lowest of all.

    One in another language counts as FOREIGN of that, unless its language or the question's is not clear. Passages
    under the line of their language are left out, and so is what is not even nearer than unrelated texts. No line
    between two languages is clean: only with `strict` do those apply.
    """
    found: dict[int, float] = {}
    low = 1.0
    for pk, cosine in cosines.items():
        language = languages.get(pk, "")
        known = _calibration(fingerprint, question, language, cosine)
        strength = known.strength(cosine)
        foreign = _is_foreign(question, language)
        if strength > 0 and foreign:
            strength *= FOREIGN
        low = min(low, strength)
        if cosine >= known.line or (foreign and question and not strict and strength > 0):
            found[pk] = strength
    return found, low


def _calibration(fingerprint: str, question: str, passage: str, cosine: float) -> Calibration:
    """Return how to read a cosine; for an unclear question, which may be in the passage's language, the weaker way."""
    known = calibration(fingerprint, question or "en", passage)
    if question or passage in ENGLISH:
        return known
    return min(known, calibration(fingerprint, passage, passage), key=lambda each: each.strength(cosine))


def in_other_languages(text: str, ids: Iterable[int]) -> list[int]:
    """Return the passages that are in another language than a question seems to be, or in none, as tables are."""
    seems = question_language(text) or language_of(text)
    found = passage_languages(ids) if seems else {}
    return [pk for pk, language in found.items() if language != seems]


def _is_foreign(question: str, passage: str) -> bool:
    """Return whether a passage is in another language; a question of unclear language has Latin letters."""
    if not question:
        return passage not in ("", *STEMMERS)
    return passage not in ("", question)


def ranks(embedder: TextEmbedder, question: str, passage: str, *, alone: bool) -> bool:
    """Return whether this local embedder ranks passages in one language for questions in another.

    `alone`: no other ranks them. An embedder for certain languages then ranks all in Latin letters: it finds passages
    in scripts that it does not know similar to anything.
    """
    if embedder.languages is not None:
        return passage in (*embedder.languages, "") or (alone and passage in STEMMERS)
    return companion_of(embedder) is None or question not in ENGLISH or passage not in ENGLISH
