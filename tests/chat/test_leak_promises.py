"""No text reaches a model that may not see it, whatever the catalogue, the rules, the documents and the failures.

Turns go through the real search and the real door; the upstream, to which all providers lead, records what arrives.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.cache import caches
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.conversations.drafts import Options, Pick
from chat.conversations.labels import Cause, label_of
from chat.llm.types import Numbered
from chat.routing.route import AUTO, NoModelError
from chat.turns import previews, turn
from chat.turns.receipt import EMPTY, Receipt
from chat.turns.receipts import receipt_of
from chat.turns.values import DEFAULT, RoutedTurn, RoutingInput, TurnRequest
from langai_site.accounts.models import User
from langai_site.errors import LangAIError
from langai_site.outbound import cooling, door, failures
from langai_site.outbound.types import ChatMessage, Delta, ModelInfo
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage.spending.budgets import OverBudgetError
from langai_site.usage.types import Caller, Entry
from search.access import reader_of
from tests.chat import leaks
from tests.chat.factories import FixedState, affordable
from tests.chat.leaks import NAMES, TOPIC, Call, Library, Markers, calls, may_see
from tests.chat.test_routing_promises import labels, levels, policies
from tests.upstream import Upstream, running_upstream

# Enough to meet every way out, few enough to wait for.
EXAMPLES = 150

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture
def providers(upstream, settings):
    """Lead all providers to the one upstream: under its address it is local, under its name it is hosted."""
    settings.LOCAL_HOSTS = ["127.0.0.1"]
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = "sk-test"
    settings.OPENAI_BASE_URL, settings.OLLAMA_BASE_URL = upstream.openai_url, upstream.url
    settings.ANTHROPIC_BASE_URL = f"http://localhost:{upstream.port}"
    upstream.reset()
    return upstream


@pytest.fixture
def run():
    """Return a function that runs a coroutine in one event loop, as in the web process."""
    with asyncio.Runner() as runner:
        yield runner.run
        runner.run(door.close())


@dataclass(frozen=True)
class World:
    """What the examples of one test share."""

    run: object
    upstream: Upstream
    person: User
    library: Library
    markers: Markers


@pytest.fixture
def world(run, providers):
    person, markers = User.objects.create_user("alice"), Markers()
    return World(run, providers, person, Library(person, markers), markers)


# What is made up

models = st.builds(
    ModelInfo,
    name=st.sampled_from(NAMES),
    display_name=st.just("Some"),
    provider=st.just("some"),
    # May be wrong: a model that the catalogue takes for local may be hosted by now.
    hosted=st.booleans(),
    ceiling=labels,
    rank=st.integers(0, 3),
    context_window=st.sampled_from([0, 0, 4_000, 200_000]),
)
catalogues = st.lists(models, min_size=2, max_size=8, unique_by=lambda model: model.name).map(tuple)
# Often text that may go somewhere; otherwise little would be sent.
rarely = st.sampled_from([False, False, False, True])
picks = st.builds(Pick, st.sampled_from([AUTO] * 20 + ["quotes", "gone", *NAMES]), rarely, rarely)
mostly_public = st.sampled_from([Sensitivity.PUBLIC] * 12 + [Sensitivity.INTERNAL] * 3 + [Sensitivity.CONFIDENTIAL])
options = st.builds(Options, st.none() | levels, st.none(), st.none() | st.integers(1, 50))
turns = st.fixed_dictionaries(
    {
        "catalogue": catalogues,
        "pick": picks,
        "options": options,
        "policy": policies,
        "budget": st.sampled_from([True, True, True, False]),
        "resting": st.sets(st.sampled_from(NAMES), max_size=3),
        "question": mostly_public,
        "said": st.lists(mostly_public, max_size=4),
        "written": st.none() | mostly_public,
        "documents": st.booleans(),
        "collections": st.lists(mostly_public, min_size=3, max_size=3),
        "sources": st.lists(mostly_public, min_size=9, max_size=9),
    }
).map(lambda values: SimpleNamespace(**values))


@dataclass
class Texts:
    """Texts of a made-up turn, with their labels."""

    markers: Markers
    labels: dict[str, Sensitivity] = field(default_factory=dict)

    def new(self, label: Sensitivity, words: str = "Also") -> str:
        marker = self.markers.new()
        self.labels[marker] = label
        return f"{words} {marker}?"

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Return what gives a turn with these texts its label, as a conversation would have recorded it."""
        return tuple(Cause(label, f"text {marker}") for marker, label in self.labels.items())


def request_of(made: SimpleNamespace, texts: Texts, person: User) -> TurnRequest:
    question = texts.new(made.question, f"What of the {TOPIC}")
    said = [ChatMessage.of(("user", "assistant")[at % 2], texts.new(label)) for at, label in enumerate(made.said)]
    written = "" if made.written is None else texts.new(made.written)
    return TurnRequest(
        question=question,
        history=tuple(said),
        causes=texts.causes,
        pick=made.pick,
        catalogue=made.catalogue,
        reader=reader_of(person),
        caller=Caller(),
        options=made.options,
        policy=made.policy,
        written=written,
        asked=None if made.documents else (),
    )


# What comes of it


@dataclass
class Told:
    """What a turn yielded, in parts, and how it ended."""

    weighed: RoutingInput | None = None
    prepared: list[RoutedTurn] = field(default_factory=list)
    text: str = ""
    error: LangAIError | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def passages(self) -> tuple[Numbered, ...]:
        return self.weighed.passages if self.weighed else ()

    @property
    def receipt(self) -> Receipt:
        rejected = self.error.rejected if isinstance(self.error, NoModelError) else ()
        return receipt_of(self.prepared[-1] if self.prepared else self.weighed, self.entries, EMPTY, 5, rejected)


