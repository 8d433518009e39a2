"""Who manages what in the admin: superusers every collection, other staff those that they own, readers none."""

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from documents import tasks
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.documents import files

pytestmark = pytest.mark.django_db(transaction=True)

DOCUMENTS = "/admin/documents/document/"
COLLECTIONS = "/admin/search/collection/"


@pytest.fixture
def owner(transactional_db):
    return User.objects.create_user("olga", is_staff=True)


@pytest.fixture
def own(policies, owner):
    policies.owners.add(owner)
    return policies


@pytest.fixture
def other(transactional_db):
    return Collection.objects.create(name="Salaries", everyone=True)


@pytest.fixture
def page(client, owner):
    client.force_login(owner)
    return client


def text_of(page, path: str) -> str:
    return page.get(path).content.decode()


def chosen(data: bytes = b"Some text.", name: str = "a.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def told(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_an_owner_sees_their_collections_and_documents_alone(page, own, other, upload):
    upload("Mine.", "mine.txt")
    foreign = upload("Theirs.", "theirs.txt", collection=other)
    listed = text_of(page, COLLECTIONS), text_of(page, DOCUMENTS), text_of(page, "/admin/")
    assert "Policies" in listed[0]
    assert "mine" in listed[1]
    assert DOCUMENTS in listed[2]
    for text in listed:
        assert "Salaries" not in text
        assert "theirs" not in text
    for path in (f"{COLLECTIONS}{other.pk}/change/", f"{DOCUMENTS}{foreign.pk}/change/"):
        response = page.get(path, follow=True)
        assert "theirs" not in response.content.decode()
        assert response.redirect_chain[-1][0] == "/admin/"
    assert page.get(f"{DOCUMENTS}{foreign.pk}/replace/").status_code == 404


def test_who_owns_nothing_sees_nothing(client, own, upload):
    upload()
    client.force_login(User.objects.create_user("bob", is_staff=True))
    for path in (DOCUMENTS, f"{DOCUMENTS}add/", COLLECTIONS):
        assert client.get(path).status_code == 403
    assert "Documents" not in text_of(client, "/admin/")


def test_an_owner_who_is_not_staff_stays_outside(client, own, owner):
    User.objects.filter(pk=owner.pk).update(is_staff=False)
    client.force_login(owner)
    assert client.get(DOCUMENTS).status_code == 302


def test_an_owner_uploads_into_their_collections_alone(page, own, other):
    form = text_of(page, f"{DOCUMENTS}add/")
    assert "Policies (internal)" in form
    assert "Salaries" not in form
    page.post(f"{DOCUMENTS}add/", {"collection": own.pk, "sensitivity": 0, "uploads": [chosen()]})
    refused = page.post(f"{DOCUMENTS}add/", {"collection": other.pk, "sensitivity": 0, "uploads": [chosen(b"x")]})
    assert "not one of the available choices" in refused.content.decode()
    assert [document.collection for document in Document.objects.all()] == [own]


def test_the_collection_can_be_chosen_by_the_address(page, own):
    assert f'<option value="{own.pk}" selected>' in text_of(page, f"{DOCUMENTS}add/?collection={own.pk}")


def test_an_owner_deletes_and_retries_many_of_their_own_alone(page, own, other, upload):
    mine = [upload(f"Text {number}", f"{number}.txt") for number in range(3)]
    foreign = upload("Theirs.", "theirs.txt", collection=other)
    Document.objects.update(status="failed", error="No luck.")
    ids = [document.pk for document in (*mine, foreign)]
    response = page.post(DOCUMENTS, {"action": "retry", "_selected_action": ids}, follow=True)
    assert told(response) == ["3 documents queued again."]
    assert Document.objects.get(pk=foreign.pk).status == "failed"
    page.post(DOCUMENTS, {"action": "delete_selected", "_selected_action": ids, "post": "yes"})
    assert [document.pk for document in Document.objects.all()] == [foreign.pk]


def test_what_had_not_failed_is_told_once(page, own, upload):
    ids = [upload(f"Text {number}", f"{number}.txt").pk for number in range(3)]
    response = page.post(DOCUMENTS, {"action": "retry", "_selected_action": ids}, follow=True)
    (message,) = told(response)
    assert "has not failed" in message
    assert "2 others" in message


def test_an_owner_chooses_readers_and_label(page, own, owner):
    bob = User.objects.create_user("bob")
    data = {"name": "Policies", "sensitivity": 20, "users": [bob.pk], "owners": [owner.pk]}
    assert page.post(f"{COLLECTIONS}{own.pk}/change/", data).status_code == 302
    own.refresh_from_db()
    assert (own.everyone, own.sensitivity, list(own.users.all())) == (False, Sensitivity.CONFIDENTIAL, [bob])


def test_lowering_a_label_is_said_and_logged(page, own, owner):
    data = {"name": "Policies", "sensitivity": 0, "everyone": "on", "owners": [owner.pk]}
    response = page.post(f"{COLLECTIONS}{own.pk}/change/", data, follow=True)
    assert [text for text in told(response) if "was lowered: every model that may see public text" in text]
    assert "Changed Sensitivity" in text_of(page, f"{COLLECTIONS}{own.pk}/history/")


def test_an_owner_deletes_no_collection_and_makes_none(page, own):
    assert page.get(f"{COLLECTIONS}{own.pk}/delete/").status_code == 403
    assert page.get(f"{COLLECTIONS}add/").status_code == 403


def test_who_may_make_collections_owns_what_they_make(client, other):
    maker = User.objects.create_user("mia", is_staff=True)
    maker.user_permissions.add(Permission.objects.get(codename="add_collection"))
    client.force_login(maker)
    assert "Salaries" not in text_of(client, COLLECTIONS)
    client.post(f"{COLLECTIONS}add/", {"name": "New", "sensitivity": 10})
    assert list(Collection.objects.get(name="New").owners.all()) == [maker]
    assert client.get(f"{COLLECTIONS}{Collection.objects.get(name='New').pk}/change/").status_code == 200


def test_the_list_of_collections_says_who_reads_them(client, alice, own, other):
    Collection.objects.create(name="Nobody's")
    client.force_login(alice)
    text = text_of(client, COLLECTIONS)
    for words in ("Everyone signed in", "Nobody can find these documents yet", "olga"):
        assert words in text
    assert f"?collection={own.pk}" in text_of(client, f"{COLLECTIONS}{own.pk}/change/")


def test_a_collection_with_documents_is_not_deleted_by_accident(client, alice, own, upload):
    upload()
    client.force_login(alice)
    client.post(f"{COLLECTIONS}{own.pk}/delete/", {"post": "yes"})
    assert Collection.objects.filter(pk=own.pk).exists()


def test_the_label_that_counts_is_shown_and_cannot_be_lowered(page, own, upload):
    document = upload()
    form = text_of(page, f"{DOCUMENTS}{document.pk}/change/")
    assert "never below it" in form
    assert "At least confidential" in form
    assert "field-label" in form
    page.post(f"{DOCUMENTS}{document.pk}/change/", {"title": "t", "sensitivity": Sensitivity.PUBLIC.value})
    document.refresh_from_db()
    assert document.label == Sensitivity.INTERNAL


def test_a_file_is_replaced_from_the_documents_page(page, own, upload):
    document = upload("Old.", "plan.txt")
    tasks.work_once("test")
    change, replace = (f"{DOCUMENTS}{document.pk}/{name}/" for name in ("change", "replace"))
    assert replace in text_of(page, change)
    assert "Version 1 stays searchable" in text_of(page, replace)
    response = page.post(replace, {"upload": chosen(b"New.", "plan.md")}, follow=True)
    assert told(response) == ["“plan.md” is queued as version 2. Until it has been read, version 1 is searched."]
    assert "Version 1 is still searched." in response.content.decode()
    tasks.work_once("test")
    assert "still searched" not in text_of(page, change)
    assert "Changed file" in text_of(page, f"{DOCUMENTS}{document.pk}/history/")


def test_a_replacement_that_failed_shows_why_and_can_be_given_up(page, own, upload):
    document = upload("Old.", "plan.txt")
    tasks.work_once("test")
    change = f"{DOCUMENTS}{document.pk}/change/"
    page.post(f"{DOCUMENTS}{document.pk}/replace/", {"upload": chosen(files.scanned_pdf(), "plan.pdf")})
    tasks.work_once("test")
    shown = text_of(page, change)
    assert "Version 1 is still searched." in shown
    assert Document.objects.get().error in shown
    assert 'value="Keep version 1"' in shown
    page.post(change, {"title": "plan", "sensitivity": 0, "_keep": "Keep"})
    assert (Document.objects.get().status, Document.objects.get().version) == ("ready", 1)
    again = page.post(change, {"title": "plan", "sensitivity": 0, "_keep": "Keep"}, follow=True)
    assert "nothing to cancel" in " ".join(told(again))


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"Old.", "plan.txt", "has already: nothing was replaced"),
        (b"", "plan.txt", "is empty"),
        (b"x", "plan.exe", "cannot be read"),
    ],
)
def test_a_file_that_cannot_replace_it_is_refused_with_the_reason(page, own, upload, data, name, words):
    document = upload("Old.", "plan.txt")
    response = page.post(f"{DOCUMENTS}{document.pk}/replace/", {"upload": chosen(data, name)})
    assert response.status_code == 200
    assert words in " ".join(told(response))
    assert Document.objects.get().version == 1


def test_replacing_without_a_file_says_so(page, own, upload):
    document = upload()
    assert "This field is required" in page.post(f"{DOCUMENTS}{document.pk}/replace/").content.decode()


def test_an_owner_managing_it_reads_it_and_a_superuser_does_not(page, client, own, alice, upload):
    own.everyone = False
    own.save()
    upload()
    tasks.work_once("test")
    path = f"/library/{own.pk}/"
    assert page.get(path).status_code == 200
    client.force_login(alice)
    assert client.get(path).status_code == 404
    assert client.get(f"{COLLECTIONS}{own.pk}/change/").status_code == 200
