"""One turn, from the question to the last token, as events over values: only `TurnState` reads and writes rows."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import TypeVar

from chat.conversations import labels
from chat.events import CitedSource
from chat.llm.providers import provider_of
from chat.llm.types import ModelQuestion, Numbered
from chat.routing import complexity
from chat.routing import route as routing
from chat.routing.complexity import Complexity
from chat.routing.route import NoModelError, Rejected
from chat.turns import (
    answers_cache,
    askable,
    attached_files,
    costs,
    failed_models,
    file_search,
    given_files,
    prompts,
    verified_turn,
    windows,
)
from chat.turns.failed_models import FailedModel
from chat.turns.given_files import StillReading
from chat.turns.values import Cited, RoutedTurn, RoutingInput, TurnRequest, TurnState, wanted
from chat.turns.windows import PromptTexts
from langai_site.database.writer import in_database_thread
from langai_site.errors import AboveCeilingError, LangAIError, ModelWithdrawnError, NotAdmittedError, continued
from langai_site.outbound import catalogue, cooling, learning
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.types import Delta, Ledger, ModelInfo, ModelOutput, ProviderError
from langai_site.sensitivity import Sensitivity, highest
from langai_site.sentences import counted_sentence, joined
from langai_site.telemetry import tracing
from langai_site.usage.spending.budgets import OverBudgetError
from langai_site.usage.types import Entry
from search import services as search
from search.types import Filters, Findings, Hit

Prompt = TypeVar("Prompt")
LABEL_ROSE = counted_sentence(
    "error.label_rose",
    "The label rose to %(label)s meanwhile, so %(count)s model that may not see it was not asked.",
    "The label rose to %(label)s meanwhile, so %(count)s models that may not see it were not asked.",
)
# How often a turn is prepared again because documents, labels or rights changed before anything was sent.
ATTEMPTS = 3
# How many models are asked one after the other before a turn gives up: each may keep the person waiting.
MOST_ASKED = 3
# A question of this many characters is scored in about a millisecond.
QUICK_CHARS = 10_000


def _span(place: CitedSource) -> tuple[str, int, int, int]:
    return place["source"], place["page"], place["start"], place["end"]


def numbered(hits: tuple[Hit, ...], cited: tuple[Cited, ...], pages: Sequence[Numbered] = ()) -> list[Numbered]:
    """Number the passages from 1, or after those that the reply's earlier text cites. Cited ones keep their numbers.

    `pages` of files have numbers already, which come before those of passages.
    """
    taken = {_span(old.place): old.place["number"] for old in cited}
    following = max([*taken.values(), *(page.number for page in pages)], default=0)
    out = []
    for hit in hits:
        number = taken.get((str(hit.source_id), hit.page, hit.start, hit.end))
        if number is None:
            number = following = following + 1
        out.append(Numbered(number, hit))
    return out


async def weigh(request: TurnRequest, state: TurnState) -> RoutingInput:
    """Find passages, and work out the label and complexity of what would be sent."""
    files = request.given_files
    inside = await file_search.find(request, state)
    findings = await tracing.within("retrieval", _find(request, state)) if request.documents else Findings()
    passages = tuple(numbered((*inside.hits, *findings.hits), request.cited, files.pages))
    texts = request.texts(passages)
    messages = await _build_prompt(texts, texts.messages)
    return RoutingInput(
        passages=passages,
        causes=(
            *request.causes,
            *request.personal.causes,
            *files.causes,
            *(labels.passage(found.hit.title, found.hit.label) for found in passages),
        ),
        complexity=await _complexity(request, len(passages)),
        messages=messages,
        tokens=prompts.most_tokens(messages) + texts.reserved,
        notice=joined(dict.fromkeys((request.notice, inside.notice, findings.notice))),
        least_tokens=texts.least.tokens,
        folder=request.folder,
        instructions_tokens=prompts.text_tokens(request.personal.prompt) or None,
        files=files,
        assistant=request.assistant,
    )


async def _build_prompt(texts: PromptTexts, build: Callable[[], Prompt]) -> Prompt:
    """Build a prompt, on a thread if that may take a while: control tokens and hidden characters are slow."""
    passages = (*texts.files.pages, *texts.passages)
    given = (message.all_text for message in (*texts.history, *texts.after)), *map(prompts.texts_of, passages)
    written = chain((texts.question, texts.written, texts.instructions), *given)
    return build() if prompts.is_quick(written) else await asyncio.to_thread(build)


async def fitted(request: TurnRequest, prepared: RoutedTurn) -> RoutedTurn:
    """Return the turn with a prompt that fits the model's window. The label stays, whatever is left out."""
    weighed, window = prepared.weighed, prepared.model.context_window
    texts = request.texts(weighed.passages, prepared.model)
    # With pictures, the whole prompt has them in every form, and this model gets one of them.
    whole = () if weighed.files.pictures else weighed.messages
    build = partial(windows.fitted, texts, window, request.max_tokens, whole=whole)
    is_whole = bool(whole) and windows.holds(window, weighed.tokens, request.max_tokens)
    return replace(prepared, prompt=build() if is_whole else await _build_prompt(texts, build))


