"""Knowledge gaps: what is noted of a question, who sees what of it, and when it is closed."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from chat.conversations import feedback
from chat.gaps import access, clustering, testing
from chat.models import Conversation, GapQuestion, KnowledgeGap
from documents import services
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotFoundError
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.models import Collection
from tests.chat.handbook import asked, read_all, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]

GAP = "Who repairs the coffee machine?"


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol", password="a long enough one")


def run():
    while clustering.run():
        pass


def shown(owner, collection):
    found = access.of_collection(owner, collection.pk)
    return [(gap.people, gap.questions, sorted(gap.words)) for gap in found.groups], found.others


def test_owners_see_the_words_of_three_people_and_counts_of_fewer(client, alice, bob, carol, admin, document, shared):
    for person in (alice, bob):
        asked(person, GAP)
    asked(bob, "Thank you!")
    run()
    assert shown(alice, shared) == ([], 2)
    asked(carol, "Who repairs the broken coffee machine?")
    run()
    assert shown(alice, shared) == ([(3, 3, ["coffee", "machine", "repairs"])], 0)
    client.force_login(alice)
    page = client.get(reverse("chat:gaps", args=[shared.pk])).text
    assert "coffee" in page
    assert "broken" not in page
    assert "bob" not in page
    client.force_login(bob)
    assert client.get(reverse("chat:gaps", args=[shared.pk])).status_code == 404
    gap = KnowledgeGap.objects.get(closed_at=None)
    assert client.post(reverse("chat:gap-test", args=[shared.pk, gap.pk])).status_code == 404


def test_words_of_confidential_messages_stay_away(alice, bob, carol, document, shared):
    for person in (alice, bob, carol):
        asked(person, GAP, label=Sensitivity.CONFIDENTIAL)
    run()
    assert shown(alice, shared) == ([(3, 3, [])], 0)


@pytest.mark.parametrize("change", [{"label": Sensitivity.CONFIDENTIAL}, {"deleted_at": timezone.now()}])
def test_words_of_what_was_raised_or_deleted_since_go_at_once(alice, bob, carol, document, shared, change):
    for person in (alice, bob, carol):
        asked(person, GAP)
    run()
    assert shown(alice, shared) == ([(3, 3, ["coffee", "machine", "repairs"])], 0)
    Conversation.objects.filter(owner=carol).update(**change)
    groups, others = shown(alice, shared)
    assert not [words for _people, _questions, words in groups if words]
    assert others == (2 if "deleted_at" in change else 0)


def test_a_conversation_that_rose_takes_its_question_along(alice, bob, carol, document, shared, monkeypatch):
    for person in (alice, bob, carol):
        asked(person, GAP)
    run()
    sent, real = [], search.find_for_prompt

    async def find(*args, label, read_present, **more):
        # The label rises once more between the search and the moment of sending.
        await in_database_thread(lambda: Conversation.objects.update(label=Sensitivity.CONFIDENTIAL))
        sent.append((label, await in_database_thread(read_present)))
        return await real(*args, label=label, read_present=read_present, **more)

    monkeypatch.setattr(search, "find_for_prompt", find)
    Conversation.objects.update(label=Sensitivity.INTERNAL)
    testing.run_all()
    assert {present.label for _label, present in sent} == {Sensitivity.CONFIDENTIAL}
    assert [label for label, _present in sent] == [Sensitivity.INTERNAL, *[Sensitivity.CONFIDENTIAL] * 2]
    assert shown(alice, shared) == ([(3, 3, [])], 0)


def test_an_upload_closes_it_and_people_are_told(client, alice, bob, carol, document, shared, admin):
    for person in (alice, bob, carol):
        asked(person, GAP)
    run()
    gap = KnowledgeGap.objects.get()
    client.force_login(alice)
    client.post(reverse("chat:gap-test", args=[shared.pk, gap.pk]))
    testing.run_requested()
    assert shown(alice, shared)[0]
    text = "The coffee machine is repaired by the caretaker, room 12."
    services.upload(collection=shared, file=ContentFile(text.encode(), "coffee.txt"), user=admin, title="Coffee")
    read_all()
    testing.run_all()
    gap.refresh_from_db()
    assert gap.closed_at
    assert shown(alice, shared) == ([], 0)
    client.force_login(bob)
    assert "1 of your questions may have an answer now" in " ".join(client.get(reverse("chat:new")).text.split())
    assert GAP in client.get(reverse("chat:changes")).text
    client.post(reverse("chat:verified-seen"))
    assert not access.found_for(bob)
    assert len(access.found_for(carol)) == 1


def test_what_was_marked_as_wrong_is_closed_by_a_verified_answer_only(alice, bob, document, shared):
    reply = asked(bob)
    feedback.rate(bob.pk, reply.pk, good=False)
    run()
    row = GapQuestion.objects.get()
    assert (row.kind, row.collections) == ("wrong", [shared.pk])
    testing.test(row.gap)
    assert not KnowledgeGap.objects.get().closed_at
    verified(alice)
    testing.test(KnowledgeGap.objects.get())
    assert KnowledgeGap.objects.get().closed_at
    assert [found.pk for found in access.found_for(bob)] == [reply.pk]


def test_an_opinion_that_is_taken_back_and_a_deleted_chat_are_forgotten(alice, bob, document, shared):
    reply = asked(bob)
    feedback.explain(bob.pk, reply.pk, good=False, reasons=["tone"])
    run()
    assert not GapQuestion.objects.exists()
    feedback.explain(bob.pk, reply.pk, good=False, reasons=["outdated"])
    run()
    assert GapQuestion.objects.exists()
    feedback.withdraw(bob.pk, reply.pk)
    run()
    assert not GapQuestion.objects.exists()
    other = asked(bob, GAP)
    run()
    Conversation.objects.filter(pk=other.conversation_id).update(deleted_at=timezone.now())
    testing.run_all()
    assert not KnowledgeGap.objects.filter(closed_at=None).exists()
    assert shown(alice, shared) == ([], 0)


def test_nothing_is_noted_where_it_is_off_and_of_temporary_chats(alice, bob, document, settings):
    asked(bob, GAP, keep="hour")
    settings.KNOWLEDGE_GAPS = False
    asked(bob, GAP)
    assert not GapQuestion.objects.exists()


def test_putting_aside_counts_for_the_owners_of_one_collection(alice, bob, carol, admin, document, shared):
    other = Collection.objects.create(name="Other", everyone=True)
    other.owners.add(admin)
    text = "About parking: each floor has ten places."
    services.upload(collection=other, file=ContentFile(text.encode(), "parking.txt"), user=admin, title="Parking")
    read_all()
    for person in (alice, bob, carol):
        asked(person, GAP)
    run()
    gap = KnowledgeGap.objects.get()
    access.dismiss(alice, shared.pk, gap.pk)
    assert shown(alice, shared) == ([], 0)
    assert len(shown(admin, other)[0]) == 1
    with pytest.raises(NotFoundError):
        access.dismiss(bob, shared.pk, gap.pk)


def test_old_ones_are_forgotten(alice, bob, document):
    asked(bob, GAP)
    run()
    GapQuestion.objects.update(created_at=timezone.now() - testing.KEPT - timedelta(days=1))
    testing.run_all()
    assert not GapQuestion.objects.exists()
