"""Assistants: who may use and change them, their versions, their pages, export and import, and withdrawal."""

import json
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.assistants import access, editing, exchange
from chat.assistants.editing import AssistantForm
from chat.conversations.drafts import Options
from chat.models import Assistant, Conversation
from langai_site.accounts.models import Team
from langai_site.accounts.sharing import Audience
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.chat.test_labels import CARD

WHOLE = {
    "emoji": "⚓",
    "name": "Harbour",
    "purpose": "Knows the quays",
    "instructions": "Answer like a harbour master.",
    "model": "quotes",
    "options": Options(temperature=0.5, max_tokens=100),
    "starters": ["Which ships come?", "", " When? "],
    "label": Sensitivity.INTERNAL,
}
HTMX = {"HX-Request": "true"}


def made(person, name="Harbour", *, collections=None, **audience):
    return editing.create(
        person, AssistantForm(**(WHOLE | {"name": name}), collections=collections), Audience(**audience)
    )


@pytest.fixture
def quays(alice):
    collection = Collection.objects.create(name="Quays")
    collection.owners.add(alice)
    return collection


def test_a_private_assistant_is_its_owners_alone(alice, bob, admin):
    assistant = made(alice)
    for other in (bob, admin):
        for act in (
            lambda person: access.access_assistant(person.pk, assistant.pk),
            lambda person: access.favour(person.pk, assistant.pk, is_favourite=True),
            lambda person: editing.change(person, assistant.pk, AssistantForm("Mine")),
            lambda person: editing.restore(person, assistant.pk, 1),
            lambda person: editing.copy(person, assistant.pk),
            lambda person: editing.delete(person.pk, assistant.pk),
        ):
            with pytest.raises(NotFoundError):
                act(other)
        assert access.gallery(other.pk) == []


def test_a_reader_uses_and_copies_but_changes_nothing(alice, bob, quays):
    assistant = made(alice, collections=[quays.pk], everyone=True)
    for act in (
        lambda: editing.change(bob, assistant.pk, AssistantForm("Mine")),
        lambda: editing.restore(bob, assistant.pk, 1),
        lambda: editing.delete(bob.pk, assistant.pk),
    ):
        with pytest.raises(ForbiddenError):
            act()
    copied = editing.copy(bob, assistant.pk)
    # A copy searches what its new owner may read.
    assert (copied.name, copied.owner, copied.collections, copied.everyone) == ("Copy of Harbour", bob, [], False)


def test_the_gallery_finds_by_words_shows_favourites_first_and_says_what_is_read(alice, bob, quays):
    made(alice, "Anchor", everyone=True)
    last = made(alice, "Wharf", collections=[quays.pk], everyone=True)
    access.favour(bob.pk, last.pk, is_favourite=True)
    cards = access.gallery(bob.pk)
    assert [(card.assistant.name, card.is_favourite, card.reach.words) for card in cards] == [
        ("Wharf", True, "reads 0 of 1 collection for you"),
        ("Anchor", False, "searches all documents you may read"),
    ]
    assert [card.assistant.name for card in access.gallery(bob.pk, "quays anch alice")] == ["Anchor"]
    assert [(one.name, one.owners) for one in access.missing(bob.pk, last)] == [("Quays", ("alice",))]
    assert access.missing(alice.pk, last) == []
    access.favour(bob.pk, last.pk, is_favourite=False)
    assert [card.assistant.name for card in access.gallery(bob.pk)] == ["Anchor", "Wharf"]


def test_the_gallery_takes_as_many_queries_for_many_as_for_few(alice, bob, django_assert_max_num_queries):
    for number in range(12):
        made(alice, f"A{number}", everyone=True)
    with django_assert_max_num_queries(6):
        assert len(access.gallery(bob.pk)) == 12


def test_each_change_is_a_version_and_an_earlier_one_comes_back(alice, bob):
    assistant = made(alice, editors=("bob",))
    editing.change(bob, assistant.pk, AssistantForm("Harbour 2", note="Shorter", version=1), Audience(everyone=True))
    with pytest.raises(ConflictError):
        editing.change(alice, assistant.pk, AssistantForm("Unseen", version=1))
    editing.change(alice, assistant.pk, AssistantForm("Harbour 2", version=2))
    again = editing.restore(alice, assistant.pk, 1)
    assert editing.values_of(again) == editing.values_of(assistant)
    assert again.starters == ["Which ships come?", "When?"]
    assert not again.everyone
    assert [(one.number, one.note, str(one.by)) for one in editing.versions(again)] == [
        (3, "Version 1 again", "alice"),
        (2, "Shorter", "bob"),
        (1, "", "alice"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 61},
        {"emoji": "ab"},
        {"emoji": "\u202e"},
        {"purpose": "x" * 201},
        {"instructions": "x" * 8001},
        {"starters": ["x"] * 7},
        {"starters": ["x" * 201]},
        {"note": "x" * 201},
    ],
)
def test_nonsense_makes_no_assistant(alice, wrong):
    with pytest.raises(InvalidError):
        editing.create(alice, AssistantForm(**{"name": "Harbour", **wrong}))
    assert not Assistant.objects.exists()