async def _complexity(request: TurnRequest, passages: int) -> Complexity:
    """Score the question, on a thread if it is long: the time grows with the text."""
    if len(request.question) <= QUICK_CHARS:
        return complexity_of(request, passages)
    return await asyncio.to_thread(complexity_of, request, passages)


def complexity_of(request: TurnRequest, passages: int) -> Complexity:
    """Return the complexity that the person chose, otherwise the score."""
    if request.options.complexity:
        return Complexity(request.options.complexity, 0.0, (labels.CHOSEN,))
    return complexity.score(request.question, passages=passages, history=len(request.history))


async def _find(request: TurnRequest, state: TurnState) -> Findings:
    return await search.find_for_prompt(
        request.question,
        request.reader,
        label=request.label,
        filters=Filters(max_label=askable.most_seen(request)) if request.pick.allowed_passages else Filters(),
        history=prompts.questions(request.history),
        budget_chars=askable.passages_chars(request),
        caller=request.caller,
        read_present=partial(state.read_question, request),
    )


async def decide(request: TurnRequest, weighed: RoutingInput) -> RoutedTurn:
    """Route the turn. Raises NoModelError if no model may answer; nothing has been sent by then."""
    resting = await cooling.resting([model.name for model in request.catalogue])
    asked = replace(wanted(request, weighed), cooling=resting)
    try:
        route = routing.route(asked, request.catalogue, request.policy)
    except NoModelError as error:
        unreachable = await in_database_thread(catalogue.unreachable, request.reader.user_id)
        refusal = routing.while_unreachable(error, asked, unreachable)
        before = highest(request.label, request.personal.label, labels.label_of(weighed.files.causes))
        if refusal.code == "above_ceiling" and weighed.label > before:
            refusal.code = "passages_above_ceiling"
        raise refusal from None
    if request.given_files.pictures:
        # Any model can be given the text in a picture, but one that sees it knows more.
        route = replace(route, candidates=given_files.seeing_first(route.candidates))
    return RoutedTurn(weighed, route, route.model)


async def run(
    request: TurnRequest, ledger: Ledger, state: TurnState
) -> AsyncGenerator[StillReading | RoutingInput | RoutedTurn | ModelOutput, None]:
    """Yield what is still being read, the RoutingInput, and a RoutedTurn for each model that is tried, with its output.

    If a verified answer is shown, no model is tried: its RoutingInput says so, and its text follows.

    If a model fails before its first word, or is over budget, the route's next one is tried, until MOST_ASKED were
    asked; if it fails later, the error is raised and its text stays. If rights, labels or models have changed by the
    time of sending, the turn is prepared and routed again. Raises LangAIError with a message for the person.
    """
    run = _Run(ledger, state)
    for _attempt in range(ATTEMPTS):
        if request.attached:
            async for reading in attached_files.until_read(request, state):
                yield reading
            request = await state.with_files(request)
        weighed = await weigh(request, state)
        run.first_label = weighed.label if run.first_label is None else run.first_label
        try:
            if shown := await verified_turn.answer(request, weighed, state):
                yield shown.weighed
                yield Delta(shown.text)
                return
            yield weighed
            async with aclosing(_candidate_outputs(request, weighed, run)) as events:
                async for event in events:
                    yield event
            return
        except NotAdmittedError:
            request = await state.refreshed(request)
    raise NotAdmittedError


