"""Temporary chats: chosen at the beginning, found nowhere, and gone with everything after their time."""

from datetime import timedelta
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import caches
from django.db import connection
from django.utils import timezone

from chat.conversations import access, feedback, forks, keeping
from chat.history import finding, rows
from chat.live import expiring, snapshots
from chat.models import (
    Citation,
    Conversation,
    GivenDocument,
    LabelChange,
    Message,
    MessageWords,
    ReplyHtml,
    SentMessage,
)
from chat.models.feedback import Feedback
from chat.models.keeping import Keeping, KeepingRule
from chat.turns import sending, storage, turn_state
from langai_site.accounts.models import Team
from langai_site.errors import ForbiddenError, InvalidError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from langai_site.usage.spending import reservations
from tests.chat.test_conversations import finish
from tests.chat.test_turns import entry

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


def asked(person, keep="hour", text="How long is the parental leave?"):
    started = storage.post(person, None, text, "quotes", keep=keep)
    finish(started, "Fourteen weeks.")
    return started


def words():
    """Count the rows of words, and of the table beside them on SQLite."""
    table = "chat_messagetokens" if connection.vendor == "sqlite" else "chat_messagewords"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        return MessageWords.objects.count(), cursor.fetchone()[0]


def expire():
    Conversation.objects.exclude(expires_at=None).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_no_hash_of_a_message_outlives_its_conversation(alice):
    started = sending.once(
        alice, "a key", "a digest", lambda: storage.post(alice, None, "My secret", "quotes", keep="hour")
    )
    finish(started, "Mine, too.")
    expire()
    assert expiring.purge() == 1
    assert not SentMessage.objects.exists()


def test_an_hour_begins_again_with_each_message_and_a_week_does_not(alice):
    now = timezone.now()
    talks = {keep: asked(alice, keep).conversation for keep in ("hour", "week", "kept")}
    begun = {keep: Conversation.objects.get(id=talks[keep]).expires_at for keep in talks}
    assert begun["kept"] is None
    assert abs(begun["hour"] - now - HOUR) < timedelta(minutes=1)
    assert abs(begun["week"] - now - WEEK) < timedelta(minutes=1)
    for talk in talks.values():
        finish(storage.post(alice, talk, "And for fathers?", keep="kept"))
    after = {keep: Conversation.objects.get(id=talks[keep]) for keep in talks}
    assert {keep: talk.keeping for keep, talk in after.items()} == {keep: keep for keep in talks}
    assert after["hour"].expires_at > begun["hour"]
    assert after["week"].expires_at == begun["week"]


def test_it_is_in_no_search_not_even_later(alice):
    started = asked(alice)
    access.rename(alice.id, started.conversation, "Parental")
    finish(storage.retry(alice, started.reply))
    rows.fill()
    assert words() == (0, 0)
    assert finding.find(alice.id, "parental").found == []
    # Its owner still finds it in the list.
    assert [talk.id for talk in access.listed(alice.id)[0]] == [started.conversation]


def test_its_turn_leaves_nothing_in_caches(alice):
    request = asked(alice).request
    assert request.is_temporary
    assert not request.reader.is_remembered
    refreshed = turn_state._refreshed(request)
    assert (refreshed.is_temporary, refreshed.reader.is_remembered) == (True, False)
    kept = asked(alice, "kept").request
    assert (kept.is_temporary, kept.reader.is_remembered) == (False, True)