async def only_what_is_free(most: Decimal | None) -> None:
    if most != 0:
        raise OverBudgetError("The day's budget is used up.", until=date(2030, 1, 1))


async def told_of(request: TurnRequest, resting: set[str], budget: bool) -> Told:
    told, afford = Told(), affordable if budget else only_what_is_free
    for name in resting:
        await cooling.rest(name, failures.failure("unreachable", name))
    try:
        async for event in turn.run(request, told.entries.append, FixedState(afford)):
            if isinstance(event, RoutingInput):
                told.weighed = event
            elif isinstance(event, RoutedTurn):
                told.prepared.append(event)
            elif isinstance(event, Delta):
                told.text += event.text
    except LangAIError as error:
        told.error = error
    return told


def assert_nothing_leaks(sent: list[Call], request: TurnRequest, known: dict[str, Sensitivity]) -> None:
    catalogue = {model.name: model for model in request.catalogue}
    for call in sent:
        ceiling = may_see(catalogue[call.model])
        above = {marker for marker in call.said | call.found if known[marker] > ceiling}
        assert not above, f"{call.model} may see {ceiling!r} and saw {[known[marker] for marker in above]}"


def assert_the_label_is_that_of_all_that_is_sent(told: Told, known: dict[str, Sensitivity]) -> None:
    text = "\n".join(message.text for message in told.weighed.messages)
    assert told.weighed.label >= highest(*(known[marker] for marker in leaks.markers_of(text)))
    assert {entry.label for entry in told.entries} <= {told.weighed.label}


def assert_who_was_asked_might_be(sent: list[Call], told: Told, request: TurnRequest) -> None:
    pick, hosted = request.pick, {model.name for model in request.catalogue if model.hosted}
    assert {call.model for call in sent} <= {prepared.model.name for prepared in told.prepared}
    assert pick.model == AUTO or {call.model for call in sent} <= {pick.model}
    assert not (pick.local_only and hosted & {call.model for call in sent})
    if isinstance(told.error, NoModelError):
        assert (sent, told.entries, told.text) == ([], [], "")
        # If they were left out already, the person is offered something else than leaving them out.
        assert not (pick.allowed_passages and told.error.code == "passages_above_ceiling")


def assert_the_receipt_tells_all(sent: list[Call], told: Told, request: TurnRequest) -> None:
    receipt, label = told.receipt, told.weighed.label
    causes = {cause.words for cause in receipt.label_causes}
    assert causes == {cause.words for cause in told.weighed.causes if cause.label == label}
    assert {f"a passage from “{found.hit.title}”" for found in told.passages if found.hit.label == label} <= causes
    rejected = {other.model for other in receipt.rejected}
    if request.pick.model == AUTO:
        standing_by = told.prepared[0].route.candidates if told.prepared else ()
        asked = {model.name for model in request.catalogue} - {model.name for model in standing_by}
        assert asked <= rejected
    assert {call.model for call in sent[:-1]} - {sent[-1].model if sent else ""} <= rejected


def example(world: World, made: SimpleNamespace) -> tuple[TurnRequest, dict[str, Sensitivity]]:
    """Return the made-up turn, with the label of each marker."""
    caches["default"].clear()
    world.library.label(made.collections, made.sources)
    texts = Texts(world.markers)
    request = request_of(made, texts, world.person)
    return request, texts.labels | world.library.labels()


bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@bounded
@given(made=turns)
def test_no_route_and_no_fallback_brings_a_text_to_a_model_that_may_not_see_it(world, made):
    request, known = example(world, made)
    told = world.run(told_of(request, made.resting, made.budget))
    sent = calls(world.upstream)
    assert_nothing_leaks(sent, request, known)
    assert_the_label_is_that_of_all_that_is_sent(told, known)
    assert_who_was_asked_might_be(sent, told, request)
    assert_the_receipt_tells_all(sent, told, request)
    assert not leaks.markers_of(str(told.passages)) & world.library.hidden


@bounded
@given(made=turns, chosen=st.none() | labels)
def test_a_preview_sends_nothing_and_promises_no_model_that_may_not_see_the_message(world, made, chosen):
    request, _known = example(world, made)
    so_far = label_of(request.causes)
    request = replace(request, causes=(Cause(so_far, "this conversation"),))
    draft = previews.DraftMessage(request.question, made.pick, chosen, made.options, made.documents)
    preview = world.run(previews.preview(previews.Basis(request, ()), draft))
    assert calls(world.upstream) == []
    assert preview.label == highest(so_far, chosen or 0)
    assert bool(preview.model) != bool(preview.refusal)
    assert preview.model is None or preview.model.may_see(preview.label)


def test_what_any_model_may_see_does_leave(world):
    """Without this, the tests above could not fail."""
    request, known = example(world, SimpleNamespace(**PUBLIC))
    told = world.run(told_of(request, set(), True))
    (call,) = calls(world.upstream)
    assert call.model == "anthropic/t3"
    assert told.error is None
    assert call.said | call.found == set(known) - world.library.hidden
    assert len(call.found) == 6


PUBLIC = {
    "catalogue": (ModelInfo("anthropic/t3", "Some", "some", True, Sensitivity.INTERNAL),),
    "pick": Pick(AUTO),
    "options": Options(),
    "policy": DEFAULT,
    "question": Sensitivity.PUBLIC,
    "said": [Sensitivity.PUBLIC] * 2,
    "written": None,
    "documents": True,
    "collections": [Sensitivity.PUBLIC] * 3,
    "sources": [Sensitivity.PUBLIC] * 9,
}
