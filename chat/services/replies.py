"""One turn, from the question to the last token, as events over values: no row is read or written here."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings

from chat.events import Source
from chat.llm import provider_of
from chat.llm.types import Ask, Numbered
from chat.services import prompts, routing
from langai_site.outbound.types import ChatMessage, Delta, Ledger, ModelInfo
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage.types import Caller
from search import services as search
from search.types import Findings, Hit, Reader


@dataclass(frozen=True)
class Cited:
    """A passage that earlier text of this reply cites. `text` is empty where it cannot be read any more."""

    place: Source
    text: str = ""


@dataclass(frozen=True)
class TurnRequest:
    """All that a turn needs to know. `label` is the floor: the highest label the conversation has reached.

    `asked` names the collections that the person chose, which `reader` is narrowed to: None where they chose none
    in particular, and nothing is searched where it is empty.
    """

    question: str
    history: tuple[ChatMessage, ...]
    label: Sensitivity
    model: str
    catalogue: tuple[ModelInfo, ...]
    reader: Reader
    caller: Caller
    written: str = ""
    cited: tuple[Cited, ...] = ()
    asked: tuple[str, ...] | None = None

    @property
    def documents(self) -> bool:
        return self.asked != ()


@dataclass(frozen=True)
class Prepared:
    """What was decided before the model is asked: the passages it sees, the label they raise, the route.

    `max_cost`: what the answer can cost at most, in US dollars; None where the model has no price.
    """

    passages: tuple[Numbered, ...]
    label: Sensitivity
    route: routing.Route
    notice: str = ""
    max_cost: Decimal | None = Decimal(0)


def _span(place: Source) -> tuple[str, int, int, int]:
    return place["source"], place["page"], place["start"], place["end"]


def numbered(hits: tuple[Hit, ...], cited: tuple[Cited, ...]) -> list[Numbered]:
    """Number the passages from 1, or after those that the reply's earlier text cites; a number keeps its passage."""
    taken = {_span(old.place): old.place["number"] for old in cited}
    following = max(taken.values(), default=0)
    out = []
    for hit in hits:
        number = taken.get((str(hit.source_id), hit.page, hit.start, hit.end))
        if number is None:
            number = following = following + 1
        out.append(Numbered(number, hit))
    return out


async def prepare(request: TurnRequest) -> Prepared:
    """Retrieve, label and route. Raises NoModel where no model may answer: nothing has left by then."""
    findings = await _find(request) if request.documents else Findings()
    passages = tuple(numbered(findings.hits, request.cited))
    label = highest(request.label, *(passage.hit.label for passage in passages))
    return Prepared(passages, label, routing.route(request.model, label, request.catalogue), findings.notice)


async def _find(request: TurnRequest) -> Findings:
    return await search.find_for_prompt(
        request.question,
        request.reader,
        label=request.label,
        history=prompts.questions(request.history),
        budget_chars=prompts.PASSAGES_CHARS,
        caller=request.caller,
    )


async def turn(request: TurnRequest, ledger: Ledger) -> AsyncGenerator[Prepared | Delta, None]:
    """Yield what was decided, then the answer's pieces. Raises LangAIError with what to tell the person.

    The model is asked only when the next thing is asked for: what it may cost can be held before.
    """
    prepared = await prepare(request)
    ask = _ask(request, prepared)
    provider = provider_of(ask.model)
    yield replace(prepared, max_cost=provider.max_cost(ask))
    async with aclosing(provider.stream(ask, ledger)) as deltas:
        async for delta in deltas:
            yield delta


def _ask(request: TurnRequest, prepared: Prepared) -> Ask:
    return Ask(
        model=prepared.route.model,
        messages=prompts.messages(request.question, request.history, prepared.passages, request.written),
        question=request.question,
        passages=prepared.passages,
        label=prepared.label,
        max_tokens=settings.ANSWER_MAX_TOKENS,
        caller=request.caller,
        written=request.written,
        documents=request.documents,
        route=prepared.route.why,
    )
