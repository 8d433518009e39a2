"""Collections of one's own: who sees them, what owners do in the Library, and what admins may and may not see."""

import contextlib

import pytest
from django.urls import reverse

from documents import places, tasks
from documents.models import Document
from documents.services import changing, library, own, quotas
from documents.services.own import CollectionDescription
from langai_site.accounts.keys import Credential
from langai_site.accounts.models import Team, User
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.models import Collection, Passage, Source
from tests.documents.library_pages import at, brought, chosen, found_by, send, signed_in_as, told

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_nothing_to_a_document_that_is_found(page, bob, carol):
    made = page.post(at("new"), {"name": " Boats ", "description": "", "label": "public"})
    collection = Collection.objects.get()
    assert (made["Location"], collection.name, list(collection.owners.all())) == (
        at("collection", collection.pk),
        "Boats",
        [bob],
    )
    brought(page, collection)
    assert found_by(bob) == ["boats"]
    assert found_by(carol) == []


def test_nobody_else_sees_it_and_nobody_without_a_right_changes_it(page, bob, carol, alice, notes):
    document = brought(page, notes)
    foreign = {
        **{at(name, notes.pk): "get" for name in ("collection", "settings")},
        **{at(name, notes.pk): "post" for name in ("upload", "share", "hand-over", "remove", "change")},
        **{at(name, document.pk): "get" for name in ("document", "original")},
        **{at(name, document.pk): "post" for name in ("document", "replace", "read-again", "keep-previous")},
    }
    form = {"ids": [document.pk], "action": "delete", "person": "carol", "people": "carol"}
    for person in (carol, alice):
        browser = signed_in_as(person)
        statuses = {path: getattr(browser, how)(path, form).status_code for path, how in foreign.items()}
        assert set(statuses.values()) == {404}, statuses
    notes.users.add(carol)
    browser = signed_in_as(carol)
    for path, how in foreign.items():
        reads = path in (at("collection", notes.pk), at("original", document.pk))
        assert getattr(browser, how)(path, form).status_code == (200 if reads else 403), path
    assert Document.objects.get(pk=document.pk).collection == notes


def test_admins_see_how_much_is_in_it_and_not_what(page, alice, notes):
    brought(page, notes, "Canary in a coal mine.", "canary.txt")
    admin = signed_in_as(alice)
    people = admin.get(at("people")).content.decode()
    assert all(text in people for text in ("Notes", "bob", "22\xa0bytes"))
    pages = (
        *("/admin/documents/document/", "/admin/search/collection/", "/admin/", "/library/"),
        f"/admin/search/collection/{notes.pk}/change/",
        f"/admin/documents/document/{Document.objects.get().pk}/change/",
    )
    for text in (people, *(admin.get(path, follow=True).content.decode() for path in pages)):
        assert "canary" not in text.lower()
    assert "Notes" not in admin.get("/admin/search/collection/").content.decode()
    assert page.get(at("people")).status_code == 403


def test_names_are_unique_for_each_owner(bob, carol, notes):
    own.create(carol, CollectionDescription("Notes", "", Sensitivity.PUBLIC))
    Collection.objects.create(name="Notes")
    with pytest.raises(ConflictError, match="You have a collection named “Notes” already"):
        own.create(bob, CollectionDescription("Notes", "", Sensitivity.PUBLIC))


@pytest.mark.parametrize(
    ("allowed", "may"), [(["everyone"], True), (["nobody"], False), (["Pilots"], True), (["Cooks"], False)]
)
def test_a_setting_says_who_may_make_one(page, bob, settings, allowed, may):
    settings.OWN_COLLECTIONS = allowed
    bob.teams.add(Team.objects.create(name="Pilots"))
    assert (at("new") in page.get("/library/").content.decode()) is may
    assert page.get(at("new")).status_code == (200 if may else 403)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("OWN_COLLECTIONS_FILES", 1, "1 of the 1 files"),
        ("OWN_COLLECTIONS_PASSAGES", 1, "1 passages, and 1 are the most"),
        ("OWN_COLLECTIONS_MB", 1, "0 of the 1 MB"),
    ],
)
def test_quotas_refuse_more_in_any_collection_of_the_same_person(page, bob, notes, settings, setting, value, words):
    settings.OWN_COLLECTIONS_FILES = settings.OWN_COLLECTIONS_PASSAGES = settings.OWN_COLLECTIONS_MB = 0
    brought(page, notes)
    setattr(settings, setting, value)
    other = own.create(bob, CollectionDescription("Others", "", Sensitivity.PUBLIC))
    response = send(page, other, chosen("x" * (1024 * 1024), "long.txt"))
    assert words in told(response)[0]
    assert not other.documents.exists()


