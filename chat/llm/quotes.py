"""`quotes`, the built-in model. No network, no weights: it selects the sentences that answer best and cites them."""

import asyncio
import math
import re
import time
import tomllib
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from chat.llm.built_in import QUOTES
from chat.llm.types import ModelQuestion, Numbered
from chat.markdown.verbatim import verbatim
from langai_site.outbound.types import Delta, Ledger, Present
from langai_site.usage.types import Entry, Usage

MOST_SENTENCES = 4
LONGEST_SENTENCE = 600
# Each blank and each sign is read once, however many follow one another.
SENTENCE_END = re.compile(
    r"(?<=[.!?])\s+|(?<=[。！？])\s*|\n{2,}|\n(?=[^\S\n]*(?:[-*#|]|\d+\.))"  # noqa: RUF001 - CJK sentence ends
)
WORD = re.compile(r"\w+")
MARKUP = re.compile(r"^[\s>#*|-]+|[`*|]+|\b_+|(?<!_)_+\b")
STOP_WORDS = frozenset(tomllib.loads(Path(__file__).with_name("stop_words.toml").read_text("utf-8"))["en"])

HOW_TO_CONNECT = gettext_noop(
    "*`quotes`, the built-in model, only picks sentences from documents. For written answers an admin can connect a "
    "model under Connections.*"
)
NOTHING_FOUND = gettext_noop("No passage that you may read answers this.")
NOT_ASKED = gettext_noop("No documents were searched, as you chose, and `quotes` has no other source.")


# Scripts without blanks between words, whose pairs of characters stand in for words.
UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
HEADING = re.compile(r"\s*#{1,6}\s")
WHOLE = re.compile(r"[.!?。！？…][\"'”’»)\]]*\Z")  # noqa: RUF001 - CJK sentence ends
# Sentences that begin so are about the one before them.
REFERRING = re.compile(r"(?:It|Its|This|That|These|Those|They|Their|He|She|His|Her|Such|Then|Otherwise)\b")
# How much less a piece without a sentence's end is worth, and the least score of a passage that shares no word with the
# question: below it, it most likely is about something else.
FRAGMENT, LEAST_ALIKE = 0.6, 0.5


@dataclass(frozen=True)
class QuotedSentence:
    """A sentence and its place: the passage's number, and which of the passage's sentences it is."""

    text: str
    number: int
    at: int


