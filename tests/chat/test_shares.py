"""Shared conversations: a link opens for those alone whom its owner and its label allow, until it is revoked."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.conversations import access as conversations
from chat.conversations import attachments, branches, corrections, deleting, removing
from chat.markdown import rendering
from chat.models import Attachment, Citation, Conversation, GivenDocument, Message, Share, SharedHtml
from chat.pages import drawing
from chat.shares import copying, links, reading
from chat.shares.links import ShareForm
from chat.turns import storage
from langai_site.accounts.models import Team, User
from langai_site.accounts.sharing import Audience
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search.models import Collection, LabelRise, Page, Passage, Source
from tests.chat.attached import attach, read_all
from tests.chat.factories import long_conversation
from tests.chat.test_exports import client_of, content

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "The canary sings at dawn."
TITLE = "Secret songbook"


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol", password="a long enough one")


@pytest.fixture
def team(bob):
    team = Team.objects.create(name="Sales")
    team.members.add(bob)
    return team


@pytest.fixture
def source(alice, carol):
    """A document that Alice may read and Bob may not, and that Carol owns."""
    collection = Collection.objects.create(name="Songs")
    collection.users.add(alice)
    collection.owners.add(carol)
    source = Source.objects.create(
        document=uuid.uuid4(), collection=collection, title=TITLE, file_name="s.txt", media_type="text/plain", live=True
    )
    Page.objects.create(source=source, number=1, text=CANARY)
    Passage.objects.create(source=source, position=0, text=CANARY, page=1, start=0, end=len(CANARY))
    return source


@pytest.fixture
def talk(alice, source, settings):
    settings.DEFAULT_SENSITIVITY = "public"
    row, messages = long_conversation(alice, 4, "Word {}", "Birds")
    reply = messages[1]
    place = {"source": source.id, "version": 1, "title": TITLE, "page": 1, "start": 0, "end": len(CANARY)}
    Citation.objects.create(reply=reply, number=1, **place)
    GivenDocument.objects.create(reply=reply, document=source.document)
    Message.objects.filter(pk=reply.pk).update(parts=[{"type": "text", "text": "They sing early [1]."}])
    return row


def shared(alice, talk, *users, **more):
    audience = {name: more.pop(name) for name in ("everyone", "teams") if name in more}
    form = ShareForm(Audience(users=tuple(user.username for user in users), **audience), **more)
    return links.create(alice, talk.id, form)


def address(share, name="shared"):
    return reverse(f"chat:{name}", args=[share.token])


def status(person, share, name="shared"):
    return client_of(person).get(address(share, name)).status_code


def label(talk, value):
    Conversation.objects.filter(pk=talk.pk).update(label=value)


def test_a_link_opens_for_those_who_are_named_and_nobody_else(alice, bob, carol, admin, talk):
    share = shared(alice, talk, bob)
    page = client_of(bob).get(address(share)).content.decode()
    assert "Birds" in page
    assert "Word 3" in page
    assert [status(person, share) for person in (alice, bob, carol, admin)] == [200, 200, 404, 404]
    assert Client().get(address(share)).status_code == 302
    assert client_of(bob).get(reverse("chat:shared", args=["x" * 30])).status_code == 404
    share.refresh_from_db()
    assert share.views == 2


@pytest.mark.parametrize(
    ("audience", "opens"), [({"everyone": True}, [200, 200]), ({"teams": True}, [200, 404]), ({}, [404, 404])]
)
def test_teams_and_everyone(alice, bob, carol, team, talk, audience, opens):
    team.members.add(alice)
    if "teams" in audience:
        audience = {"teams": (team.pk,)}
    share = shared(alice, talk, **audience)
    assert [status(person, share) for person in (bob, carol)] == opens
    listed = client_of(bob).get(reverse("chat:shares")).content.decode()
    assert ("Birds" in listed) == ("teams" in audience)


def test_a_confidential_conversation_is_for_named_people_alone(alice, bob, carol, team, talk):
    team.members.add(alice)
    label(talk, Sensitivity.CONFIDENTIAL)
    for audience in ({"everyone": True}, {"teams": (team.pk,)}):
        with pytest.raises(ForbiddenError, match="confidential"):
            shared(alice, talk, bob, **audience)
    assert Share.objects.count() == 0
    named = shared(alice, talk, bob)
    assert [status(bob, named), status(carol, named)] == [200, 404]
    label(talk, Sensitivity.INTERNAL)
    open_to_all = shared(alice, talk, bob, everyone=True)
    assert status(carol, open_to_all) == 200
    # The label in force is that of the moment.
    label(talk, Sensitivity.CONFIDENTIAL)
    assert [status(bob, open_to_all), status(carol, open_to_all)] == [200, 404]
    with pytest.raises(ForbiddenError):
        links.update(alice, open_to_all.id)


def test_a_rise_that_has_not_reached_the_conversation_yet_closes_its_link_all_the_same(alice, bob, talk, source):
    open_to_all = shared(alice, talk, everyone=True)
    Source.objects.filter(pk=source.pk).update(sensitivity=Sensitivity.CONFIDENTIAL)
    LabelRise.objects.create(document=source.document, label=Sensitivity.CONFIDENTIAL)
    assert status(bob, open_to_all) == 404
    with pytest.raises(ForbiddenError):
        shared(alice, talk, everyone=True)


def test_nothing_is_public_unless_a_setting_allows_it_and_then_only_what_is_labelled_public(alice, talk, settings):
    with pytest.raises(ForbiddenError, match="switched off"):
        shared(alice, talk, public=True)
    settings.PUBLIC_SHARES = True
    share = shared(alice, talk, public=True)
    page = Client().get(address(share))
    assert page.status_code == 200
    assert "They sing early" in page.content.decode()
    assert TITLE not in page.content.decode()
    assert Client().get(address(share, "shared-markdown")).status_code == 200
    assert Client().post(address(share, "shared-copy")).status_code == 401
    label(talk, Sensitivity.INTERNAL)
    assert Client().get(address(share)).status_code == 302
    with pytest.raises(ForbiddenError, match="internal"):
        shared(alice, talk, public=True)
    label(talk, Sensitivity.PUBLIC)
    settings.PUBLIC_SHARES = False
    assert Client().get(address(share)).status_code == 302


def leaks(person, share):
    """Return what a reader gets of a foreign document through all that a link opens."""
    client = client_of(person)
    got = client.get(address(share)).content.decode() + client.get(address(share, "shared-markdown")).content.decode()
    got += "".join(
        client.get(url.replace("&amp;", "&")).content.decode() for url in re.findall(r'href="(/documents[^"]+)"', got)
    )
    made = client.post(address(share, "shared-copy"))
    got += client.get(made["Location"]).content.decode()
    return [word for word in (CANARY, TITLE) if word in got]


def test_a_citation_opens_for_those_who_may_read_its_document_and_others_see_whom_to_ask(
    alice, bob, carol, talk, source
):
    share = shared(alice, talk, bob, carol)
    assert leaks(bob, share) == []
    page = client_of(bob).get(address(share)).content.decode()
    assert "Ask carol" in page
    assert TITLE in leaks(carol, share)
    place = reverse("search:source", args=[source.id])
    assert place in client_of(carol).get(address(share)).content.decode()
    assert place not in page
    without = shared(alice, talk, carol, sources=False)
    assert leaks(carol, without) == []
    assert "[1]" not in client_of(carol).get(address(without)).content.decode()
    copied = Conversation.objects.filter(owner=bob).first()
    assert GivenDocument.objects.filter(reply__conversation=copied, document=source.document).exists()


def test_what_was_drawn_for_a_reader_is_not_drawn_again(alice, bob, carol, talk, monkeypatch):
    drawn, real = [], rendering.render

    def render(text, *args):
        drawn.append(text)
        return real(text, *args)

    monkeypatch.setattr(rendering, "render", render)
    monkeypatch.setattr(drawing, "SHARED_SECONDS", 0)
    Message.objects.filter(role="assistant", parts__0__text="Word 3").update(
        parts=[{"type": "text", "text": "**Word** 3"}]
    )
    dan = User.objects.create_user("dan", password="a long enough one")
    share = shared(alice, talk, bob, carol, dan)
    pages = [client_of(bob).get(address(share)).content.decode() for _ in range(3)]
    assert sorted(drawn) == ["**Word** 3", "They sing early [1]."]
    assert all("<strong>Word</strong> 3" in page and "They sing early" in page for page in pages)
    # Dan may read as little as Bob. For Carol, who may read the document, one answer looks different.
    assert "They sing early" in client_of(dan).get(address(share)).content.decode()
    assert len(drawn) == 2
    assert [client_of(carol).get(address(share)).content.decode().count('class="cite"') for _ in range(2)] == [1, 1]
    assert drawn[2:] == ["They sing early [1]."]
    # What the page of the conversation has drawn serves the link as well.
    client_of(alice).get(reverse("chat:conversation", args=[talk.id]))
    before = len(drawn)
    newer, _messages = long_conversation(alice, 4, "**Plain** {}")
    client_of(alice).get(reverse("chat:conversation", args=[newer.id]))
    assert len(drawn) == before + 2
    assert "<strong>Plain</strong> 3" in client_of(bob).get(address(shared(alice, newer, bob))).content.decode()
    assert len(drawn) == before + 2


def test_few_drawings_of_an_answer_are_kept(alice, bob, talk, monkeypatch):
    monkeypatch.setattr(drawing, "DRAWINGS_MAX", 2)
    share = shared(alice, talk, bob)
    for number in range(4):
        monkeypatch.setattr(rendering, "RENDERER_VERSION", f"{number}")
        assert status(bob, share) == 200
    assert SharedHtml.objects.count() == 2 * 2
    conversations.delete(alice.id, talk.id)
    Conversation.objects.filter(id=talk.id).update(deleted_at=timezone.now() - timedelta(hours=2))
    removing.purge_deleted()
    assert not SharedHtml.objects.exists()


def test_a_long_conversation_is_shown_in_pages(alice, bob, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_MESSAGES", 4)
    row, _messages = long_conversation(alice, 10, "Message number {}.")
    share = shared(alice, row, bob)
    client = client_of(bob)

    def shown(query):
        page = client.get(address(share) + query).content.decode()
        return re.findall(r"Message number (\d)", page), re.findall(r'href="\?page=(\d)" rel="(\w+)"', page)

    assert shown("") == shown("?page=x") == shown("?page=0") == (list("0123"), [("2", "next")])
    assert shown("?page=2") == (list("4567"), [("1", "prev"), ("3", "next")])
    assert shown("?page=3") == shown("?page=99") == (list("89"), [("2", "prev")])
    text = client.get(address(share, "shared-markdown")).content.decode()
    assert re.findall(r"Message number (\d)", text) == list("0123456789")
    share.refresh_from_db()
    assert share.views == 3
    monkeypatch.setattr(reading, "PAGE_CHARS", 40)
    assert shown("")[0] == list("01")


def test_it_is_a_snapshot_until_it_is_updated_and_the_address_stays(alice, bob, talk):
    share = shared(alice, talk, bob)
    before = share.token
    reply = branches.read(branches.ids(talk))[1]
    corrections.correct(alice.id, reply.id, "They sing late.")
    Message.objects.create(conversation=talk, role="user", parts=[{"type": "text", "text": "Newer"}])
    page = client_of(bob).get(address(share)).content.decode()
    assert "They sing early" in page
    assert "They sing late" not in page
    for _ in range(5):
        client_of(alice).post(reverse("chat:share-update", args=[share.id]))
    share.refresh_from_db()
    assert share.token == before
    assert "They sing late" in client_of(bob).get(address(share)).content.decode()


def test_only_the_chosen_messages_are_shown_and_deleted_ones_are_gone(alice, bob, talk):
    ids = branches.ids(talk)
    share = shared(alice, talk, bob, chosen=[*ids[:2], uuid.uuid4()])
    page = client_of(bob).get(address(share)).content.decode()
    assert "Word 0" in page
    assert "Word 2" not in page
    whole = shared(alice, talk, bob)
    deleting.delete(alice.id, ids[2])
    assert "Word 2" not in client_of(bob).get(address(whole)).content.decode()
    with pytest.raises(InvalidError):
        shared(alice, talk, bob, chosen=[])


def test_updating_a_link_to_chosen_messages_shows_no_others(alice, bob, talk):
    ids = branches.ids(talk)
    share = shared(alice, talk, bob, chosen=[ids[1]])
    corrections.correct(alice.id, ids[1], "They sing late.")
    settings = reverse("chat:share-settings", args=[share.id])
    assert "Show the chosen messages as they are now" in client_of(alice).get(settings).content.decode()
    client_of(alice).post(reverse("chat:share-update", args=[share.id]))
    page = client_of(bob).get(address(share)).content.decode()
    assert "They sing late" in page
    assert "Word" not in page


def test_files_are_shown_only_if_its_owner_says_so_and_their_labels_count(alice, bob, carol, talk):
    first = branches.read(branches.ids(talk))[0]
    attachments.send(first, [attach(alice, "My notes.", "notes.txt")])
    row = Attachment.objects.get()
    without, with_files = shared(alice, talk, bob), shared(alice, talk, bob, files=True)
    assert client_of(bob).get(reverse("chat:shared-file", args=[without.token, row.id])).status_code == 404
    sent = client_of(bob).get(reverse("chat:shared-file", args=[with_files.token, row.id]))
    assert content(sent) == b"My notes."
    assert client_of(carol).get(reverse("chat:shared-file", args=[with_files.token, row.id])).status_code == 404
    assert client_of(bob).get(reverse("chat:attachment", args=[row.id])).status_code == 404
    made = client_of(bob).post(address(with_files, "shared-copy"))
    own = Attachment.objects.get(owner=bob)
    assert content(client_of(bob).get(reverse("chat:attachment", args=[own.id]))) == b"My notes."
    assert client_of(bob).get(made["Location"]).status_code == 200
    attachments.send(first, [attach(alice, "Card 4111 1111 1111 1111", "card.txt")])
    with pytest.raises(ForbiddenError, match="comes from its files"):
        shared(alice, talk, everyone=True, files=True)
    assert shared(alice, talk, everyone=True).token


def test_a_copied_file_keeps_the_label_that_was_stated_with_it(alice, bob, talk):
    stored = attachments.upload(alice, ContentFile(b"My notes.", "notes.txt"), Sensitivity.INTERNAL)
    read_all()
    attachments.send(branches.read(branches.ids(talk))[0], [stored.id])
    copying.copy(bob, shared(alice, talk, bob, files=True).token)
    read_all()
    assert Source.objects.get(collection__holder=bob).sensitivity == Sensitivity.INTERNAL


def test_a_revoked_or_expired_link_is_gone_everywhere_at_once(alice, bob, talk):
    first = branches.read(branches.ids(talk))[0]
    attachments.send(first, [attach(alice, "My notes.", "notes.txt")])
    share = shared(alice, talk, bob, files=True, days=7)
    file = reverse("chat:shared-file", args=[share.token, Attachment.objects.get().id])
    addresses = [address(share), address(share, "shared-markdown"), file]
    client = client_of(bob)
    assert [client.get(url).status_code for url in addresses] == [200] * 3
    assert client_of(alice).post(reverse("chat:share-revoke", args=[share.id])).status_code == 302
    assert [client.get(url).status_code for url in addresses] == [404] * 3
    assert client.post(address(share, "shared-copy")).status_code == 404
    assert "Birds" not in client.get(reverse("chat:shares")).content.decode()
    Share.objects.update(revoked_at=None, expires_at=timezone.now() - timedelta(seconds=1))
    assert [client.get(url).status_code for url in addresses] == [404] * 3
    Share.objects.update(expires_at=None)
    conversations.delete(alice.id, talk.id)
    assert [client.get(url).status_code for url in addresses] == [404] * 3


@pytest.mark.parametrize("gone", [{"is_active": False}, None])
def test_it_ends_with_its_owners_account(alice, bob, talk, gone):
    share = shared(alice, talk, bob)
    if gone:
        User.objects.filter(pk=alice.pk).update(**gone)
    else:
        Share.objects.update(withdrawn_at=timezone.now(), withdrawn_why="Not here.")
    assert status(bob, share) == 404


def test_a_copy_has_the_label_and_its_reader_goes_on(alice, bob, talk):
    label(talk, Sensitivity.CONFIDENTIAL)
    made = copying.copy(bob, shared(alice, talk, bob).token)
    assert (made.owner, made.label, made.label_cause) == (
        bob,
        Sensitivity.CONFIDENTIAL,
        "a conversation that alice shared with you",
    )
    texts = [message.text for message in branches.read(branches.ids(made))]
    assert texts == ["Word 0", "They sing early [1].", "Word 2", "Word 3"]
    assert storage.post(bob, made.id, "And at night?").conversation == made.id
    with pytest.raises(NotFoundError):
        reading.access_link(User.objects.get(pk=bob.pk), "unknown")


def test_a_copy_is_made_in_pieces_and_half_of_one_is_never_shown(alice, bob, talk, monkeypatch):
    link, copied = shared(alice, talk, bob), copying._copied
    monkeypatch.setattr(copying, "AT_ONCE", 1)

    def copying_one(*args):
        assert not Conversation.objects.of(bob.pk).alive().exists()
        if args[2]:
            raise RuntimeError
        return copied(*args)

    monkeypatch.setattr(copying, "_copied", copying_one)
    with pytest.raises(RuntimeError):
        copying.copy(bob, link.token)
    half = Conversation.objects.of(bob.pk).get()
    assert (half.messages.count(), half.label) == (1, talk.label)
    assert half.deleted_at


def test_a_copy_does_not_outlive_a_temporary_original(alice, bob, talk):
    ends = timezone.now() + timedelta(minutes=5)
    Conversation.objects.filter(pk=talk.pk).update(keeping="hour", expires_at=ends)
    made = copying.copy(bob, shared(alice, talk, bob).token)
    assert (made.keeping, made.expires_at) == ("hour", ends)


def test_nobody_else_sees_or_changes_a_link(alice, bob, talk):
    share = shared(alice, talk, bob)
    other = client_of(bob)
    assert other.get(reverse("chat:share", args=[talk.id])).status_code == 404
    assert other.get(reverse("chat:share-settings", args=[share.id])).status_code == 404
    for name in ("share-update", "share-revoke", "share-delete", "share-settings"):
        assert other.post(reverse(f"chat:{name}", args=[share.id])).status_code == 404
    share.refresh_from_db()
    assert share.revoked_at is None


def test_the_pages_make_change_and_delete_a_link(alice, bob, talk):
    client, ids = client_of(alice), branches.ids(talk)
    form = {"share": "some", "people": "bob", "which": "some", "messages": ids[:2], "sources": "on", "days": "7"}
    assert "Word 0" in client.get(reverse("chat:share", args=[talk.id])).content.decode()
    refused = client.post(reverse("chat:share", args=[talk.id]), form | {"people": "nobody"})
    assert (refused.status_code, "There is no account “nobody”" in refused.content.decode()) == (400, True)
    made = client.post(reverse("chat:share", args=[talk.id]), form)
    share = Share.objects.get()
    assert made["Location"] == reverse("chat:share-settings", args=[share.id])
    assert address(share) in client.get(made["Location"]).content.decode()
    assert [row["id"] for row in share.snapshot] == [str(key) for key in ids[:2]]
    assert timezone.now() + timedelta(days=6) < share.expires_at
    assert "1 person" in client.get(reverse("chat:shares")).content.decode()
    client.post(made["Location"], {"share": "everyone", "days": "0"})
    share.refresh_from_db()
    assert (share.everyone, share.includes_sources, share.expires_at) == (True, False, None)
    client.post(reverse("chat:share-delete", args=[share.id]))
    assert not Share.objects.exists()


def test_what_is_being_written_is_not_shared(alice, bob):
    started = storage.post(alice, None, "What is due?")
    with pytest.raises(ConflictError):
        links.create(alice, started.conversation, ShareForm(Audience(users=("bob",))))