def test_nobody_puts_a_collection_into_an_assistant_that_they_may_not_read(alice, bob, quays):
    assert made(bob, collections=[quays.pk, 999]).collections == []
    shared = made(alice, collections=[quays.pk], editors=("bob",))
    # It stays if another editor saves the form, who may not read it.
    assert editing.change(bob, shared.pk, AssistantForm("Harbour", collections=[quays.pk])).collections == [quays.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("more", [{}, {"collections": "some"}])
def test_an_editor_who_may_read_none_of_its_collections_changes_nothing_of_them(client, alice, bob, quays, more):
    shared = made(alice, collections=[quays.pk], editors=("bob",))
    client.force_login(bob)
    form = {name: value for name, value in FORM.items() if name != "collections"}
    assert client.post(of("assistant-change", shared), form | more | {"version": 1}).status_code == 302
    shared.refresh_from_db()
    assert (shared.version, shared.collections) == (2, [quays.pk])
    editing.change(alice, shared.pk, AssistantForm("Harbour", collections=[]))
    assert editing.restore(bob, shared.pk, 2).collections == [quays.pk]


def test_halves_of_characters_in_a_file_become_whole_ones(alice):
    document = exchange.exported(alice.pk, made(alice)) | {"name": "Half \ud83d", "collections": ["Half \ud83d\0"]}
    done = exchange.imported(alice, json.dumps(document))
    assert done.assistant.name == "Half \N{REPLACEMENT CHARACTER}"
    assert done.missing == ("Half \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",)


def test_an_export_comes_back_whole_and_shares_no_documents(alice, bob, quays):
    document = json.dumps(exchange.exported(alice.pk, made(alice, collections=[quays.pk])))
    again = exchange.imported(alice, document)
    assert editing.values_of(again.assistant) == editing.values_of(
        Assistant.objects.exclude(pk=again.assistant.pk).get()
    )
    theirs = exchange.imported(bob, document)
    assert (theirs.assistant.collections, theirs.missing) == ([], ("Quays",))
    assert str(quays.pk) not in json.dumps(json.loads(document)["collections"])


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"format_version": 2},
        {"name": 7},
        {"collections": "Quays"},
        {"starters": [1]},
        {"options": []},
        {"options": {"temperature": 99}},
        {"options": {"max_tokens": 10**400}},
        {"label": "secret"},
        {"instructions": "x" * 8001},
    ],
)
def test_a_file_that_is_no_assistant_is_refused(alice, change):
    document = exchange.exported(alice.pk, made(alice))
    for text in (json.dumps(document | change), "[]", "{", "[" * 40_000):
        with pytest.raises(InvalidError):
            exchange.imported(alice, text)
    assert Assistant.objects.count() == 1


# The pages

LIST, NEW, IMPORT = (reverse(f"chat:{name}") for name in ("assistants", "assistant-new", "assistant-import"))
FORM = {
    "name": "Harbour",
    "emoji": "⚓",
    "instructions": "Answer like a harbour master.",
    "starters": "Which ships come?\nWhen?",
    "model": "auto",
    "complexity": "auto",
    "label": "internal",
    "collections": "all",
    "share": "everyone",
}
paged = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(client, alice):
    client.force_login(alice)
    return client


def of(name, assistant, *more):
    return reverse(f"chat:{name}", args=[assistant.pk, *more])


@paged
def test_an_assistant_is_made_shared_and_begins_a_chat_without_a_script(pages, alice, bob):
    assert pages.post(NEW, FORM).status_code == 302
    assistant = Assistant.objects.get()
    assert (assistant.label, assistant.everyone) == (Sensitivity.INTERNAL, True)
    pages.force_login(bob)
    assert "Harbour" in pages.get(LIST).text
    shown = pages.get(of("assistant", assistant)).text
    assert "harbour master" not in shown
    page = LexborHTMLParser(pages.get(f"/?assistant={assistant.pk}").text)
    assert page.css_first("#composer [name=assistant]").attributes["value"] == str(assistant.pk)
    assert [one.text() for one in page.css(".starters button")] == ["Which ships come?", "When?"]
    pages.post(reverse("chat:start"), {"text": "When?", "assistant": str(assistant.pk)})
    conversation = Conversation.objects.get()
    assert conversation.assistant == assistant
    page = LexborHTMLParser(pages.get(reverse("chat:conversation", args=[conversation.pk])).text)
    assert "Harbour" in page.css_first("#assistant a").text()


