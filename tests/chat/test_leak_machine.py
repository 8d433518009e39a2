"""Whatever people do in any order, and whatever fails: labels only rise, and nothing goes above a ceiling.

Conversations as on the pages, with rows, runner, search and door; the upstream records what arrives.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.cache import caches
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from chat.conversations import access
from chat.conversations.drafts import Pick
from chat.live import runner
from chat.models import Conversation, LabelChange, Message, RoutingPolicy, RoutingRule
from chat.routing import policies
from chat.routing.route import AUTO
from chat.turns import closing, previews, storage
from chat.turns.receipt import Receipt
from chat.values import USES
from langai_site.accounts.models import Team
from langai_site.database.writer import in_database_thread
from langai_site.errors import ConflictError, InvalidError
from langai_site.models import SensitivePattern
from langai_site.outbound import catalogue
from langai_site.outbound.models import Model
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity, highest
from tests.chat.leaks import NAMES, TOPIC, Call, calls, may_see
from tests.chat.test_labels import CARD
from tests.chat.test_leak_promises import World, providers, run, upstream, world  # noqa: F401 - fixtures
from tests.chat.test_routing_promises import labels

pytestmark = pytest.mark.django_db(transaction=True)

CONFIDENTIAL = Sensitivity.CONFIDENTIAL
PATTERN = "project heron"
REFUSALS = ("above_ceiling", "passages_above_ceiling", "local_only", "too_long")
# What a message may contain besides its words, and the label that this gives it.
SEEN = {"": Sensitivity.PUBLIC, f"by card {CARD}": CONFIDENTIAL, f"for {PATTERN}": CONFIDENTIAL}
# The place of an existing conversation; a new one if there is none.
places = st.integers(0, 3)
named = st.sampled_from([AUTO] * 24 + ["quotes", *NAMES])
# Mostly text that may go anywhere; otherwise little would be sent.
seen = st.sampled_from([*[""] * 6, *SEEN])
chosen = st.sampled_from([None] * 6 + list(Sensitivity))
# Which model, only local ones, without the passages that it may not see.
picks = st.builds(Pick, st.just("") | named, st.booleans(), st.booleans())
rows = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "ceiling": st.sampled_from([Sensitivity.PUBLIC, HIGHEST_FOR_HOSTED]),
        "rank": st.integers(0, 3),
        "others": st.booleans(),
    }
)


@dataclass
class Kept:
    """What the test knows of a conversation: its label, and the label of each marker in it."""

    id: UUID
    label: Sensitivity
    said: dict[str, Sensitivity] = field(default_factory=dict)


class Chats(RuleBasedStateMachine):
    """One person's conversations. The test sets `world`."""

    world: World

    @initialize(models=st.lists(rows, min_size=3, max_size=7, unique_by=lambda row: row["name"]))
    def begin(self, models):
        self.kept: list[Kept] = []
        caches["default"].clear()
        Conversation.objects.all().delete()
        Model.objects.all().delete()
        others, _ = Team.objects.get_or_create(name="Others")
        for row in models:
            name, provider = row["name"], row["name"].partition("/")[0]
            made = {"provider": provider, "ceiling": row["ceiling"], "rank": row["rank"], "available": True}
            model = Model.objects.create(name=name, display_name=name, **made)
            if row["others"]:
                model.teams.add(others)

    # What a person does

    @rule(at=places, seen=seen, chosen=chosen, model=named, asks=st.booleans())
    def post(self, at, seen, chosen, model, asks):
        """Post in the conversation at that place, or in a new one."""
        kept = self.kept[at] if at < len(self.kept) else None
        started = self._posted(kept, seen, chosen, model, asks)
        self._answered(started)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def ask_on(self, data):
        self._answered(self._posted(data.draw(st.sampled_from(self.kept)), "", None, AUTO, True))

    @rule(at=places, seen=seen, chosen=chosen, model=named)
    def preview(self, at, seen, chosen, model):
        kept = self.kept[at] if at < len(self.kept) else None
        draft = previews.DraftMessage(f"{TOPIC} {seen}", Pick(model), chosen)
        before = previews.before(self.world.person, kept.id if kept else None, draft)
        preview = self.world.run(previews.preview(before, draft))
        assert preview.label == highest(kept.label if kept else 0, chosen or 0, SEEN[seen])
        assert calls(self.world.upstream) == []

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), pick=picks)
    def retry(self, data, pick):
        reply = self._a_reply(data)
        self._answered(storage.retry(self.world.person, reply.id, pick))

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), pick=picks)
    def go_on(self, data, pick):
        reply = self._a_reply(data)
        try:
            started = storage.resume(self.world.person, reply.id, pick)
        except ConflictError:
            assert reply.status == Message.Status.COMPLETE or reply.children.exists()
            return
        self._answered(started)

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), label=labels)
    def lower(self, data, label):
        kept = data.draw(st.sampled_from(self.kept))
        try:
            access.lower_label(self.world.person.id, kept.id, label, "it is known by now")
        except InvalidError:
            assert label >= kept.label
            return
        kept.label = label
        kept.said = {marker: min(counts, label) for marker, counts in kept.said.items()}

    # What happens around them

    @rule(at=places, seen=seen, written=st.booleans())
    def die(self, at, seen, written):
        """End the process during an answer, and let another one sweep."""
        kept = self.kept[at] if at < len(self.kept) else None
        started = self._posted(kept, seen, None, AUTO, True)
        if written:
            self.world.run(in_database_thread(closing.checkpoint, started, "Half an", started.request.causes))
        Message.objects.filter(id=started.reply).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert self.world.run(in_database_thread(closing.sweep))
        self._look(started.conversation)

    @rule(collections=st.lists(labels, min_size=3, max_size=3), documents=st.lists(labels, min_size=9, max_size=9))
    def relabel(self, collections, documents):
        self.world.library.label(collections, documents)

    @rule(name=st.sampled_from(NAMES), ceiling=st.sampled_from([Sensitivity.PUBLIC, HIGHEST_FOR_HOSTED]))
    def set_ceiling(self, name, ceiling):
        Model.objects.filter(name=name).update(ceiling=ceiling)

    @rule(use=st.sampled_from([str(use) for use in USES]), at_least=st.none() | labels)
    def change_the_policy(self, use, at_least):
        draft = RoutingPolicy.objects.create(based_on=1)
        RoutingRule.objects.create(policy=draft, position=10, name="made up", use=use, at_least=at_least)
        policies.activate(draft, by=self.world.person)

    @rule()
    def wait(self):
        caches["default"].clear()

    # What must hold

    def _posted(self, kept, seen, chosen, model, asks):
        marker = self.world.markers.new()
        text = f"What of the {TOPIC} {seen} {marker}?"
        scope = "all" if asks else "none"
        started = storage.post(self.world.person, kept.id if kept else None, text, model, [scope], label=chosen)
        if kept is None:
            kept = Kept(started.conversation, Sensitivity.PUBLIC)
            self.kept.append(kept)
        expected = highest(kept.label, chosen or 0, SEEN[seen])
        assert started.request.label == expected
        kept.said[marker] = expected
        self._look(kept.id)
        return started

    def _answered(self, started):
        """Run the reply to its end and check everything that was sent for it."""
        offered = {model.name: model for model in catalogue.models(self.world.person.id)}
        library, kept = self.world.library.labels(), self._kept(started.conversation)
        assert started.request.label >= kept.label

        async def answered():
            runner.start(started, runner.ReplyOpening())
            await runner.drain(10)

        self.world.run(answered())
        sent, reply = calls(self.world.upstream), Message.objects.get(id=started.reply)
        for call in sent:
            self._allowed(call, may_see(offered[call.model]), library, kept)
        assert reply.status in ("complete", "interrupted", "failed"), reply.status
        self._told(reply, sent, library, set(offered))
        self._look(kept.id)

    def _allowed(self, call: Call, ceiling: Sensitivity, library, kept: Kept):
        for marker in call.found:
            assert library[marker] <= ceiling, f"{call.model} saw a passage that is {library[marker]!r}"
            kept.said[marker] = max(library[marker], kept.said.get(marker, Sensitivity.PUBLIC))
        for marker in call.said:
            assert kept.said[marker] <= ceiling, f"{call.model} saw what is {kept.said[marker]!r} here"
        assert not call.found & self.world.library.hidden

    def _told(self, reply: Message, sent: list[Call], library, offered: set[str]):
        """Check that the receipt names the causes of the turn's label, and the models that failed."""
        receipt = Receipt.from_json(reply.receipt)
        causes = {cause.words for cause in receipt.label_causes}
        assert {cause.label for cause in receipt.label_causes} == {Sensitivity[receipt.label.upper()]}
        for call in sent:
            highest_found = {marker for marker in call.found if library[marker].label == receipt.label}
            assert {f"a passage from “{title}”" for title in self.world.library.titles(highest_found)} <= causes
        rejected = {other.model for other in receipt.rejected}
        assert {call.model for call in sent} <= rejected | {reply.model}
        if reply.error_code in REFUSALS and not receipt.model:
            assert rejected == (offered if reply.model == AUTO else {reply.model})

    def _look(self, conversation: UUID):
        """Check that the label has not fallen, covers the whole conversation, and that each change is recorded."""
        kept, row = self._kept(conversation), Conversation.objects.get(id=conversation)
        assert row.label >= highest(kept.label, *kept.said.values())
        assert row.label >= highest(*row.messages.values_list("label", flat=True))
        kept.label = Sensitivity(row.label)
        changes = LabelChange.objects.filter(conversation=conversation).order_by("id").values_list("before", "after")
        assert [after for _before, after in changes][-1:] in ([], [row.label])

    def _kept(self, conversation: UUID) -> Kept:
        return next(kept for kept in self.kept if kept.id == conversation)

    def _a_reply(self, data) -> Message:
        kept = data.draw(st.sampled_from(self.kept))
        replies = list(Message.objects.filter(conversation=kept.id, role="assistant"))
        return replies[data.draw(st.integers(0, len(replies) - 1))]


def test_labels_only_rise_and_nothing_goes_above_a_ceiling_in_whatever_order_things_happen(world):  # noqa: F811
    SensitivePattern.objects.create(name="Projects", pattern=PATTERN)
    run_state_machine_as_test(
        type("ChatsOfOne", (Chats,), {"world": world}),
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
