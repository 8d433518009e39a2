import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from documents import tasks
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search.models import Source
from tests.documents import files

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/documents/document/"


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def chosen(name: str, data: bytes = b"Some text.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def send(page, collection, *chosen_files: SimpleUploadedFile):
    data = {"collection": collection.pk, "sensitivity": 0, "uploads": list(chosen_files)}
    return page.post(f"{LIST}add/", data, follow=True)


def test_many_files_are_uploaded_at_once_and_each_outcome_is_told(page, policies, alice):
    good = chosen("a.txt", b"One"), chosen("b.md", b"Two")
    bad = chosen("c.exe", b"Three"), chosen("d.txt", b""), chosen("e.txt", b"One")
    answer = send(page, policies, *good, *bad)
    told = [str(message) for message in answer.context["messages"]]
    assert "2 files accepted: a.txt, b.md." in told
    assert [text for text in told if "c.exe" in text and "cannot be read" in text]
    assert [text for text in told if "d.txt" in text and "is empty" in text]
    assert [text for text in told if "e.txt" in text and "already in Policies" in text]
    assert Document.objects.filter(uploaded_by=alice).count() == 2


def test_a_form_without_files_says_so(page, policies):
    answer = page.post(f"{LIST}add/", {"collection": policies.pk, "sensitivity": 0})
    assert "Choose one file or more." in answer.content.decode()


def test_the_list_shows_how_far_each_document_is(page, upload):
    failed, working = upload(files.scanned_pdf(), "scan.pdf"), upload()
    tasks.work_once("test")
    Document.objects.filter(pk=working.pk).update(status="working", stage="embedding", progress=42)
    text = page.get(LIST).content.decode()
    assert "no text layer" in text
    assert '<progress max="100" value="42"' in text
    assert f'data-live="{working.pk}-state" data-busy' in text
    assert f'data-live="{failed.pk}-state" data-busy' not in text


def test_a_document_shows_its_passages_and_offers_no_download(page, upload):
    document = upload("# Travel\n\nTrains <script>first</script>.", "travel.md")
    tasks.work_once("test")
    text = page.get(f"{LIST}{document.pk}/change/").content.decode()
    assert "Trains &lt;script&gt;first&lt;/script&gt;." in text
    assert "Page 1 · Travel" in text
    assert document.file.name not in text


def test_pages_hold_no_inline_script_or_style(page, upload):
    document = upload()
    for address in (LIST, f"{LIST}add/", f"{LIST}{document.pk}/change/"):
        text = page.get(address).content.decode()
        assert "<style" not in text
        assert " style=" not in text
        assert not [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "json" not in tag]


def test_title_and_sensitivity_change_here_and_in_search_but_not_the_collection(page, upload, policies):
    document = upload()
    tasks.work_once("test")
    other = Source.objects.get().collection.__class__.objects.create(name="Other")
    data = {"title": "New", "sensitivity": 20, "collection": other.pk}
    assert page.post(f"{LIST}{document.pk}/change/", data).status_code == 302
    document.refresh_from_db()
    assert (document.title, document.sensitivity, document.collection) == ("New", 20, policies)
    assert (document.status, Source.objects.get().title) == ("ready", "New")
    assert Source.objects.get().sensitivity == Sensitivity.CONFIDENTIAL


def test_what_failed_is_retried_from_the_list_and_from_its_page(page, upload):
    document = upload()
    Document.objects.update(status="failed", error="No luck.")
    page.post(LIST, {"action": "retry", "_selected_action": [document.pk]})
    assert Document.objects.get().status == "queued"
    Document.objects.update(status="failed")
    address = f"{LIST}{document.pk}/change/"
    assert 'name="_retry"' in page.get(address).content.decode()
    page.post(address, {"title": document.title, "sensitivity": 0, "_retry": "Retry"})
    assert Document.objects.get().status == "queued"


def test_deleting_one_and_many_removes_files_and_passages(page, upload, folder):
    documents = [upload(f"Text {number}", f"{number}.txt") for number in range(3)]
    while tasks.work_once("test"):
        pass
    page.post(reverse("admin:documents_document_delete", args=[documents[0].pk]), {"post": "yes"})
    assert Source.objects.count() == 2
    chosen_ids = [document.pk for document in documents[1:]]
    page.post(LIST, {"action": "delete_selected", "_selected_action": chosen_ids, "post": "yes"})
    assert not Document.objects.exists()
    assert not Source.objects.exists()
    assert not list(folder.glob("files/documents/*"))


def test_uploading_needs_the_permission(client, policies):
    client.force_login(User.objects.create_user("bob", is_staff=True))
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}add/", {"uploads": [chosen("a.txt")]}).status_code == 403