def test_the_quota_refuses_before_the_file_is_received(page, notes, settings):
    credential = Credential(notes.holder, frozenset())
    brought(page, notes)
    places.into_collection(credential, str(notes.pk))
    settings.OWN_COLLECTIONS_FILES = 1
    with pytest.raises(quotas.NoRoomError, match="1 of the 1 files"):
        places.into_collection(credential, str(notes.pk))


def test_a_folder_keeps_its_paths_and_each_file_succeeds_or_fails_alone(page, notes):
    files = [chosen("One.", "a.txt"), chosen("MZ", "b.exe"), chosen("", "c.txt"), chosen("One.", "d.txt")]
    response = send(page, notes, *files, paths=["trip/a.txt", "trip/b.exe", "trip/c.txt", "../trip\\2026/d.txt"])
    assert [document.imported_from for document in notes.documents.all()] == ["trip/a.txt"]
    accepted, *refused = told(response)
    assert accepted.startswith("1 file accepted")
    assert [reason.partition(":")[0] for reason in refused] == ["trip/b.exe", "trip/c.txt", "trip/2026/d.txt"]


def test_a_script_is_answered_file_by_file(page, notes):
    def sent(text, **fields):
        data = {"files": [chosen(text)], "paths": ["boats.txt"], **fields}
        response = page.post(at("upload", notes.pk), data, headers={"Accept": "application/json"})
        return response.json()["is_accepted"], response.json()["words"]

    assert sent("Boats leave at nine.") == (True, "Uploaded. It is being read.")
    assert sent("Boats leave at nine.") == (True, "Already here, and unchanged.")
    is_accepted, words = sent("Boats leave at ten.")
    assert (is_accepted, "different file" in words) == (False, True)
    assert sent("Boats leave at ten.", replace="1") == (True, "Uploaded as the next version. It is being read.")


def test_what_is_in_a_file_decides_how_low_its_label_can_be(page, bob, notes):
    document = brought(page, notes, "Card 4111 1111 1111 1111, valid until 12/29.", "card.txt")
    assert (document.sensitivity, document.found_label) == (Sensitivity.CONFIDENTIAL, Sensitivity.CONFIDENTIAL)
    assert Source.objects.get(document=document.pk).label == Sensitivity.CONFIDENTIAL
    with pytest.raises(InvalidError, match="cannot be lower than confidential"):
        changing.describe(bob, document.pk, title="Card", sensitivity=Sensitivity.PUBLIC)
    harmless = brought(page, notes)
    changing.describe(bob, harmless.pk, title="Pay 4111 1111 1111 1111", sensitivity=Sensitivity.PUBLIC)
    assert Document.objects.get(pk=harmless.pk).sensitivity == Sensitivity.CONFIDENTIAL
    assert (harmless.sensitivity, harmless.found_label) == (Sensitivity.PUBLIC, Sensitivity.PUBLIC)


def test_until_it_is_read_a_file_counts_as_confidential(page, notes):
    send(page, notes, chosen())
    assert Document.objects.get().label == Sensitivity.CONFIDENTIAL


def test_an_owner_renames_labels_and_replaces_a_document(page, bob, notes):
    document = brought(page, notes)
    page.post(at("document", document.pk), {"title": "Departures", "label": "internal"})
    assert found_by(bob) == ["Departures"]
    assert Source.objects.get(document=document.pk).label == Sensitivity.INTERNAL
    page.post(at("replace", document.pk), {"file": chosen("Boats leave at eleven.")})
    assert "boats" in page.get(at("document", document.pk)).content.decode()
    tasks.work_once("test")
    assert Document.objects.get().version == 2
    assert Passage.objects.live().get().text == "Boats leave at eleven."


def test_renaming_does_not_undo_what_happened_meanwhile(bob, notes, monkeypatch):
    stale = library.managed_collection(bob, notes.pk)
    own.remove(bob, notes.pk)
    monkeypatch.setattr(own, "managed_collection", lambda *_: stale)
    own.describe(bob, notes.pk, CollectionDescription("Diary", "", Sensitivity.PUBLIC))
    notes.refresh_from_db()
    assert (notes.kind, notes.name) == (Collection.Kind.REMOVED, "Diary")


def test_a_moved_document_is_found_by_the_readers_of_its_new_place_and_keeps_its_label(page, bob, carol, notes):
    secret = own.create(bob, CollectionDescription("Secrets", "", Sensitivity.INTERNAL))
    document = brought(page, secret)
    notes.users.add(carol)
    page.post(at("change", secret.pk), {"ids": [document.pk], "action": "move", "target": notes.pk})
    assert found_by(carol) == ["boats"]
    source = Source.objects.get(document=document.pk)
    assert (source.collection, source.label) == (notes, Sensitivity.INTERNAL)
    assert secret.documents.count() == 0


