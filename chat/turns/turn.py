"""One turn, from the question to the last token, as events over values: only `TurnState` reads and writes rows."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import TypeVar

from chat.conversations import labels
from chat.events import CitedSource
from chat.llm.built_in import BUILT_IN
from chat.llm.providers import provider_of
from chat.llm.types import ModelQuestion, Numbered
from chat.routing import complexity
from chat.routing import route as routing
from chat.routing.complexity import Complexity
from chat.routing.route import NoModelError, Rejected
from chat.turns import answers_cache, prompts, windows
from chat.turns.values import Cited, RoutedTurn, RoutingInput, TurnRequest, TurnState, wanted
from chat.turns.windows import PromptTexts
from langai_site.errors import AboveCeilingError, LangAIError, ModelWithdrawnError, NotAdmittedError, continued
from langai_site.outbound import cooling
from langai_site.outbound.types import Delta, Ledger, ModelInfo, ModelOutput, ProviderError
from langai_site.sensitivity import Sensitivity, highest
from langai_site.telemetry import tracing
from langai_site.usage.spending.budgets import OverBudgetError
from langai_site.usage.types import Entry
from search import services as search
from search.types import Filters, Findings, Hit

Prompt = TypeVar("Prompt")
# How often a turn is put together again because documents, labels or rights changed before anything was sent.
ATTEMPTS = 3
# Characters of a question that are scored in a millisecond or so.
QUICK_CHARS = 10_000


def _span(place: CitedSource) -> tuple[str, int, int, int]:
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


async def weigh(request: TurnRequest, state: TurnState) -> RoutingInput:
    """Retrieve, and label what would be sent."""
    findings = await tracing.within("retrieval", _find(request, state)) if request.documents else Findings()
    passages = tuple(numbered(findings.hits, request.cited))
    texts = request.texts(passages)
    messages = await _put_together(texts, texts.messages)
    return RoutingInput(
        passages=passages,
        causes=(*request.causes, *(labels.passage(found.hit.title, found.hit.label) for found in passages)),
        complexity=await _complexity(request, len(passages)),
        messages=messages,
        tokens=prompts.most_tokens(messages),
        notice=findings.notice,
        least_tokens=texts.least.tokens,
    )


async def _put_together(texts: PromptTexts, build: Callable[[], Prompt]) -> Prompt:
    """Put a prompt together, on a thread if that may take a while: control tokens and hidden characters do."""
    given = (message.text for message in texts.history), *map(prompts.texts_of, texts.passages)
    written = chain((texts.question, texts.written, texts.instructions), *given)
    return build() if prompts.is_quick(written) else await asyncio.to_thread(build)


async def fitted(request: TurnRequest, prepared: RoutedTurn) -> RoutedTurn:
    """Return the same with the prompt as it fits the model's window. The label stays, whatever is left out."""
    weighed, window = prepared.weighed, prepared.model.context_window
    texts = request.texts(weighed.passages)
    build = partial(windows.fitted, texts, window, request.max_tokens, whole=weighed.messages)
    is_whole = windows.holds(window, weighed.tokens, request.max_tokens)
    return replace(prepared, prompt=build() if is_whole else await _put_together(texts, build))


async def _complexity(request: TurnRequest, passages: int) -> Complexity:
    """Score the question, on a thread if it is long: it takes time in proportion to the text."""
    if len(request.question) <= QUICK_CHARS:
        return complexity_of(request, passages)
    return await asyncio.to_thread(complexity_of, request, passages)


def complexity_of(request: TurnRequest, passages: int) -> Complexity:
    """As the person said, else as it is scored."""
    if request.options.complexity:
        return Complexity(request.options.complexity, 0.0, (labels.CHOSEN,))
    return complexity.score(request.question, passages=passages, history=len(request.history))


async def _find(request: TurnRequest, state: TurnState) -> Findings:
    return await search.find_for_prompt(
        request.question,
        request.reader,
        label=request.label,
        filters=Filters(max_label=most_seen(request)) if request.pick.allowed_passages else Filters(),
        history=prompts.questions(request.history),
        budget_chars=prompts.PASSAGES_CHARS,
        caller=request.caller,
        read_present=partial(state.read_question, request),
    )


def most_seen(request: TurnRequest) -> Sensitivity:
    """The highest label that a model may see that could be asked."""
    asked = request.pick.model
    # As routing has it: Auto turns to what is built in only where nothing else is connected.
    known = request.catalogue if asked == routing.AUTO and request.catalogue else (*request.catalogue, *BUILT_IN)
    could = [model for model in known if asked in (model.name, routing.AUTO)]
    return highest(*(model.ceiling for model in could if not (model.hosted and request.pick.local_only)))


async def decide(request: TurnRequest, weighed: RoutingInput) -> RoutedTurn:
    """Route. Raises NoModelError where no model may answer: nothing has left by then."""
    resting = await cooling.resting([model.name for model in request.catalogue])
    try:
        route = routing.route(replace(wanted(request, weighed), cooling=resting), request.catalogue, request.policy)
    except NoModelError as refusal:
        if refusal.code == "above_ceiling" and weighed.label > request.label:
            refusal.code = "passages_above_ceiling"
        raise
    return RoutedTurn(weighed, route, route.model)