@paged
def test_a_refused_form_stays_filled_and_names_what_is_wrong(pages, alice):
    page = LexborHTMLParser(pages.post(NEW, FORM | {"temperature": "hot", "instructions": f"Pay with {CARD}."}).text)
    assert "temperature" in page.css_first("[role=alert]").text()
    assert page.css_first("[name=instructions]").text().strip() == f"Pay with {CARD}."
    assert "becomes confidential" in page.text()
    assert not Assistant.objects.exists()


@paged
def test_changes_versions_and_figures_are_for_editors(pages, alice, bob):
    assistant = made(alice, everyone=True)
    pages.post(of("assistant-change", assistant), FORM | {"name": "Port", "version": "1", "note": "Renamed"})
    shown = LexborHTMLParser(pages.get(of("assistant", assistant)).text)
    assert "Name: ⚓ Port" in [one.text().removeprefix("Added: ") for one in shown.css(".version ins")]
    assert "Rated good" in shown.text()
    assert json.loads(pages.get(of("assistant-export", assistant)).content)["name"] == "Port"
    assert pages.post(of("assistant-restore", assistant, 1)).status_code == 302
    pages.force_login(bob)
    shown = pages.get(of("assistant", assistant)).text
    assert "Rated good" not in shown
    assert "Versions" not in shown
    for name, more in (("assistant-change", ()), ("assistant-export", ())):
        assert pages.get(of(name, assistant, *more)).status_code == 403
    for name, more in (("assistant-change", ()), ("assistant-restore", (1,)), ("assistant-delete", ())):
        assert pages.post(of(name, assistant, *more), FORM).status_code == 403


@paged
def test_strangers_find_nothing(pages, bob):
    theirs = made(bob)
    for name in ("assistant", "assistant-change", "assistant-export"):
        assert pages.get(of(name, theirs)).status_code == 404
    for name, more in (
        *((f"assistant-{name}", ()) for name in ("change", "favour", "copy", "delete")),
        ("assistant-restore", (1,)),
    ):
        assert pages.post(of(name, theirs, *more), FORM).status_code == 404
    for named in (theirs.pk, uuid.uuid4(), "x"):
        assert pages.get(f"/?assistant={named}").status_code == 404
        assert pages.post(reverse("chat:start"), {"text": "When?", "assistant": str(named)}).status_code == 404
    assert not Conversation.objects.exists()


@paged
def test_a_favourite_an_offer_and_an_import(pages, alice):
    assistant = made(alice)
    pages.post(of("assistant-favour", assistant), {"favourite": "on", "from": "gallery"})
    assert alice.favourite_assistants.get() == assistant
    offered = LexborHTMLParser(pages.get(reverse("chat:assistants-offered"), headers=HTMX).text)
    assert offered.css_first("[role=option]").attributes["data-id"] == str(assistant.pk)
    file = SimpleUploadedFile("harbour.json", pages.get(of("assistant-export", assistant)).content)
    assert pages.post(IMPORT, {"file": file}).status_code == 302
    assert Assistant.objects.count() == 2
    assert "exported" in LexborHTMLParser(pages.post(IMPORT, {"text": "{}"}).text).css_first("[role=alert]").text()


@paged
def test_an_admin_sees_what_is_shared_and_withdraws_it_with_a_reason(pages, alice, bob, admin):
    made(bob, "Private one")
    assistant = made(alice, everyone=True)
    pages.force_login(admin)
    listed = pages.get("/admin/chat/assistant/").text
    assert "Harbour" in listed
    assert "Private one" not in listed
    change = f"/admin/chat/assistant/{assistant.pk}/change/"
    assert "harbour master" not in pages.get(change).text
    pages.post(change, {"withdrawn_why": "It quotes old prices."})
    assert access.usable(bob.pk, assistant.pk) is None
    assert "old prices" in LogEntry.objects.get().change_message
    pages.force_login(alice)
    assert "It quotes old prices." in pages.get(of("assistant", assistant)).text
    pages.force_login(admin)
    pages.post(change, {"withdrawn_why": ""})
    assert access.usable(bob.pk, assistant.pk) == assistant


@paged
def test_an_assistant_that_is_lost_is_told_in_its_chat_and_the_next_message_goes_without_it(pages, alice, bob):
    team = Team.objects.create(name="Sales")
    alice.teams.add(team)
    bob.teams.add(team)
    assistant = made(bob, teams=(team.pk,))
    conversation = Conversation.objects.create(owner=alice, title="Ships", assistant=assistant)
    alice.teams.clear()
    page = LexborHTMLParser(pages.get(reverse("chat:conversation", args=[conversation.pk])).text)
    assert "not shared with you any more" in page.css_first("#assistant").text()
    assert not page.css_first("#assistant [name=assistant]").attributes["value"]
