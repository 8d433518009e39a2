"""Whatever changes at any moment of a turn, nothing is sent that may not be sent at that moment.

The state changes between any two steps of a turn. The upstream runs in the same event loop, so when a call arrives it
can read the database and compare the call with the state at that moment.
"""

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import pytest
from django.core.cache import caches
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.models import Conversation, Message
from chat.turns import closing, storage, turn
from chat.turns.turn_state import StoredTurnState
from chat.turns.values import RoutedTurn
from langai_site.accounts.models import Team, User
from langai_site.database.writer import in_database_thread
from langai_site.errors import ConflictError, LangAIError
from langai_site.outbound import door
from langai_site.outbound.models import Model
from langai_site.outbound.types import Delta
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity
from search.models import Collection, Source
from tests.chat import leaks
from tests.chat.leaks import TOPIC, Library, Markers, is_outside
from tests.chat.test_routing_promises import labels
from tests.upstream.watched import watched_upstream

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = 80
NAMES = ("hosted_vllm/fail-broken", "hosted_vllm/t3", "anthropic/t3", "anthropic/fail-busy", "ollama_chat/t4")
often_public = st.sampled_from([Sensitivity.PUBLIC] * 6 + [Sensitivity.INTERNAL] * 2 + [Sensitivity.CONFIDENTIAL])
names = st.sampled_from(NAMES)
changes = st.one_of(
    st.tuples(st.just("documents"), st.lists(often_public, min_size=9, max_size=9)),
    st.tuples(st.just("collections"), st.lists(often_public, min_size=3, max_size=3)),
    st.tuples(st.just("conversation"), labels),
    st.tuples(st.just("ceiling"), names, st.sampled_from([Sensitivity.PUBLIC, HIGHEST_FOR_HOSTED])),
    st.tuples(st.just("switch"), names, st.booleans()),
    st.tuples(st.just("team"), names, st.booleans()),
    st.tuples(st.just("reader"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("withdraw"), st.integers(0, 8), st.booleans()),
    st.tuples(st.just("account"), st.sampled_from([True, True, False])),
)
# At which steps of the turn something changes, and what. Most turns have between three and a dozen steps.
scripts = st.lists(st.tuples(st.integers(0, 14), changes), max_size=8)
kinds = st.lists(st.sampled_from(["post", "ask on", "retry", "continue", "program"]), min_size=1, max_size=3)


@dataclass
class World:
    """The person, the documents and the changes planned for each step; `faults` are calls that broke the promise."""

    person: User
    library: Library
    markers: Markers
    script: dict[int, list[tuple]] = field(default_factory=dict)
    steps: int = 0
    calls: int = 0
    faults: list[str] = field(default_factory=list)
    # A program's text is in no conversation, so no conversation's label counts for it.
    unkept: set[str] = field(default_factory=set)

    def step(self) -> None:
        """Make the changes that are due between two steps of the turn. On a thread that may use the database."""
        for change, *values in self.script.get(self.steps, ()):
            getattr(self, change)(*values)
        self.steps += 1

    def documents(self, labels):
        self.library.label([row.sensitivity for row in self._collections()], labels)

    def collections(self, labels):
        for row, label in zip(self._collections(), labels, strict=True):
            Collection.objects.filter(pk=row.pk).update(sensitivity=label)

    def conversation(self, label):
        Conversation.objects.filter(label__lt=label).update(label=label, label_cause="told by a test")

    def ceiling(self, name, ceiling):
        Model.objects.filter(name=name).update(ceiling=ceiling)

    def switch(self, name, enabled):
        Model.objects.filter(name=name).update(enabled=enabled)

    def team(self, name, given):
        others, _ = Team.objects.get_or_create(name="Others")
        Model.objects.get(name=name).teams.set([others] if given else [])

    def reader(self, at, reads):
        users = self._collections()[at].users
        users.add(self.person) if reads else users.remove(self.person)

    def withdraw(self, at, gone):
        Source.objects.filter(pk=self.library.documents[at].source).update(live=not gone, retired_at=None)

    def account(self, active):
        User.objects.filter(pk=self.person.pk).update(is_active=active)

    def _collections(self):
        return list(Collection.objects.order_by("pk"))

    # What must hold

    async def on_call(self, request):
        if request["path"] in leaks.PROVIDERS:
            self.calls += 1
            await in_database_thread(self._look, leaks.call_of(request))
            await in_database_thread(self.step)

    def _look(self, call: leaks.Call) -> None:
        model = Model.objects.filter(name=call.model, enabled=True, available=True).first()
        if model is None or model.teams.exists():
            self.faults.append(f"{call.model} was asked, and may not be")
            return
        outside = is_outside(call.model)
        ceiling = min(Sensitivity(model.ceiling), HIGHEST_FOR_HOSTED) if outside else Sensitivity.CONFIDENTIAL
        known, shown = self.library.labels(), self._shown()
        for marker in call.found:
            if known[marker] > ceiling or marker not in shown:
                self.faults.append(f"{call.model} saw a passage labelled {known[marker]!r}, shown: {marker in shown}")
        if not User.objects.filter(pk=self.person.pk, is_active=True).exists():
            self.faults.append(f"{call.model} was asked for an account that is closed")
        for parts, label in Message.objects.values_list("parts", "conversation__label"):
            if label > ceiling and call.said & leaks.markers_of(str(parts)) - self.unkept:
                self.faults.append(f"{call.model} saw a conversation labelled {label}")

    def _shown(self) -> set[str]:
        readable = Source.objects.filter(live=True, collection__users=self.person).values_list("pk", flat=True)
        return {document.marker for document in self.library.documents if document.source in set(readable)}


class WatchedState(StoredTurnState):
    """The real state of a turn, with a moment for changes before each time it reads."""

    world: World

    async def hold(self, most):
        await in_database_thread(self.world.step)
        await super().hold(most)

    def read_present(self, request, prepared):
        self.world.step()
        return super().read_present(request, prepared)

    async def refreshed(self, request):
        await in_database_thread(self.world.step)
        return await super().refreshed(request)


def state_of(world, reply):
    state = WatchedState(reply)
    object.__setattr__(state, "world", world)
    return state


async def lead(world, kinds):
    """Run turns of these kinds in a conversation, as the page's runner does."""
    conversation = None
    for kind in kinds:
        try:
            started = await in_database_thread(opened, world, kind, conversation)
        except (LangAIError, Message.DoesNotExist):
            continue
        conversation = started.conversation
        await run(world, started, keeps=kind != "program")


def opened(world, kind, conversation):
    User.objects.filter(pk=world.person.pk).update(is_active=True)
    if kind in ("retry", "continue") and conversation:
        reply = Message.objects.filter(conversation=conversation, role="assistant").latest("created_at")
        if kind == "continue":
            Message.objects.filter(pk=reply.pk).update(status="interrupted")
        return (storage.resume if kind == "continue" else storage.retry)(world.person, reply.pk)
    place = conversation if kind == "ask on" else None
    return storage.post(world.person, place, f"What of the {TOPIC} {world.markers.new()}?", "auto", ["all"])


async def run(world, started, *, keeps):
    """Run a turn; `keeps` is false for a program's turn, which is in no conversation."""
    entries, text, causes, status = [], started.request.written, started.request.causes, "complete"
    request = started.request
    if not keeps:
        caller = replace(request.caller, conversation=None)
        request = replace(request, caller=caller)
        world.unkept |= leaks.markers_of(request.question)
    try:
        async for event in turn.run(request, entries.append, state_of(world, started.reply)):
            if isinstance(event, RoutedTurn):
                causes = event.weighed.causes
                await in_database_thread(closing.checkpoint, started, text, causes)
            elif isinstance(event, Delta):
                text += event.text
            await in_database_thread(world.step)
    except (LangAIError, ConflictError):
        status = "failed"
    await in_database_thread(closing.close, started, closing.TurnOutcome(text, Message.Status(status), causes), entries)


@pytest.fixture
def world(transactional_db):
    person, markers = User.objects.create_user("alice"), Markers()
    return World(person, Library(person, markers), markers)


@pytest.fixture
def run_in_loop(world, settings):
    """Return a function that runs a coroutine in the event loop of the upstream."""

    async def open_doors(stack):
        upstream = await stack.enter_async_context(watched_upstream(world.on_call))
        settings.LOCAL_HOSTS = ["127.0.0.1"]
        settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = "sk-test"
        settings.OPENAI_BASE_URL, settings.OLLAMA_BASE_URL = upstream.openai_url, upstream.url
        settings.ANTHROPIC_BASE_URL = f"http://localhost:{upstream.port}"
        settings.CACHE_TTL = 0
        await door.warm()

    async def close_doors(stack):
        await door.close()
        await stack.aclose()

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        runner.run(open_doors(stack))
        yield runner.run
        runner.run(close_doors(stack))


def prepare(world, script):
    caches["default"].clear()
    caches["resting"].clear()
    Conversation.objects.all().delete()
    Model.objects.all().delete()
    User.objects.filter(pk=world.person.pk).update(is_active=True)
    Source.objects.all().update(live=True)
    for collection in world.library.collections[:2]:
        collection.users.set([world.person])
    world.library.label([Sensitivity.PUBLIC] * 3, [Sensitivity.PUBLIC] * 9)
    for name in NAMES:
        roles = ["simple", "balanced", "strong"] if name == NAMES[0] else []
        provider = name.partition("/")[0]
        Model.objects.create(name=name, display_name=name, provider=provider, roles=roles, available=True)
    world.steps, world.faults = 0, []
    world.script = {}
    for step, change in script:
        world.script.setdefault(step, []).append(change)


def test_nothing_is_sent_that_may_not_be_sent_at_that_moment(run_in_loop, world):
    seen = deque(maxlen=EXAMPLES)

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(script=scripts, kinds=kinds)
    def holds(script, kinds):
        prepare(world, script)
        before = world.calls
        run_in_loop(lead(world, kinds))
        assert world.faults == []
        seen.append(world.calls - before)

    holds()
    # Most examples do send something: otherwise this would prove nothing.
    assert sum(count > 0 for count in seen) > len(seen) / 2
