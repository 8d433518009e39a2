"""Retention deletes what is old by kind and label, after notice, and with everything that was stored of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.conversations import retention
from chat.live import retaining
from chat.models import Conversation, Message, MessageWords, RetentionRule, Share
from chat.turns import storage
from langai_site.sensitivity import Sensitivity
from tests.chat.test_conversations import finish

DAY = timedelta(days=1)


@pytest.fixture
def rule():
    def make(days=30, since=60, **values):
        return RetentionRule.objects.create(days=days, since=timezone.now() - since * DAY, **values)

    return make


def talk(person, age=0, **values):
    """A conversation with one answer, last used so many days ago."""
    started = storage.post(person, None, "How long is the parental leave?", "quotes")
    finish(started, "Fourteen weeks.")
    found = Conversation.objects.filter(id=started.conversation)
    found.update(**{"updated_at": timezone.now() - age * DAY, "noticed_at": timezone.now() - 60 * DAY} | values)
    return found.get()


def link(conversation, age=0):
    share = Share.objects.create(owner=conversation.owner, conversation=conversation)
    Share.objects.filter(pk=share.pk).update(updated_at=timezone.now() - age * DAY)
    return share


def left():
    return set(Conversation.objects.values_list("id", flat=True))


def test_without_a_rule_everything_stays(alice):
    old = talk(alice, 9999)
    retaining.run()
    assert left() == {old.id}
    assert retention.soon(old) is None


def test_what_is_older_goes_with_everything_and_the_rest_stays(alice, rule):
    rule(days=30)
    old, young = talk(alice, 31), talk(alice, 29)
    link(old)
    retaining.run()
    assert left() == {young.id}
    assert not Share.objects.exists()
    for model in (Message, MessageWords):
        assert set(model.objects.values_list("conversation", flat=True)) == {young.id}, model


@pytest.mark.parametrize(
    ("label", "goes"), [(Sensitivity.PUBLIC, False), (Sensitivity.INTERNAL, False), (Sensitivity.CONFIDENTIAL, True)]
)
def test_the_rule_for_a_label_counts_rather_than_that_for_all(alice, rule, label, goes):
    rule(days=100)
    rule(days=10, label=Sensitivity.CONFIDENTIAL)
    talk(alice, 50, label=label)
    retaining.run()
    assert (not left()) == goes


def test_a_longer_rule_for_a_label_keeps_what_the_rule_for_all_would_delete(alice, rule):
    rule(days=10)
    rule(days=100, label=Sensitivity.PUBLIC)
    kept = talk(alice, 50)
    retaining.run()
    assert left() == {kept.id}


@pytest.mark.parametrize("keeps", [True, False])
def test_a_pin_keeps_it_where_the_rule_allows(alice, rule, keeps):
    rule(keeps_pinned=keeps)
    pinned = talk(alice, 90, pinned_at=timezone.now())
    retaining.run()
    assert left() == ({pinned.id} if keeps else set())


def test_nothing_goes_before_the_notice_of_a_new_rule_is_over(alice, rule):
    made = rule(since=13)
    old = talk(alice, 90)
    retaining.run()
    assert left() == {old.id}
    end = retention.soon(old)
    assert end.at == made.since + retention.NOTICE
    RetentionRule.objects.update(since=made.since - 2 * DAY)
    retaining.run()
    assert left() == set()


def test_an_answer_that_is_being_written_is_waited_for(alice, rule):
    rule()
    started = storage.post(alice, None, "How long?", "quotes")
    Conversation.objects.update(updated_at=timezone.now() - 90 * DAY, noticed_at=timezone.now() - 60 * DAY)
    retaining.run()
    assert left() == {started.conversation}
    finish(started)
    Conversation.objects.update(updated_at=timezone.now() - 90 * DAY, noticed_at=timezone.now() - 60 * DAY)
    retaining.run()
    assert left() == set()


def test_links_go_by_their_own_rule_and_their_conversation_stays(alice, rule):
    rule(days=10, kind="shares")
    kept = talk(alice, 90)
    link(kept, 11)
    young = link(kept, 9)
    retaining.run()
    assert left() == {kept.id}
    assert [share.pk for share in Share.objects.all()] == [young.pk]


@pytest.mark.django_db(transaction=True)
def test_people_are_told_before_on_its_page_and_in_a_list_of_their_own(client, alice, bob, rule):
    rule(days=30)
    rule(days=30, kind="shares", label=Sensitivity.PUBLIC)
    soon, later, theirs = talk(alice, 20), talk(alice, 1), talk(bob, 20)
    Conversation.objects.filter(id=theirs.id).update(title="Of Bob alone")
    shared = link(later, 25)
    client.force_login(alice)
    assert "Deleted soon" in client.get(f"/conversations/{soon.id}/").text
    assert "Deleted soon" not in client.get(f"/conversations/{later.id}/").text
    page = client.get("/retention/").text
    assert f"/conversations/{soon.id}/" in page
    assert f"/shares/{shared.pk}/" in page
    assert "Of Bob alone" not in page
    assert page.count("pin the chat to keep it") == 2


def test_every_change_of_a_rule_gives_notice_again(client, admin, rule):
    made = rule(since=99)
    client.force_login(admin)
    place = f"/admin/chat/retentionrule/{made.pk}/change/"
    form = {"kind": "conversations", "label": "", "days": "30", "keeps_pinned": "on"}
    client.post(place, form)
    made.refresh_from_db()
    assert timezone.now() - made.since > 98 * DAY
    client.post(place, form | {"days": "5"})
    made.refresh_from_db()
    assert timezone.now() - made.since < DAY
    # Only one rule for every label.
    assert client.post("/admin/chat/retentionrule/add/", form).status_code == 200
    assert RetentionRule.objects.count() == 1


@pytest.mark.parametrize("made_due", ["import", "label", "pin", "longer rule gone"])
def test_whatever_makes_it_due_there_is_notice_first(alice, rule, made_due):
    rule(days=10, label=Sensitivity.CONFIDENTIAL)
    rule(days=100, keeps_pinned=True)
    longer = rule(days=9_000, label=Sensitivity.PUBLIC) if made_due == "longer rule gone" else None
    old = talk(alice, 500 if made_due != "label" else 50, noticed_at=None)
    row = Conversation.objects.filter(pk=old.pk)
    if made_due == "pin":
        row.update(pinned_at=timezone.now())
        retaining.run()
        row.update(pinned_at=None)
    if made_due == "label":
        row.update(label=Sensitivity.CONFIDENTIAL)
    if longer:
        longer.delete()
    retaining.run()
    assert left() == {old.id}
    assert timezone.now() + 13 * DAY < retention.soon(row.get()).at < timezone.now() + 15 * DAY
    row.update(noticed_at=timezone.now() - 15 * DAY)
    retaining.run()
    assert not left()


def test_what_is_due_no_longer_gets_new_notice_later(alice, rule):
    rule(days=100)
    old = talk(alice, 500)
    Conversation.objects.filter(pk=old.pk).update(updated_at=timezone.now())
    retaining.run()
    old.refresh_from_db()
    assert (old.noticed_at, retention.soon(old)) == (None, None)