async def run(
    request: TurnRequest, ledger: Ledger, state: TurnState
) -> AsyncGenerator[RoutingInput | RoutedTurn | ModelOutput, None]:
    """Yield what was weighed, what was decided, again with each further model that is tried, and what that says.

    A model that fails before its first word, or is not affordable, is followed by the route's next; one that fails
    later is not, for its text stays. Where what the turn was built on has changed by the time of sending, it is weighed
    and decided again. Raises LangAIError with what to tell the person.
    """
    run = _Run(ledger, state)
    for _attempt in range(ATTEMPTS):
        weighed = await weigh(request, state)
        run.first_label = weighed.label if run.first_label is None else run.first_label
        yield weighed
        try:
            async with aclosing(_answered(request, weighed, run)) as events:
                async for event in events:
                    yield event
            return
        except NotAdmittedError:
            request = await state.refreshed(request)
    raise NotAdmittedError


@dataclass
class _Run:
    """What lasts for the whole of a turn, however often it is weighed: what it has cost, and who was asked in vain."""

    ledger: Ledger
    state: TurnState
    failed: tuple[Rejected, ...] = ()
    first_label: Sensitivity | None = None
    last_error: LangAIError | None = None
    spent: Decimal = Decimal(0)

    def enter(self, entry: Entry) -> None:
        self.spent += entry.cost or Decimal(0)
        self.ledger(entry)

    async def hold(self, most: Decimal | None) -> None:
        # One that failed may have been charged for, and stays held; what is free or has no price stays so.
        await self.state.hold(most and most + self.spent)

    def following(self, prepared: RoutedTurn) -> RoutedTurn | None:
        """Return the same with the first candidate that was not asked in vain; None where there is none left."""
        asked = {failed.model for failed in self.failed}
        left = (model for model in prepared.route.candidates if model.name not in asked)
        model = next(left, None)
        return replace(prepared, model=model, failed=self.failed, prompt=None) if model else None

    def fail(self, model: ModelInfo, error: LangAIError) -> None:
        self.failed = (*self.failed, Rejected(model.name, error.message))
        self.last_error = error

    def error(self, request: TurnRequest, label: Sensitivity) -> LangAIError:
        """Return what to tell where nobody answered: the last failure, and how many a label that rose has shut out."""
        assert self.last_error
        assert self.first_label is not None
        asked = {failed.model for failed in self.failed}
        left = (model for model in request.catalogue if model.name not in asked and model.may_see(self.first_label))
        count = sum(not model.may_see(label) and not (model.hosted and request.pick.local_only) for model in left)
        if not count:
            return self.last_error
        models = "1 model that may not see that was" if count == 1 else f"{count} models that may not see that were"
        return continued(self.last_error, f"The turn became {label.label.lower()} meanwhile, so {models} not asked.")


async def _answered(
    request: TurnRequest, weighed: RoutingInput, run: _Run
) -> AsyncGenerator[RoutedTurn | ModelOutput, None]:
    """The candidates one after the other, until one answers."""
    prepared = run.following(await decide(request, weighed))
    while prepared:
        if prepared.prompt is None:
            prepared = await fitted(request, prepared)
        yield prepared
        begun = False
        try:
            async with aclosing(_asked(request, prepared, run)) as outputs:
                async for output in outputs:
                    if isinstance(output, Delta):
                        begun = bool(output.text) or (begun and not output.restart)
                    yield output
            return
        except (ProviderError, AboveCeilingError, ModelWithdrawnError, OverBudgetError) as error:
            if begun:
                raise
            shorter = await _shorter(request, prepared) if error.code == "too_long" else None
            if shorter is None:
                run.fail(prepared.model, error)
        prepared = shorter or run.following(prepared)
    raise run.error(request, weighed.label)


async def _shorter(request: TurnRequest, prepared: RoutedTurn) -> RoutedTurn | None:
    """Return the same for one more try with less; None where that makes no sense."""
    assert prepared.prompt
    texts = request.texts(prepared.weighed.passages)
    prompt = await _put_together(texts, partial(windows.shorter, prepared.prompt, texts))
    return replace(prepared, prompt=prompt) if prompt else None


async def _asked(request: TurnRequest, prepared: RoutedTurn, run: _Run) -> AsyncGenerator[ModelOutput, None]:
    """The answer of one model, or the one that it gave lately; it rests for a while if it fails."""
    ask = _ask(request, prepared, run.state)
    await run.hold(provider_of(ask.model).max_cost(ask))
    scope = request.reader.collections
    try:
        async with aclosing(answers_cache.answer(ask, scope, run.enter, fresh=request.pick.fresh)) as outputs:
            async for output in outputs:
                yield output
    except ProviderError as error:
        await cooling.rest(ask.model.name, error)
        raise


def _ask(request: TurnRequest, prepared: RoutedTurn, state: TurnState) -> ModelQuestion:
    assert prepared.prompt
    return ModelQuestion(
        model=prepared.model,
        messages=prepared.prompt.messages,
        question=request.question,
        passages=prepared.passages,
        label=prepared.label,
        max_tokens=prepared.prompt.max_tokens,
        caller=request.caller,
        written=request.written,
        documents=request.documents,
        temperature=request.options.temperature,
        route=prepared.route.why,
        local_only=request.pick.local_only,
        read_present=partial(state.read_present, request, prepared),
    )