def stems(text: str) -> list[str]:
    """Return the meaningful words of `text`, cut to five letters so that endings do not matter."""
    found: list[str] = []
    for word in WORD.findall(text.lower()):
        if UNSPACED.search(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        elif word not in STOP_WORDS:
            found.append(word[:5])
    return found


def sentences(passage: Numbered) -> Iterable[str]:
    """Yield the sentences of a passage, and items of lists, without marks. Headings are none."""
    for piece in SENTENCE_END.split(passage.hit.text):
        sentence = " ".join(MARKUP.sub("", piece).split())
        is_heading = HEADING.match(piece) or sentence in (passage.hit.heading, passage.hit.title)
        if not is_heading and (len(WORD.findall(sentence)) > 3 or len(UNSPACED.findall(sentence)) > 5):
            yield sentence[:LONGEST_SENTENCE]


def best_sentences(question: str, passages: Sequence[Numbered]) -> list[tuple[str, int]]:
    """Return what answers `question`, as (text, number), best first; neighbouring sentences as one text.

    Sentences that share the most and rarest words with it come first. A sentence also gets its passage's score, so that
    a question in other words still finds an answer.
    """
    wanted = set(stems(question))
    found = [
        QuotedSentence(text, passage.number, at)
        for passage in passages
        for at, text in enumerate(dict.fromkeys(sentences(passage)))
    ]
    scores = {passage.number: passage.hit.score for passage in passages}
    words = {sentence: set(stems(sentence.text)) for sentence in found}
    spread = Counter(word for bag in words.values() for word in bag & wanted)

    def worth(sentence: QuotedSentence) -> float:
        shared = sum(math.log(1 + len(found) / spread[word]) for word in words[sentence] & wanted)
        score = scores[sentence.number]
        if not shared and score < LEAST_ALIKE:
            return 0.0
        whole = 1.0 if WHOLE.search(sentence.text) else FRAGMENT
        return whole * (shared + score) * score / math.sqrt(len(words[sentence]) + 4)

    ranked = sorted(_different(found), key=worth, reverse=True)[:MOST_SENTENCES]
    chosen = [sentence for sentence in ranked if worth(sentence) > 0 and worth(sentence) >= worth(ranked[0]) / 3]
    return _joined(chosen, {(sentence.number, sentence.at): sentence for sentence in found})


def _different(found: Iterable[QuotedSentence]) -> list[QuotedSentence]:
    """Return the sentences, each text once: passages overlap."""
    return list({sentence.text: sentence for sentence in reversed(list(found))}.values())[::-1]


def _joined(
    chosen: Sequence[QuotedSentence], places: Mapping[tuple[int, int], QuotedSentence]
) -> list[tuple[str, int]]:
    """Join sentences that follow one another; one that refers to the sentence before it comes with that sentence."""
    kept = {(sentence.number, sentence.at): sentence for sentence in chosen}
    for sentence in chosen:
        before = places.get((sentence.number, sentence.at - 1))
        if before and WHOLE.search(before.text) and REFERRING.match(sentence.text):
            kept[before.number, before.at] = before
    quoted: list[tuple[str, int]] = []
    done: set[tuple[int, int]] = set()
    for sentence in chosen:
        number, first = sentence.number, sentence.at
        while _goes_on(kept, number, first - 1):
            first -= 1
        if (number, first) in done:
            continue
        done.add((number, first))
        last = first
        while _goes_on(kept, number, last):
            last += 1
        quoted.append((" ".join(kept[number, at].text for at in range(first, last + 1)), number))
    return quoted


def _goes_on(kept: Mapping[tuple[int, int], QuotedSentence], number: int, at: int) -> bool:
    """Return whether this sentence and the next are both kept. A fragment, such as an item of a list, stands alone."""
    return (number, at + 1) in kept and (number, at) in kept and bool(WHOLE.search(kept[number, at].text))


def answer(question: str, passages: Sequence[Numbered], documents: bool = True, explains: bool = True) -> str:
    """Return the whole answer as markdown; markup in a passage is escaped. `documents`: whether any were searched.

    `explains`: whether it says what this model is, which is enough once in a conversation.
    """
    quoted = [f"> {verbatim(text)} [{number}]" for text, number in best_sentences(question, passages)]
    said = quoted or [_(NOTHING_FOUND if documents else NOT_ASKED)]
    return "\n\n".join([*said, _(HOW_TO_CONNECT)] if explains else said)


def without_advice(text: str) -> str:
    """Return an answer without the advice to connect a model, whichever language that is in."""
    for language, _name in settings.LANGUAGES:
        with override(language):
            text = text.removesuffix(_(HOW_TO_CONNECT)).rstrip()
    return text


def _is_first(ask: ModelQuestion) -> bool:
    """Return whether no answer comes before this one in what the model is given."""
    return not any(message.role == "assistant" for message in ask.messages)


def pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


class Quotes:
    async def stream(self, ask: ModelQuestion, ledger: Ledger) -> AsyncGenerator[Delta, None]:
        present = await ask.admitted()
        started, status, written = time.monotonic(), "stopped", 0
        whole = answer(ask.question, ask.passages, ask.documents, explains=_is_first(ask))
        rest = whole.removeprefix(ask.written) if whole.startswith(ask.written) else f"\n\n{whole}"
        try:
            for piece in pieces(rest):
                written += 1
                yield Delta(piece)
                await asyncio.sleep(0)
            status = "complete"
        finally:
            ledger(_entry(ask, present, written, status, int((time.monotonic() - started) * 1000)))

    def max_cost(self, ask: ModelQuestion) -> Decimal:
        return Decimal(0)


def _entry(ask: ModelQuestion, present: Present, words: int, status: str, duration_ms: int) -> Entry:
    read = sum(len(passage.hit.text.split()) for passage in ask.passages)
    return Entry(
        caller=ask.caller,
        model=QUOTES.name,
        provider=QUOTES.provider,
        hosted=False,
        label=ask.label,
        usage=Usage(input_tokens=read, output_tokens=words, estimated=True),
        cost=Decimal(0),
        first_token_ms=0,
        duration_ms=duration_ms,
        status=status,
        route=ask.route,
        documents=tuple(sorted(map(str, present.documents))),
    )
