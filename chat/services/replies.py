"""One turn, from the question to the last token, as events over values: no row is read or written here."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings

from chat.events import Source
from chat.llm import BUILT_IN, provider_of
from chat.llm.types import Ask, Numbered
from chat.services import answers_cache, complexity, labels, prompts, routing
from chat.services.complexity import Complexity
from chat.services.drafts import AS_USUAL, Options, Pick
from chat.services.labels import Cause
from chat.services.routing import NoModel, Rejected, RouteRequest
from chat.services.rules import DEFAULT, Policy
from langai_site import tracing
from langai_site.errors import AboveCeiling, LangAIError
from langai_site.outbound import cooling
from langai_site.outbound.types import ChatMessage, Delta, Ledger, ModelInfo, ProviderError
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage.budgets import OverBudget
from langai_site.usage.types import Caller, Entry
from search import services as search
from search.types import Filters, Findings, Hit, Reader

# Told, before each call, what the turn can come to with it at most in US dollars: None where its model has no price, 0
# where that is free. Raises OverBudget where it cannot be afforded: the call is not made then.
Afford = Callable[[Decimal | None], Awaitable[None]]


@dataclass(frozen=True)
class Cited:
    """A passage that earlier text of this reply cites. `text` is empty where it cannot be read any more."""

    place: Source
    text: str = ""


@dataclass(frozen=True)
class TurnRequest:
    """All that a turn needs to know. `causes` give it its floor: the highest label that the conversation has reached.

    `asked` names the collections that the person chose, which `reader` is narrowed to: None where they chose none
    in particular, and nothing is searched where it is empty. `policy` is the one in force when it was asked.
    `instructions` are what a program adds to ours, and `history_chars` how much of the history the prompt has room for.
    """

    question: str
    history: tuple[ChatMessage, ...]
    causes: tuple[Cause, ...]
    pick: Pick
    catalogue: tuple[ModelInfo, ...]
    reader: Reader
    caller: Caller
    options: Options = AS_USUAL
    policy: Policy = DEFAULT
    written: str = ""
    cited: tuple[Cited, ...] = ()
    asked: tuple[str, ...] | None = None
    instructions: str = ""
    history_chars: int = prompts.HISTORY_CHARS

    @property
    def label(self) -> Sensitivity:
        return labels.label_of(self.causes)

    @property
    def documents(self) -> bool:
        return self.asked != ()

    @property
    def max_tokens(self) -> int:
        return self.options.max_tokens or settings.ANSWER_MAX_TOKENS


@dataclass(frozen=True)
class Weighed:
    """What a model would be given, and what routing goes by. Nothing has been decided, raised or sent yet.

    `tokens` are the most that the prompt can take.
    """

    passages: tuple[Numbered, ...]
    causes: tuple[Cause, ...]
    complexity: Complexity
    messages: tuple[ChatMessage, ...]
    tokens: int
    notice: str = ""

    @property
    def label(self) -> Sensitivity:
        return labels.label_of(self.causes)


@dataclass(frozen=True)
class Prepared:
    """What was decided: the route, and which of its candidates is asked now. `failed` are those asked before it."""

    weighed: Weighed
    route: routing.Route
    model: ModelInfo
    failed: tuple[Rejected, ...] = ()

    @property
    def passages(self) -> tuple[Numbered, ...]:
        return self.weighed.passages

    @property
    def label(self) -> Sensitivity:
        return self.weighed.label


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


async def weigh(request: TurnRequest) -> Weighed:
    """Retrieve, and label what would be sent."""
    findings = await tracing.within("retrieval", _find(request)) if request.documents else Findings()
    passages = tuple(numbered(findings.hits, request.cited))
    messages = prompts.messages(
        request.question,
        request.history,
        passages,
        request.written,
        instructions=request.instructions,
        history_chars=request.history_chars,
    )
    return Weighed(
        passages=passages,
        causes=(*request.causes, *(labels.passage(found.hit.title, found.hit.label) for found in passages)),
        complexity=complexity_of(request, len(passages)),
        messages=messages,
        tokens=prompts.most_tokens(messages),
        notice=findings.notice,
    )


def complexity_of(request: TurnRequest, passages: int) -> Complexity:
    """As the person said, else as it is scored."""
    if request.options.complexity:
        return Complexity(request.options.complexity, 0.0, (labels.CHOSEN,))
    return complexity.score(request.question, passages=passages, history=len(request.history))


async def _find(request: TurnRequest) -> Findings:
    return await search.find_for_prompt(
        request.question,
        request.reader,
        label=request.label,
        filters=Filters(max_label=most_seen(request)) if request.pick.allowed_passages else Filters(),
        history=prompts.questions(request.history),
        budget_chars=prompts.PASSAGES_CHARS,
        caller=request.caller,
    )


def most_seen(request: TurnRequest) -> Sensitivity:
    """The highest label that a model may see that could be asked."""
    asked = request.pick.model
    # As routing has it: Auto turns to what is built in only where nothing else is connected.
    known = request.catalogue if asked == routing.AUTO and request.catalogue else (*request.catalogue, *BUILT_IN)
    could = [model for model in known if asked in (model.name, routing.AUTO)]
    return highest(*(model.ceiling for model in could if not (model.hosted and request.pick.local_only)))


def wanted(request: TurnRequest, weighed: Weighed) -> RouteRequest:
    """What routing is asked, were no model resting."""
    return RouteRequest(
        requested=request.pick.model,
        label=weighed.label,
        complexity=weighed.complexity.level,
        prompt_tokens=weighed.tokens,
        max_tokens=request.max_tokens,
        local_only=request.pick.local_only,
    )


async def decide(request: TurnRequest, weighed: Weighed) -> Prepared:
    """Route. Raises NoModel where no model may answer: nothing has left by then."""
    resting = await cooling.resting([model.name for model in request.catalogue])
    try:
        route = routing.route(replace(wanted(request, weighed), cooling=resting), request.catalogue, request.policy)
    except NoModel as refusal:
        if refusal.code == "above_ceiling" and weighed.label > request.label:
            refusal.code = "passages_above_ceiling"
        raise
    return Prepared(weighed, route, route.model)


async def turn(
    request: TurnRequest, ledger: Ledger, afford: Afford
) -> AsyncGenerator[Weighed | Prepared | Delta, None]:
    """Yield what was weighed, what was decided, again with each further model that is tried, and the answer's pieces.

    A model that fails before its first word, or is not affordable, is followed by the route's next; one that fails
    later is not, for its text stays. Raises LangAIError with what to tell the person.
    """
    spent: list[Decimal] = []

    def enter(entry: Entry) -> None:
        spent.append(entry.cost or Decimal(0))
        ledger(entry)

    async def afford_all(most: Decimal | None) -> None:
        # One that failed may have been charged for, and stays held; what is free or has no price stays so.
        await afford(most and most + sum(spent))

    weighed = await weigh(request)
    yield weighed
    prepared = await decide(request, weighed)
    while True:
        yield prepared
        begun = False
        try:
            async with aclosing(_asked(request, prepared, enter, afford_all)) as deltas:
                async for delta in deltas:
                    begun = begun or bool(delta.text)
                    yield delta
            return
        except (ProviderError, AboveCeiling, OverBudget) as error:
            following = None if begun else _following(prepared, error)
            if following is None:
                raise
            prepared = following


def _following(prepared: Prepared, error: LangAIError) -> Prepared | None:
    """The same with the next candidate; None where there is none."""
    failed = (*prepared.failed, Rejected(prepared.model.name, error.message))
    rest = prepared.route.candidates[len(failed) :]
    return replace(prepared, model=rest[0], failed=failed) if rest else None


async def _asked(
    request: TurnRequest, prepared: Prepared, ledger: Ledger, afford: Afford
) -> AsyncGenerator[Delta, None]:
    """The answer of one model, or the one that it gave lately; it rests for a while if it fails."""
    ask = _ask(request, prepared)
    await afford(provider_of(ask.model).max_cost(ask))
    scope = request.reader.collections
    try:
        async with aclosing(answers_cache.answer(ask, scope, ledger, fresh=request.pick.fresh)) as deltas:
            async for delta in deltas:
                yield delta
    except ProviderError as error:
        await cooling.rest(ask.model.name, error)
        raise


def _ask(request: TurnRequest, prepared: Prepared) -> Ask:
    return Ask(
        model=prepared.model,
        messages=prepared.weighed.messages,
        question=request.question,
        passages=prepared.passages,
        label=prepared.label,
        max_tokens=request.max_tokens,
        caller=request.caller,
        written=request.written,
        documents=request.documents,
        temperature=request.options.temperature,
        route=prepared.route.why,
    )
