"""What people say about answers: given, taken back, counted, and read by owners only if it was shared."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.conversations import access, corrections, feedback, feedback_review
from chat.models import Citation, Conversation, GivenDocument, Message
from chat.models.feedback import Feedback, Reason
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Source
from tests.chat.factories import long_conversation

# For pages, which read the database on threads of their own.
stored = pytest.mark.django_db(transaction=True)


def answered(owner, *sources, text="Thirty days [1]."):
    """Make a conversation with one answer that cites these sources; return the answer."""
    _conversation, messages = long_conversation(owner, 2)
    reply = messages[-1]
    reply.parts = [{"type": "text", "text": text}]
    reply.model = "openai/big"
    reply.save()
    for number, source in enumerate(sources, 1):
        place = {"version": 1, "title": source.title, "page": 1, "start": 0, "end": 5}
        Citation.objects.create(reply=reply, number=number, source=source.pk, **place)
        GivenDocument.objects.create(reply=reply, document=source.document)
    return reply


def source_in(collection, title="Leave"):
    values = {"title": title, "file_name": "leave.md", "media_type": "text/markdown", "live": True}
    return Source.objects.create(document=uuid4(), collection=collection, **values)


@pytest.fixture
def owned(bob):
    """A collection of Bob's that everyone reads."""
    collection = Collection.objects.create(name="Handbook", everyone=True)
    collection.owners.add(bob)
    return collection


@pytest.fixture
def reply(alice, owned):
    return answered(alice, source_in(owned))


def test_a_thumb_is_given_kept_turned_and_taken_back(alice, reply):
    feedback.explain(alice.id, reply.id, good=False, reasons=["tone", "wrong"], comment=" Old ", shared=True)
    feedback.rate(alice.id, reply.id, good=False)
    given = Feedback.objects.get()
    assert (given.good, given.reasons, given.comment, given.shared) == (False, ["wrong", "tone"], "Old", True)
    feedback.rate(alice.id, reply.id, good=True)
    given.refresh_from_db()
    assert (given.good, given.reasons, given.comment, given.shared) == (True, [], "", False)
    feedback.withdraw(alice.id, reply.id)
    feedback.withdraw(alice.id, reply.id)
    assert not Feedback.objects.exists()


def test_nobody_rates_the_answers_of_others_or_live_ones(alice, bob, reply):
    for say in (feedback.withdraw, lambda *who: feedback.rate(*who, good=True), feedback.of):
        with pytest.raises(NotFoundError):
            say(bob.id, reply.id)
    Message.objects.filter(id=reply.id).update(status="streaming")
    with pytest.raises(ConflictError):
        feedback.rate(alice.id, reply.id, good=True)


@stored
def test_the_address_of_anothers_answer_is_not_there(bob, reply, client):
    client.force_login(bob)
    address = reverse("chat:feedback", args=[reply.id])
    assert (client.get(address).status_code, client.post(address, {"opinion": "good"}).status_code) == (404, 404)


@pytest.mark.parametrize("wrong", [{"reasons": ["odd"]}, {"comment": "x" * 1_001}])
def test_what_is_not_known_or_too_long_is_refused_and_changes_nothing(alice, reply, wrong):
    with pytest.raises(InvalidError):
        feedback.explain(alice.id, reply.id, good=False, **wrong)
    assert not Feedback.objects.exists()


def test_without_citations_there_is_nobody_to_share_with(alice):
    assert not feedback.explain(alice.id, answered(alice).id, good=True, shared=True).shared


def test_it_goes_with_its_conversation(alice, bob, reply):
    feedback.rate(alice.id, reply.id, good=True)
    access.delete(alice.id, reply.conversation_id)
    assert feedback_review.review(bob, 30).collections == []
    Conversation.objects.all().delete()
    assert not Feedback.objects.exists()


def test_owners_see_counts_of_their_collections_alone(alice, bob, owned, reply):
    other = Collection.objects.create(name="Payroll", everyone=True)
    feedback.explain(alice.id, reply.id, good=False, reasons=["outdated"])
    feedback.rate(alice.id, answered(alice, source_in(owned), source_in(owned)).id, good=True)
    feedback.rate(alice.id, answered(alice, source_in(other)).id, good=True)
    [count] = feedback_review.review(bob, 30).collections
    assert (count.name, count.good, count.bad, count.words) == ("Handbook", 1, 1, "It is outdated (1)")
    assert feedback_review.review(bob, 30).models == ()
    assert feedback_review.review(alice, 30) == feedback_review.FeedbackReview()


@stored
def test_admins_see_counts_and_no_text(alice, admin, reply, client):
    feedback.explain(alice.id, reply.id, good=False, reasons=["wrong"], comment="Plainly false", shared=True)
    found = feedback_review.review(admin, 30)
    assert [(count.name, count.bad) for count in (*found.collections, *found.models, *found.labels)] == [
        ("Handbook", 1),
        ("openai/big", 1),
        ("Public", 1),
    ]
    assert found.shared == []
    client.force_login(admin)
    page = client.get(reverse("chat:feedback-review")).text
    assert "It is wrong (1)" in page
    for secret in ("Plainly false", "Thirty days", "Message 0"):
        assert secret not in page


