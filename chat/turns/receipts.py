"""Pure: what a reply keeps of its turn: which passages it cites, and its receipt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from chat.events import CitedSource
from chat.grounding.checking import SentenceCheck, checks_of
from chat.llm.types import Numbered
from chat.routing.route import Rejected, RouteRequest
from chat.turns import citations
from chat.turns.receipt import Receipt
from chat.turns.values import Cited, RoutedTurn, RoutingInput, TurnRequest, wanted
from langai_site.usage.types import Entry

# Calls of one answer whose failures are kept, however often it was continued.
MOST_FAILURES = 10


@dataclass(frozen=True)
class EndedAnswer:
    """An answer that ended: its text, the passages it cites, and its quotations that are in none of the sources.

    `checks` compare its sentences with what they cite, if that was asked for.
    """

    text: str
    sources: tuple[CitedSource, ...]
    unverified: tuple[str, ...] = ()
    checks: tuple[SentenceCheck, ...] = ()


def source_of(passage: Numbered) -> CitedSource:
    hit = passage.hit
    place = CitedSource(
        number=passage.number,
        source=str(hit.source_id),
        version=hit.version,
        title=hit.title,
        page=hit.page,
        start=hit.start,
        end=hit.end,
        heading=hit.heading,
        location=hit.location,
        language=hit.foreign,
    )
    return CitedSource(**place, dated=hit.added_at.date().isoformat()) if hit.added_at else place


def sources_of(passages: Sequence[Numbered], cited: Sequence[Cited]) -> list[CitedSource]:
    """Return every passage that an answer may cite: those of its prompt, and those that its earlier part cites."""
    earlier = {old.place["number"]: old.place for old in cited}
    return list((earlier | {passage.number: source_of(passage) for passage in passages}).values())


def kept_of(text: str, request: TurnRequest, passages: Sequence[Numbered], *, is_complete: bool) -> EndedAnswer:
    """Verify an answer against its passages. Quotations are checked only if it is complete: they may be cut off.

    An answer in JSON cites nothing: a list of one number would look like a citation.
    """
    if request.requirements.response_format:
        return EndedAnswer(text, ())
    sources = sources_of(passages, request.cited)
    text = citations.without_unknown(text, {source["number"] for source in sources})
    cited = citations.cited_numbers(text)
    unverified = citations.unverified(text, _readings(request, passages)) if is_complete and sources else []
    return EndedAnswer(text, tuple(source for source in sources if source["number"] in cited), tuple(unverified))


def checked(text: str, request: TurnRequest, passages: Sequence[Numbered], *, is_complete: bool) -> EndedAnswer:
    """Return the same as `kept_of`, with a check of each sentence if the answer is complete."""
    kept = kept_of(text, request, passages, is_complete=is_complete)
    if not is_complete:
        return kept
    numbers = {source["number"] for source in kept.sources}
    texts = {old.place["number"]: old.text for old in request.cited}
    texts |= {passage.number: passage.hit.text for passage in passages}
    return replace(
        kept, checks=checks_of(kept.text, {number: texts[number] for number in numbers if texts.get(number)})
    )


def _readings(request: TurnRequest, passages: Sequence[Numbered]) -> list[str]:
    """Return the texts that an answer may quote: each document as far as it was sent, its names, and the question."""
    spans = [(source_of(passage), passage.hit.text) for passage in passages]
    spans += [(old.place, old.text) for old in request.cited]
    documents: dict[str, list[str]] = {}
    for source, text in sorted(spans, key=lambda span: (span[0]["page"], span[0]["start"])):
        documents.setdefault(source["source"], []).append(text)
    names = ["\n".join((source["title"], source["heading"], source["location"])) for source, _text in spans]
    return [*map("\n".join, documents.values()), *names, request.question]


def receipt_of(
    progress: RoutingInput | RoutedTurn | None,
    entries: Sequence[Entry],
    before: Receipt,
    elapsed_ms: int,
    rejected: Sequence[Rejected] = (),
) -> Receipt:
    """Return the receipt of a turn, as far as it came. `progress` is its RoutingInput, later its RoutedTurn.

    `before` is the receipt of the part that was written earlier; `rejected` are the models of a turn that has no route.
    """
    earlier_costs = [] if before.is_empty else [before.cost]
    receipt = Receipt(
        input_tokens=before.input_tokens + sum(entry.usage.input_tokens for entry in entries),
        output_tokens=before.output_tokens + sum(entry.usage.output_tokens for entry in entries),
        reasoning_tokens=_reasoning_tokens(before, entries),
        estimated=before.estimated or any(entry.usage.estimated for entry in entries),
        cost=total_cost([*earlier_costs, *(entry.cost for entry in entries)]),
        price=_price_versions(before.price, entries),
        first_token_ms=_first_token_ms(entries),
        duration_ms=before.duration_ms + elapsed_ms,
        # The last entry is that of the model that answered.
        cached=bool(entries) and entries[-1].cached,
        saved=total_cost([entry.saved for entry in entries if entry.cached]),
        rejected=tuple(rejected),
        failures=_failures(before, entries),
        # The ledger has an entry for each call and each stored answer, and none for what was refused.
        sent=bool(entries) or bool(before.sent),
    )
    if isinstance(progress, RoutedTurn):
        return _decided(_weighed(receipt, progress.weighed), progress, entries)
    return _weighed(receipt, progress) if progress else receipt


def _reasoning_tokens(before: Receipt, entries: Sequence[Entry]) -> int | None:
    return (before.reasoning_tokens or 0) + sum(entry.usage.reasoning_tokens for entry in entries) or None


def _failures(before: Receipt, entries: Sequence[Entry]) -> tuple[str, ...] | None:
    """Return what providers said of the calls that failed, for admins; None if nothing was said."""
    said = (f"{entry.model}: {entry.status}: {entry.detail}" for entry in entries if entry.detail)
    return (*(before.failures or ()), *said)[-MOST_FAILURES:] or None


def _first_token_ms(entries: Sequence[Entry]) -> int | None:
    """Return the time to the first word, including the models that failed before it; None if no word came."""
    waited = 0
    for entry in entries:
        if entry.first_token_ms is not None:
            return waited + entry.first_token_ms
        waited += entry.duration_ms
    return None


def _price_versions(before: str, entries: Sequence[Entry]) -> str:
    """Return the price versions of the cost, each once, as the ledger names them; empty if nothing was charged."""
    versions = [*before.split(", "), *(entry.price_version for entry in entries)]
    return ", ".join(filter(None, dict.fromkeys(versions)))


def request_of(request: TurnRequest, progress: RoutingInput | RoutedTurn | None) -> RouteRequest | None:
    """Return the request to routing for the receipt: numbers and names, from which the turn can be routed again."""
    if progress is None:
        return None
    return wanted(request, progress.weighed if isinstance(progress, RoutedTurn) else progress)


def _weighed(receipt: Receipt, weighed: RoutingInput) -> Receipt:
    return replace(
        receipt,
        label=weighed.label.stored_name,
        label_causes=tuple(cause for cause in weighed.causes if cause.label == weighed.label),
        complexity=weighed.complexity.level.value,
        complexity_causes=tuple(weighed.complexity.causes),
        passages=len(weighed.passages),
        notice=weighed.notice,
        folder=weighed.folder.folder if weighed.folder else "",
        folder_tokens=weighed.folder.tokens if weighed.folder else 0,
        assistant=weighed.assistant.name if weighed.assistant else "",
        assistant_version=weighed.assistant.version if weighed.assistant else 0,
        assistant_tokens=weighed.assistant.tokens if weighed.assistant else 0,
        instructions_tokens=weighed.instructions_tokens,
        verified=weighed.verified,
    )


def _decided(receipt: Receipt, prepared: RoutedTurn, entries: Sequence[Entry]) -> Receipt:
    route, model = prepared.route, prepared.model
    return replace(
        receipt,
        model=model.display_name,
        name=model.name,
        route=route.why,
        rule=route.rule,
        policy=route.policy,
        rejected=(*prepared.failed, *route.rejected),
        hosted=_is_hosted(prepared, entries),
        passages=len(prepared.prompt.texts.passages if prepared.prompt else prepared.passages),
        files=prepared.weighed.files.described(model) or None,
        notice=prepared.notice,
        answer_limit=prepared.prompt.answer_limit if prepared.prompt else "",
    )


def _is_hosted(prepared: RoutedTurn, entries: Sequence[Entry]) -> bool:
    """Return whether the question left the building, as found when the model was asked, if it was asked."""
    last = entries[-1] if entries else None
    return last.hosted if last and last.model == prepared.model.name else prepared.model.hosted


def total_cost(costs: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum in US dollars; None if one of the costs is unknown."""
    priced = [cost for cost in costs if cost is not None]
    return sum(priced, Decimal(0)) if len(priced) == len(costs) else None
