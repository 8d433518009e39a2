"""`quotes`, the built-in model. No network, no weights: it selects the sentences that answer best and cites them."""

import asyncio
import math
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from decimal import Decimal

from chat.llm.built_in import QUOTES
from chat.llm.types import ModelQuestion, Numbered
from chat.markdown.verbatim import verbatim
from langai_site.outbound.types import Delta, Ledger, Present
from langai_site.usage.types import Entry, Usage

MOST_SENTENCES = 4
LONGEST_SENTENCE = 600
# Each blank and each sign is read once, however many follow one another.
SENTENCE_END = re.compile(
    r"(?<=[.!?。！？])\s+|\n{2,}|\n(?=[^\S\n]*(?:[-*#|]|\d+\.))"  # noqa: RUF001 - CJK sentence ends
)
WORD = re.compile(r"\w+")
MARKUP = re.compile(r"^[\s>#*|-]+|[`*|]+|\b_+|(?<!_)_+\b")
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "could",
        "do",
        "does",
        "for",
        "from",
        "has",
        "have",
        "how",
        "i",
        "in",
        "is",
        "it",
        "its",
        "may",
        "my",
        "of",
        "on",
        "or",
        "our",
        "shall",
        "should",
        "so",
        "that",
        "the",
        "their",
        "there",
        "these",
        "this",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)

HOW_TO_CONNECT = (
    "*The built-in model `quotes` only picks sentences from documents, it does not write. For written answers "
    "an admin connects a model, in the administration pages under Connections.*"
)
NOTHING_FOUND = "No passage that you may read answers this."
NOT_ASKED = "No documents were searched, as you chose, and `quotes` has no other source."


def stems(text: str) -> list[str]:
    """Return the meaningful words of `text`, cut to five letters so that endings do not matter."""
    return [word[:5] for word in WORD.findall(text.lower()) if word not in STOP_WORDS]


def sentences(passage: Numbered) -> Iterable[str]:
    for piece in SENTENCE_END.split(passage.hit.text):
        sentence = " ".join(MARKUP.sub("", piece).split())
        if len(WORD.findall(sentence)) > 3:
            yield sentence[:LONGEST_SENTENCE]


def best_sentences(question: str, passages: Sequence[Numbered]) -> list[tuple[str, int]]:
    """Return the sentences that share the most and rarest words with `question`, as (sentence, number), best first.

    A sentence also gets its passage's score, so that a question in other words still finds an answer.
    """
    wanted = set(stems(question))
    found = {text: passage for passage in passages for text in sentences(passage)}
    words = {text: set(stems(text)) for text in found}
    spread = Counter(word for bag in words.values() for word in bag & wanted)

    def worth(text: str) -> float:
        shared = sum(math.log(1 + len(found) / spread[word]) for word in words[text] & wanted)
        return (shared + found[text].hit.score) * found[text].hit.score / math.sqrt(len(words[text]) + 4)

    ranked = sorted(found, key=worth, reverse=True)[:MOST_SENTENCES]
    return [(text, found[text].number) for text in ranked if worth(text) >= worth(ranked[0]) / 3]


def answer(question: str, passages: Sequence[Numbered], documents: bool = True) -> str:
    """Return the whole answer as markdown; markup in a passage is escaped. `documents`: whether any were searched."""
    quoted = [f"> {verbatim(text)} [{number}]" for text, number in best_sentences(question, passages)]
    return "\n\n".join([*(quoted or [NOTHING_FOUND if documents else NOT_ASKED]), HOW_TO_CONNECT])


def pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


class Quotes:
    async def stream(self, ask: ModelQuestion, ledger: Ledger) -> AsyncGenerator[Delta, None]:
        present = await ask.admitted()
        started, status, written = time.monotonic(), "stopped", 0
        whole = answer(ask.question, ask.passages, ask.documents)
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