@stored
def test_owners_read_only_what_was_shared_with_them(alice, bob, reply, client):
    client.force_login(bob)
    feedback.explain(alice.id, reply.id, good=False, comment="Plainly false")
    assert "Thirty days" not in client.get(reverse("chat:feedback-review")).text
    feedback.explain(alice.id, reply.id, good=False, comment="Plainly false", shared=True)
    page = client.get(reverse("chat:feedback-review")).text
    for said in ("Thirty days", "Message 0", "Plainly false", "alice"):
        assert said in page
    feedback.withdraw(alice.id, reply.id)
    assert "Thirty days" not in client.get(reverse("chat:feedback-review")).text


@pytest.mark.parametrize("what", ["branch", "time"])
def test_what_is_deleted_or_over_is_read_by_nobody_from_that_moment(alice, bob, reply, what):
    feedback.explain(alice.id, reply.id, good=False, comment="Plainly false", shared=True)
    assert len(feedback_review.review(bob, 30).shared) == 1
    over = timezone.now() - timedelta(seconds=1)
    if what == "branch":
        Message.objects.filter(id=reply.id).update(deleted_at=over)
    else:
        Conversation.objects.update(keeping="hour", expires_at=over)
    found = feedback_review.review(bob, 30)
    assert (list(found.shared), list(found.collections)) == ([], [])


def test_a_text_that_was_written_after_it_was_shared_is_not_shared(alice, bob, reply):
    feedback.explain(alice.id, reply.id, good=False, shared=True)
    corrections.correct(alice.id, reply.id, "Thirty days, and Anna gets forty.")
    assert feedback_review.review(bob, 30).shared == []
    assert feedback.explain(alice.id, reply.id, good=False, shared=True).shared


def test_admins_see_nothing_of_the_files_that_a_person_attached(alice, admin, owned):
    files = Collection.objects.create(kind="attached", holder=alice, name="attached files of person 1")
    feedback.rate(alice.id, answered(alice, source_in(files), source_in(owned)).id, good=True)
    assert [count.name for count in feedback_review.review(admin, 30).collections] == ["Handbook"]


def test_an_owner_reads_nothing_of_documents_that_are_closed_to_them(alice, bob, owned):
    closed = Collection.objects.create(name="Payroll", sensitivity=Sensitivity.CONFIDENTIAL)
    closed.users.add(alice)
    reply = answered(alice, source_in(owned), source_in(closed), text="Anna earns 5,000.")
    feedback.explain(alice.id, reply.id, good=False, comment="Anna!", shared=True)
    [item] = feedback_review.review(bob, 30).shared
    assert (item.question, item.answer, item.collections) == ("", "", ["Handbook"])
    closed.users.add(bob)
    [item] = feedback_review.review(bob, 30).shared
    assert item.answer == "Anna earns 5,000."


def test_an_earlier_answer_from_closed_documents_hides_the_text_too(alice, bob, owned, reply):
    closed = source_in(Collection.objects.create(name="Payroll"))
    earlier = Message.objects.create(conversation=reply.conversation, role="assistant")
    GivenDocument.objects.create(reply=earlier, document=closed.document)
    feedback.explain(alice.id, reply.id, good=True, shared=True)
    assert feedback_review.review(bob, 30).shared[0].answer == ""


@stored
class TestPages:
    @pytest.fixture
    def page(self, client, alice):
        client.force_login(alice)
        return client

    def test_without_javascript_a_thumb_leads_to_the_form_and_back(self, page, reply):
        address = reverse("chat:feedback", args=[reply.id])
        form = page.post(address, {"opinion": "bad"}, follow=True)
        assert form.redirect_chain == [(address, 302)]
        assert all(str(reason.label) in form.text for reason in Reason)
        fields = {"opinion": "bad", "explains": "1", "reason": ["wrong", "tone"], "comment": "Hm", "shared": "1"}
        assert f"/conversations/{reply.conversation_id}/" in page.post(address, fields).url
        assert Feedback.objects.get().reasons == ["wrong", "tone"]
        page.post(address, {"opinion": "none"})
        assert not Feedback.objects.exists()

    def test_what_was_typed_stays_if_it_is_refused(self, page, reply):
        address = reverse("chat:feedback", args=[reply.id])
        page.post(address, {"opinion": "bad"})
        refused = page.post(address, {"opinion": "bad", "explains": "1", "comment": "y" * 1_001})
        assert refused.status_code == 400
        assert "y" * 1_001 in refused.text

    def test_htmx_gets_the_buttons_in_their_place(self, page, reply):
        address = reverse("chat:feedback", args=[reply.id])
        part = page.post(address, {"opinion": "bad"}, headers={"HX-Request": "true"}).text
        assert f'id="f-{str(reply.id)[:8]}"' in part
        assert "<html" not in part
        assert part.count('aria-pressed="true"') == 1
        assert "It is outdated" in part

    def test_the_thread_shows_which_thumb_is_pressed(self, page, alice, reply):
        address = reverse("chat:conversation", args=[reply.conversation_id])
        assert page.get(address).text.count('aria-pressed="true"') == 0
        feedback.rate(alice.id, reply.id, good=False)
        assert page.get(address).text.count('aria-pressed="true"') == 1