def test_the_label_of_a_document_in_the_library_is_not_lowered_by_its_owners(page, bob, notes):
    team = Collection.objects.create(name="Team", sensitivity=Sensitivity.CONFIDENTIAL)
    other = Collection.objects.create(name="Other team", sensitivity=Sensitivity.PUBLIC)
    for collection in (team, other):
        collection.owners.add(bob)
    document = brought(page, team)
    with pytest.raises(ForbiddenError, match="collection of your own"):
        changing.move(bob, team.pk, [document.pk], notes.pk)
    offered = page.get(reverse("documents:collection", args=[team.pk])).text
    assert f'<option value="{other.pk}">' in offered
    assert f'<option value="{notes.pk}">' not in offered
    assert changing.move(bob, team.pk, [document.pk], other.pk).count == 1
    with pytest.raises(ForbiddenError, match="Only an admin can lower"):
        changing.describe(bob, document.pk, title="Boats", sensitivity=Sensitivity.PUBLIC)
    assert Source.objects.get(document=document.pk).label == Sensitivity.CONFIDENTIAL
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.refresh_from_db()
    changing.describe(bob, document.pk, title="Boats", sensitivity=Sensitivity.PUBLIC)
    assert Source.objects.get(document=document.pk).label == Sensitivity.PUBLIC


def test_nothing_is_moved_to_where_it_is_already_or_where_one_has_no_right(page, bob, carol, notes):
    other = own.create(bob, CollectionDescription("Other", "", Sensitivity.PUBLIC))
    first = brought(page, notes)
    brought(page, other)
    changed = changing.move(bob, notes.pk, [first.pk], other.pk)
    assert (changed.count, "already in “Other”" in changed.refused[0]) == (0, True)
    foreign = own.create(carol, CollectionDescription("Foreign", "", Sensitivity.PUBLIC))
    with pytest.raises(NotFoundError):
        changing.move(bob, notes.pk, [first.pk], foreign.pk)


def test_owners_of_a_collection_of_the_library_manage_it_without_any_admin_right(page, bob, policies, notes):
    policies.owners.add(bob)
    document = brought(page, policies)
    assert page.get("/admin/").status_code == 302
    assert page.post(at("document", document.pk), {"title": "Ferries", "label": "confidential"}).status_code == 302
    refused = page.post(at("settings", policies.pk), {"name": "Policies", "label": "public"})
    assert "Only an admin can lower the label" in refused.content.decode()
    assert page.post(at("remove", policies.pk)).status_code == 403


def test_thousands_of_documents_need_few_statements(page, bob, notes, django_assert_max_num_queries):
    Document.objects.bulk_create(
        Document(
            collection=notes,
            title=f"Note {number}",
            file_name=f"{number}.txt",
            file="documents/none.txt",
            sha256=f"{number}",
            status="failed" if number % 3 == 0 else "ready",
            uploaded_by=bob,
        )
        for number in range(3_000)
    )
    for query in ({}, {"sort": "cited"}, {"state": "failed", "sort": "title", "page": 5}, {"q": "note 29"}):
        with django_assert_max_num_queries(16):
            response = page.get(at("collection", notes.pk), query)
        assert len(response.context["listing"].items) == 50
    failed = page.get(at("collection", notes.pk), {"state": "failed"}).context["listing"]
    assert (failed.found, {item.status for item in failed.items}) == (1_000, {"failed"})


@pytest.mark.parametrize(
    "change",
    [
        lambda bob, team, other, document: changing.label(bob, team.pk, [document.pk], Sensitivity.INTERNAL),
        lambda bob, team, other, document: changing.move(bob, team.pk, [document.pk], other.pk),
        lambda bob, team, other, document: changing.describe(
            bob, document.pk, title="Harbour", sensitivity=Sensitivity.PUBLIC
        ),
    ],
    ids=["label", "move", "describe"],
)
def test_a_label_that_rises_while_documents_are_changed_stays(page, bob, monkeypatch, change):
    """Up to 500 are changed with one request, and what was read of the last one is then old."""
    team, other = (Collection.objects.create(name=name) for name in ("Team", "Other"))
    for collection in (team, other):
        collection.owners.set([bob])
    document = brought(page, team)

    def raised_meanwhile(read):
        def reading(*args):
            found = read(*args)
            Document.objects.filter(pk=document.pk).update(sensitivity=Sensitivity.CONFIDENTIAL)
            search.relabel(document.pk, title=document.title, sensitivity=Sensitivity.CONFIDENTIAL)
            return found

        return reading

    for name in ("_chosen", "managed_document"):
        monkeypatch.setattr(changing, name, raised_meanwhile(getattr(changing, name)))
    with contextlib.suppress(ForbiddenError):
        change(bob, team, other, document)
    document.refresh_from_db()
    assert document.sensitivity == Sensitivity.CONFIDENTIAL
    assert set(Source.objects.values_list("sensitivity", flat=True)) == {Sensitivity.CONFIDENTIAL}