def test_after_its_time_nothing_is_left_but_the_ledger(alice):
    started = storage.post(alice, None, "How long is the parental leave?", "quotes", keep="hour")
    finish(started, "Fourteen weeks [1].")
    reply = Message.objects.get(id=started.reply)
    place = {"source": UUID(int=1), "version": 1, "title": "Leave", "page": 1, "start": 0, "end": 5}
    Citation.objects.create(reply=reply, number=1, **place)
    GivenDocument.objects.create(reply=reply, document=UUID(int=1))
    ReplyHtml.objects.create(reply=reply, digest="x", html="<p>Fourteen weeks</p>")
    feedback.explain(alice.id, reply.id, good=False, comment="No.")
    conversation = reply.conversation
    access.raise_label(conversation, [access.labels.passage("Dismissals", Sensitivity.INTERNAL)])
    async_to_sync(snapshots.keep)(reply.id, {"number": 1, "text": "Fourteen", "sources": [], "model": ""})
    async_to_sync(snapshots.keep_thinking)(reply.id, "Hm")
    reservations.record([entry(started)])
    kept = asked(alice, "kept")

    assert expiring.purge() == 0
    expire()
    assert expiring.purge() == 1

    assert [talk.id for talk in Conversation.objects.all()] == [kept.conversation]
    assert Message.objects.count() == 2
    for model in (Citation, GivenDocument, ReplyHtml, Feedback):
        assert not model.objects.exists(), model
    # The title, the question and the answer of the other one.
    assert words() == (3, 3)
    for kind in ("reply", "thinking", "stop"):
        assert caches["live"].get(f"{kind}:{started.reply.hex}") is None
    [change] = LabelChange.objects.all()
    assert change.cause == "a passage"
    assert UsageEntry.objects.filter(conversation=started.conversation).count() == 1


def test_an_answer_that_is_being_written_is_waited_for(alice):
    started = storage.post(alice, None, "How long?", "quotes", keep="hour")
    expire()
    assert expiring.purge() == 0
    finish(started)
    assert expiring.purge() == 1


def test_a_copy_does_not_outlive_it(alice):
    started = asked(alice)
    copy = forks.fork(alice, started.reply)
    assert copy.expires_at == Conversation.objects.get(id=started.conversation).expires_at
    assert words() == (0, 0)
    expire()
    assert expiring.purge() == 2


class TestRules:
    @pytest.fixture
    def team(self, alice):
        team = Team.objects.create(name="Works council")
        alice.teams.add(team)
        return team

    def test_a_rule_sets_where_people_start(self, alice, bob, team):
        KeepingRule.objects.create(keeping=Keeping.WEEK)
        KeepingRule.objects.create(team=team, keeping=Keeping.KEPT)
        assert keeping.choice(alice.id).chosen == Keeping.KEPT
        assert keeping.choice(bob.id).chosen == Keeping.WEEK
        assert len(keeping.choice(bob.id).offered) == 3
        assert storage.post(bob, None, "Hi", keep="kept").request.is_temporary is False

    def test_an_enforced_rule_refuses_what_stays_longer(self, alice, bob, team):
        KeepingRule.objects.create(team=team, keeping=Keeping.WEEK, enforced=True)
        assert keeping.choice(alice.id).offered == (Keeping.WEEK, Keeping.HOUR)
        with pytest.raises(ForbiddenError, match="deleted 7 days after it began"):
            storage.post(alice, None, "Hi", keep="kept")
        assert not Conversation.objects.exists()
        assert storage.post(alice, None, "Hi").request.is_temporary
        assert not storage.post(bob, None, "Hi").request.is_temporary

    def test_the_strictest_counts_for_people_of_several_teams(self, alice, team):
        KeepingRule.objects.create(team=team, keeping=Keeping.HOUR, enforced=True)
        KeepingRule.objects.create(keeping=Keeping.WEEK, enforced=True)
        assert keeping.choice(alice.id).offered == (Keeping.HOUR,)

    def test_a_later_rule_does_not_touch_what_has_begun(self, alice, team):
        started = asked(alice, "kept")
        KeepingRule.objects.create(team=team, keeping=Keeping.HOUR, enforced=True)
        finish(storage.post(alice, started.conversation, "And?"))
        assert Conversation.objects.get().expires_at is None

    def test_what_is_not_known_is_refused(self, alice):
        with pytest.raises(InvalidError):
            storage.post(alice, None, "Hi", keep="for ever")

    def test_admins_make_one_rule_for_everyone(self, client, admin):
        client.force_login(admin)
        for keep in ("week", "hour"):
            page = client.post("/admin/chat/keepingrule/add/", {"team": "", "keeping": keep}, follow=True)
        assert page.status_code == 200
        assert KeepingRule.objects.count() == 1