@dataclass
class _Run:
    """The state of a turn across all its attempts: what it has cost, and which models failed."""

    ledger: Ledger
    state: TurnState
    failed: tuple[FailedModel, ...] = ()
    first_label: Sensitivity | None = None
    spent: Decimal = Decimal(0)

    def enter(self, entry: Entry) -> None:
        self.spent += entry.cost or Decimal(0)
        self.ledger(entry)

    async def hold(self, most: Decimal | None) -> None:
        # A failed call may have been charged, so it stays reserved. 0 (free) and None (no price) stay as they are.
        await self.state.hold(most and most + self.spent)

    def following(self, prepared: RoutedTurn) -> RoutedTurn | None:
        """Return the turn with the best candidate that has not failed; None if no other is to be asked."""
        model = failed_models.following(self.failed, prepared.route.candidates, MOST_ASKED)
        if model is None:
            return None
        failed = tuple(Rejected(one.model.name, one.error.message, one.error.code) for one in self.failed)
        instead_of = failed_models.last_asked(self.failed)
        return replace(prepared, model=model, failed=failed, prompt=None, instead_of=instead_of)

    def fail(self, model: ModelInfo, error: LangAIError) -> None:
        self.failed = (*self.failed, FailedModel(model, error))

    def error(self, request: TurnRequest, label: Sensitivity) -> LangAIError:
        """Return the error if no model answered: why the first failed, the others, and those the label shut out."""
        assert self.first_label is not None
        error = failed_models.error(self.failed)
        tried = {failed.model.name for failed in self.failed}
        not_asked = (model for model in request.catalogue if model.name not in tried)
        candidates = (model for model in not_asked if model.may_see(self.first_label))
        count = sum(not model.may_see(label) and not (model.hosted and request.pick.local_only) for model in candidates)
        if not count:
            return error
        return continued(error, LABEL_ROSE(count=count, label=label.word))


async def _candidate_outputs(
    request: TurnRequest, weighed: RoutingInput, run: _Run
) -> AsyncGenerator[RoutedTurn | ModelOutput, None]:
    """Try the candidates one after the other, until one answers."""
    prepared = run.following(await decide(request, weighed))
    while prepared:
        if prepared.prompt is None:
            prepared = await fitted(request, prepared)
        yield prepared
        has_started = has_called = False
        try:
            async with aclosing(_model_output(request, prepared, run)) as outputs:
                async for output in outputs:
                    if isinstance(output, ToolCallDelta):
                        # The program may be running the tool already.
                        has_called = True
                    elif isinstance(output, Delta):
                        has_started = bool(output.text) or (has_started and not output.restart)
                    yield output
            return
        except (ProviderError, AboveCeilingError, ModelWithdrawnError, OverBudgetError) as error:
            if has_started or has_called:
                raise
            shorter = await _shorter(request, prepared, error) if error.code == "too_long" else None
            if shorter is None:
                run.fail(prepared.model, error)
        prepared = shorter or run.following(prepared)
    raise run.error(request, weighed.label)


async def _shorter(request: TurnRequest, prepared: RoutedTurn, error: LangAIError) -> RoutedTurn | None:
    """Return the turn with a shorter prompt for one more try; None if it cannot be shorter.

    If the server names its window, the prompt is fitted into that.
    """
    assert prepared.prompt
    if isinstance(error, ProviderError) and learning.names_smaller_window(prepared.model, error):
        return await fitted(request, replace(prepared, model=replace(prepared.model, context_window=error.window)))
    texts = request.texts(prepared.weighed.passages, prepared.model)
    prompt = await _build_prompt(texts, partial(windows.shorter, prepared.prompt, texts))
    return replace(prepared, prompt=prompt) if prompt else None


async def _model_output(request: TurnRequest, prepared: RoutedTurn, run: _Run) -> AsyncGenerator[ModelOutput, None]:
    """Stream one model's answer, or a cached one. If the model fails, it rests for a while."""
    ask = _model_question(request, prepared, run.state)
    await run.hold(_most_cost(request, ask))
    scope = request.reader.collections
    try:
        async with aclosing(answers_cache.answer(ask, scope, run.enter, fresh=request.pick.fresh)) as outputs:
            async for output in outputs:
                yield output
    except ProviderError as error:
        await cooling.rest(ask.model.name, error)
        raise


def _most_cost(request: TurnRequest, ask: ModelQuestion) -> Decimal | None:
    """Return what to reserve: what the preview said, or more if the passages that were found are dearer."""
    actual = provider_of(ask.model).max_cost(ask)
    expected = costs.most(request, ask.model) if actual else None
    return actual if actual is None or expected is None else max(actual, expected)


def _model_question(request: TurnRequest, prepared: RoutedTurn, state: TurnState) -> ModelQuestion:
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
        is_temporary=request.is_temporary,
        requirements=request.requirements,
        files=request.files,
        read_present=partial(state.read_present, request, prepared),
    )
