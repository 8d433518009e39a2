"""Pure: splits an answer into sentences and compares each with the passages that it cites."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from chat.grounding.deciding import Conflict, ConflictKind, Decision, SentenceVerdict, decide, effort
from chat.grounding.lists import LANGUAGES, Lists, lists_of
from chat.grounding.words import sentences
from chat.markdown.quotations import CITATION, text_of
from chat.markdown.rendering import parsed
from search.keywords.scripts import language_of_text

# The most sentences of an answer that are compared, and the most characters of one.
MOST_SENTENCES, LONGEST = 80, 800
# The most characters of a passage, which may be a whole file, and of all its sentences that have to be read.
MOST_CHARS, MOST_READ = 120_000, 30_000
# The most comparisons of figures and words in one answer. Ordinary answers need less than a tenth of them.
MOST_WORK = 100_000
# A shorter piece without a citation states nothing that a source would be needed for.
LEAST_CHARS = 12
# Characters by which a passage's language is told.
SAMPLE = 500
# Ends of questions, and of what introduces a list.
STATES_NOTHING = (":", "?", "：", "؟", "？")  # noqa: RUF001


class SecondOpinion(StrEnum):
    """What a local model thinks of a sentence beside the passages that it cites."""

    SUPPORTS = "supports"
    SUPPORTS_NOT = "does_not_support"


@dataclass(frozen=True)
class SentenceCheck:
    """What a comparison of one sentence found. `sentence` is its text as in its block, with its citations.

    `numbers` are the passages that it cites. `is_foreign`: they are in another language, and so cannot be compared.
    `opinion` is what a local model thinks, if it was asked about a sentence that is not in these words.
    """

    sentence: str
    verdict: SentenceVerdict
    numbers: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    is_foreign: bool = False
    opinion: SecondOpinion | None = None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "SentenceCheck":
        return cls(
            row["sentence"],
            SentenceVerdict(row["verdict"]),
            tuple(row.get("numbers", ())),
            tuple(row.get("words", ())),
            tuple(Conflict(ConflictKind(kind), *rest) for kind, *rest in row.get("conflicts", ())),
            bool(row.get("foreign")),
            SecondOpinion(row["opinion"]) if row.get("opinion") else None,
        )

    def written(self) -> dict[str, Any]:
        """Return the check as JSON, without what is empty."""
        conflicts = [[each.kind.value, each.said, each.found, each.number] for each in self.conflicts]
        values = {"numbers": list(self.numbers), "words": list(self.words), "conflicts": conflicts}
        values |= {"foreign": True} if self.is_foreign else {}
        values |= {"opinion": self.opinion.value} if self.opinion else {}
        return {"sentence": self.sentence, "verdict": self.verdict.value} | {
            key: it for key, it in values.items() if it
        }


# Letters by which words are taken for related before they are compared.
LETTERS = 4
_BEGINNING = re.compile(r"[0-9]+|[^\W\d_\u3400-\u9fff]{3,}")
_HAN_PAIR = re.compile(r"(?=([\u3400-\u9fff]{2}))")
_CITED = re.compile(rf"[ ]*{CITATION.pattern}")


class _Sentence(NamedTuple):
    text: str
    numbers: tuple[int, ...]


def checks_of(text: str, passages: Mapping[int, str]) -> tuple[SentenceCheck, ...]:
    """Return a check of each sentence of an answer in one of LANGUAGES; none for another language.

    `passages` are the texts of those that the answer cites, by number. Sentences that would take too long to compare
    have no check: half a passage must not be taken for the whole.
    """
    language = _language_of(CITATION.sub(" ", text), passages.values())
    if language not in LANGUAGES:
        return ()
    lists = lists_of(language)
    begun = _beginnings(text, lists)
    readable = {
        number: _relevant(passage, begun, lists)
        for number, passage in passages.items()
        if len(passage) <= MOST_CHARS and language_of_text(passage[:SAMPLE]) in (language, "")
    }
    too_long = {number for number, passage in passages.items() if len(readable.get(number, passage)) > MOST_READ}
    found = (each for each in islice(_sentences(text, lists), MOST_SENTENCES) if len(each.text) <= LONGEST)
    return tuple(_checked((each for each in found if too_long.isdisjoint(each.numbers)), passages, readable, language))


def _checked(
    found: Iterable[_Sentence], passages: Mapping[int, str], readable: Mapping[int, str], language: str
) -> Iterator[SentenceCheck]:
    work = 0
    for sentence in found:
        cited = [(number, readable[number]) for number in sentence.numbers if number in readable]
        work += effort(CITATION.sub(" ", sentence.text), cited, language)
        if work > MOST_WORK:
            return
        yield _check(sentence, passages, cited, language)


def _language_of(text: str, passages: Iterable[str]) -> str:
    """Return the language of an answer; of one that is too short to tell, that of a passage; "" without passages."""
    samples = [passage[:SAMPLE] for passage in passages]
    return next(filter(None, map(language_of_text, [text, *samples])), "") if samples else ""


def _relevant(passage: str, begun: set[str], lists: Lists) -> str:
    """Return the sentences of a passage that share something with the answer: reading the others takes time."""
    spans = sentences(passage, lists)
    return "\n".join(
        part for start, end in spans if not begun.isdisjoint(_beginnings(part := passage[start:end], lists))
    )


def _beginnings(text: str, lists: Lists) -> set[str]:
    """Return the first letters of the words of a text that say something, its numbers and pairs of its characters."""
    found = {word[:LETTERS] for word in _BEGINNING.findall(text.lower()) if word not in lists.small}
    return found | set(_HAN_PAIR.findall(text))


def _check(
    sentence: _Sentence, passages: Mapping[int, str], cited: Sequence[tuple[int, str]], language: str
) -> SentenceCheck:
    numbers = tuple(number for number in sentence.numbers if number in passages)
    if numbers and not cited:
        return SentenceCheck(sentence.text, SentenceVerdict.REWORDED, numbers, is_foreign=True)
    decision: Decision = decide(CITATION.sub(" ", sentence.text), cited, language)
    return SentenceCheck(sentence.text, decision.verdict, numbers, decision.words, decision.conflicts)


def _sentences(text: str, lists: Lists) -> Iterator[_Sentence]:
    """Yield the sentences of an answer that state something: not headings, questions and what introduces a list."""
    is_heading, quotes = False, 0
    for token in parsed(text):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type in ("heading_open", "heading_close"):
            is_heading = token.type == "heading_open"
        elif token.children and not is_heading:
            found = list(_of_block(text_of(token.children), lists))
            yield from _all_cited(found) if quotes else found


def _all_cited(found: Sequence[_Sentence]) -> Iterator[_Sentence]:
    """Yield the sentences of a quotation: the citation at the end of several is about all of them."""
    for at, sentence in enumerate(found):
        following = (each.numbers for each in found[at:] if each.numbers)
        yield sentence._replace(numbers=next(following, ()))


def _of_block(block: str, lists: Lists) -> Iterator[_Sentence]:
    for start, end in _with_citations(block, lists):
        written = block[start:end].strip()
        lists_of_numbers = (match.split(",") for match in CITATION.findall(written))
        numbers = tuple(dict.fromkeys(int(number) for several in lists_of_numbers for number in several))
        bare = CITATION.sub("", written).strip()
        if numbers or (len(bare) >= LEAST_CHARS and not bare.endswith(STATES_NOTHING)):
            yield _Sentence(written, numbers)


def _with_citations(block: str, lists: Lists) -> Iterator[tuple[int, int]]:
    """Yield where sentences begin and end; citations right after the end of one belong to it."""
    masked = CITATION.sub(lambda match: " " * len(match[0]), block)
    found = list(sentences(masked, lists))
    start = 0
    for at, (_begin, end) in enumerate(found):
        last = at + 1 == len(found)
        stop = len(block) if last else _after_citations(block, end)
        if stop > start:
            yield start, stop
            start = stop


def _after_citations(block: str, end: int) -> int:
    while match := _CITED.match(block, end):
        end = match.end()
    return end


def counted(checks: Sequence[SentenceCheck]) -> Mapping[SentenceVerdict, int]:
    """Return how many sentences have each verdict, without those that none has."""
    counts = {verdict: sum(check.verdict == verdict for check in checks) for verdict in SentenceVerdict}
    return {verdict: count for verdict, count in counts.items() if count}
