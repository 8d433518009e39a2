import pytest
from asgiref.sync import async_to_sync

from documents import services, tasks
from documents.claims import claim
from documents.models import Document
from langai_site.sensitivity import Sensitivity
from search.access import reader_of
from search.models import Page, Passage, Source
from search.services import find
from tests.documents import files

pytestmark = pytest.mark.django_db(transaction=True)

POLICY = (
    "This handbook is for everyone who works here.",
    "Paid vacation: every employee has twenty-five days a year.\nUnused days end in March.",
    "Refunds: a customer gets the money back within thirty days of the purchase.",
)


def read_all() -> None:
    while tasks.work_once("test"):
        pass


def outcome(document: Document) -> Document:
    read_all()
    document.refresh_from_db()
    return document


def test_a_pdf_becomes_passages_that_are_found_on_their_page(meaning, upload, alice):
    document = outcome(upload(files.pdf(*POLICY), "policy.pdf"))
    assert (document.status, document.error, document.progress) == ("ready", "", 100)
    assert (document.pages, document.passages, document.stage) == (3, 3, "")
    hits = async_to_sync(find)("How many days of vacation do I get?", reader_of(alice)).hits
    assert (hits[0].page, hits[0].pages, hits[0].title) == (2, 3, "policy")
    assert "twenty-five days" in hits[0].text
    page = Page.objects.get(source=hits[0].source_id, number=2).text
    assert page[hits[0].start : hits[0].end] == hits[0].text


def test_every_format_is_read_with_title_and_headings(upload):
    text = upload("Plain words.", "notes.txt")
    markdown = upload("# Travel\n\nTrains first.", "travel.md")
    html = upload("<title>Fire drill</title><h2>Meeting point</h2><p>By the oak.", "drill.html")
    read_all()
    sources = {source.document: source for source in Source.objects.all()}
    assert [sources[d.pk].title for d in (text, markdown, html)] == ["notes", "Travel", "Fire drill"]
    assert all(source.live for source in sources.values())
    assert sources[markdown.pk].passages.get().heading == "Travel"
    assert sources[html.pk].passages.get().heading == "Meeting point"
    assert {source.media_type for source in sources.values()} == {"text/plain", "text/markdown", "text/html"}


def test_a_title_that_a_person_gave_is_kept(upload):
    document = outcome(upload("# Travel\n\nTrains first.", "travel.md", title="How we travel"))
    assert document.title == Source.objects.get().title == "How we travel"


def test_a_title_given_while_it_is_read_is_kept(upload):
    document = upload("# Travel\n\nTrains first.", "travel.md")
    held = claim("test")
    read_before = Document.objects.select_related("collection").get(pk=document.pk)
    services.relabel(document, title="How we travel", sensitivity=Sensitivity.PUBLIC)
    tasks._ingest(held, read_before)
    document.refresh_from_db()
    assert document.title == Source.objects.get().title == "How we travel"


def test_without_a_model_a_document_is_still_read(upload):
    document = outcome(upload())
    assert (document.status, document.passages) == ("ready", 1)
    assert Passage.objects.get().vector is None


def test_a_failure_says_why_and_a_retry_goes_through(upload):
    document = outcome(upload(files.scanned_pdf(), "scan.pdf"))
    assert document.status == "failed"
    assert "no text layer" in document.error
    with open(document.file.path, "wb") as file:
        file.write(files.pdf("Now with text."))
    services.retry(document)
    document = outcome(document)
    assert (document.status, document.error, document.attempts) == ("ready", "", 1)


def test_an_unexpected_failure_is_logged_and_told_without_details(upload, caplog):
    document = upload()
    document.file.storage.delete(document.file.name)
    Document.objects.update(file_name="holiday.unheard-of")
    document = outcome(document)
    assert (document.status, document.error) == ("failed", tasks.WENT_WRONG)
    assert "KeyError" in caplog.text


def test_reading_a_document_twice_never_doubles_it(meaning, upload):
    document = outcome(upload())
    Document.objects.update(status="queued")
    assert outcome(document).status == "ready"
    assert Source.objects.count() == Passage.objects.count() == 1


def test_a_document_deleted_while_it_is_read_leaves_nothing(upload):
    document = upload("word " * 100)
    held = claim("test")
    services.delete(document)
    assert tasks.work_on(held)
    assert not Source.objects.exists()


def test_a_label_raised_before_it_is_read_holds(upload):
    document = upload()
    services.relabel(document, title=document.title, sensitivity=Sensitivity.CONFIDENTIAL)
    outcome(document)
    assert Source.objects.get().label == Sensitivity.CONFIDENTIAL
