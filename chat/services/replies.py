"""One turn, from the question to the last token, as events over values: no row is read or written here."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from chat.llm import provider_of
from chat.llm.types import Ask, Numbered
from chat.services import prompts, routing
from langai_site.outbound.types import ChatMessage, Delta, Ledger, ModelInfo
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage.types import Caller
from search import services as search
from search.types import Hit, Reader


@dataclass(frozen=True)
class Cited:
    """Where a number that earlier text of this reply cites points to; `label` is its document's, then."""

    number: int
    source: UUID
    page: int
    start: int


@dataclass(frozen=True)
class TurnRequest:
    """All that a turn needs to know. `label` is the floor: the highest label the conversation has reached."""

    question: str
    history: tuple[ChatMessage, ...]
    label: Sensitivity
    model: str
    catalogue: tuple[ModelInfo, ...]
    reader: Reader
    caller: Caller
    written: str = ""
    cited: tuple[Cited, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """What was decided before the model is asked: the passages it sees, the label they raise, the route."""

    passages: tuple[Numbered, ...]
    label: Sensitivity
    route: routing.Route
    notice: str = ""


def numbered(hits: tuple[Hit, ...], cited: tuple[Cited, ...]) -> list[Numbered]:
    """Number the passages from 1, or after those that the reply's earlier text cites; a number keeps its passage."""
    taken = {(old.source, old.page, old.start): old.number for old in cited}
    following = max(taken.values(), default=0)
    out = []
    for hit in hits:
        number = taken.get((hit.source_id, hit.page, hit.start))
        if number is None:
            number = following = following + 1
        out.append(Numbered(number, hit))
    return out


async def prepare(request: TurnRequest) -> Prepared:
    """Retrieve, label and route. Raises NoModel where no model may answer: nothing has left by then."""
    findings = await search.find(request.question, request.reader, label=request.label)
    passages = prompts.fitting_passages(numbered(findings.hits, request.cited))
    label = highest(request.label, *(passage.hit.label for passage in passages))
    return Prepared(passages, label, routing.route(request.model, label, request.catalogue), findings.notice)


async def turn(request: TurnRequest, ledger: Ledger) -> AsyncGenerator[Prepared | Delta, None]:
    """Yield what was decided, then the answer's pieces. Raises LangAIError with what to tell the person."""
    prepared = await prepare(request)
    yield prepared
    ask = Ask(
        model=prepared.route.model,
        messages=prompts.messages(request.question, request.history, prepared.passages, request.written),
        question=request.question,
        passages=prepared.passages,
        label=prepared.label,
        max_tokens=settings.ANSWER_MAX_TOKENS,
        caller=request.caller,
        written=request.written,
    )
    async with aclosing(provider_of(ask.model).stream(ask, ledger)) as deltas:
        async for delta in deltas:
            yield delta
