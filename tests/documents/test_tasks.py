import pytest
from asgiref.sync import async_to_sync
from django.db import transaction

from documents import ingest, services, tasks
from documents.claims import Claim, claim
from documents.extraction.registry import FORMATS
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
    hits = async_to_sync(find)("How many days of vacation do I get?", reader_of(alice), label=Sensitivity.PUBLIC).hits
    assert (hits[0].page, hits[0].pages, hits[0].title) == (2, 3, "policy")
    assert "twenty-five days" in hits[0].text
    page = Page.objects.get(source=hits[0].source_id, number=2).text
    assert page[hits[0].start : hits[0].end] == hits[0].text


UPLOADS = {
    "notes.txt": (b"Plain words.", ("notes", "", "")),
    "travel.md": (b"# Travel\n\nTrains first.", ("Travel", "Travel", "")),
    "rules.rst": (b"Rules\n=====\n\nBe kind.", ("Rules", "Rules", "")),
    "drill.html": (
        b"<title>Fire drill</title><h2>Meeting point</h2><p>By the oak.",
        ("Fire drill", "Meeting point", ""),
    ),
    "policy.pdf": (files.pdf("First."), ("policy", "", "")),
    "report.docx": (files.docx("Words."), ("report", "", "")),
    "plan.pptx": (files.pptx("The plan"), ("The plan", "The plan", "slide 1")),
    "budget.xlsx": (files.xlsx(Costs=[["Oil", "Sum"], ["Lamp", 5]]), ("budget", "", "Costs, rows 1 to 2")),
    "staff.csv": (b"Name,Days\nAnn,25\nBob,30\n", ("staff", "", "rows 1 to 3")),
    "lamps.tsv": (b"Lamp\tOil\n", ("lamps", "", "row 1")),
    "order.eml": (
        b"Subject: Oil\nFrom: Ada <ada@example.org>\nDate: Fri, 03 May 2024 10:00:00 +0200\n\nTwelve.",
        ("Oil", "", "from Ada, 3 May 2024"),
    ),
    "data.json": (b'{"days": 25}', ("data", "", "")),
    "old.rtf": (rb"{\rtf1 Rich words.}", ("old", "", "")),
    "free.odt": (
        files.odt('<text:h text:outline-level="1">Free</text:h><text:p>Words.</text:p>'),
        ("Free", "Free", ""),
    ),
    "macros.docm": (files.docx("More words."), ("macros", "", "")),
    "macros.xlsm": (files.xlsx(Costs=[["Oil", "Sum"], ["Lamp", 6]]), ("macros", "", "Costs, rows 1 to 2")),
    "macros.pptm": (files.pptx("A plan"), ("A plan", "A plan", "slide 1")),
    "sheet.ods": (files.ods([["Oil", "Sum"], ["Lamp", "5 EUR"]]), ("sheet", "", "Costs, rows 1 to 2")),
    "slides.odp": (files.odp("The plan"), ("The plan", "The plan", "slide 1")),
    "book.epub": (files.epub("Chapter One"), ("A book", "Chapter One", "Chapter One")),
    "box.mbox": (
        b"From a@b Fri May  3 10:00:00 2024\nSubject: Oil\nFrom: Ada <ada@example.org>\n\nTwelve.",
        ("box", "Oil", "mail 1, from Ada"),
    ),
    "team.ics": (
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Meeting\nDTSTART:20240503T100000Z\nEND:VEVENT\nEND:VCALENDAR\n",
        ("team", "Meeting", ""),
    ),
    "work.ipynb": (b'{"cells": [{"cell_type": "markdown", "source": ["# Work\\n", "Words."]}]}', ("Work", "Work", "")),
    "film.srt": (b"1\n00:01:05,000 --> 00:01:07,000\nHello there.\n", ("film", "", "")),
    "paper.tex": (b"\\section{Oil}\n\nWords.", ("Oil", "Oil", "")),
    "tool.py": (b"def main():\n    pass\n", ("tool", "def main()", "lines 1 to 2")),
    "rules.yaml": (b"days: 25\n", ("rules", "", "line 1")),
    "README": (b"Read me.\n\nThen do it.\n", ("README", "", "lines 1 to 3")),
    "mail.msg": (files.msg("Oil", "Twelve."), ("Oil", "", "from Ada")),
    "old.xls": (files.xls([["Oil", "Sum"], ["Lamp", 5.0]]), ("old", "", "Costs, rows 1 to 2")),
}


def ending(name: str) -> str:
    return name[name.rindex(".") :] if "." in name else ""


@pytest.mark.any_database
def test_every_format_is_read_with_title_heading_and_place(upload):
    # Pictures are in test_pictures: they need a program for text recognition.
    modules = {kind.module for kind in FORMATS.values()} - {"documents.extraction.picture"}
    assert {FORMATS[ending(name)].module for name in UPLOADS} == modules
    uploaded = {name: upload(data, name).pk for name, (data, _) in UPLOADS.items()}
    read_all()
    sources = {source.document: source for source in Source.objects.filter(live=True)}
    for name, (_, expected) in UPLOADS.items():
        source = sources[uploaded[name]]
        passage = source.passages.get()
        assert (source.title, passage.heading, passage.location) == expected, name
        assert source.media_type == FORMATS[ending(name)].media_type


def test_places_are_pages_where_a_document_has_several(upload):
    document = outcome(upload(files.pdf(*POLICY), "policy.pdf"))
    assert document.pages == 3
    assert list(Passage.objects.values_list("location", flat=True)) == ["page 1", "page 2", "page 3"]


BAD = {
    "locked.pdf": (files.pdf("Secret", password="x"), "password-protected"),
    "cut.docx": (files.docx("Words.")[:5000], "damaged or not complete"),
    "wrong.docx": (files.pdf("Text."), "is a PDF"),
    "bomb.xlsx": (files.zipped({"[Content_Types].xml": "<a/>", "xl/a": bytes(60_000_000)}), "packed so densely"),
    "blank.txt": (b" \n", "no text"),
}


def test_files_that_cannot_be_read_say_why_and_hold_back_no_other(upload):
    failed = {name: upload(data, name) for name, (data, _) in BAD.items()}
    good = upload("Everyone has 25 days of holiday.", "good.txt")
    assert outcome(good).status == "ready"
    for name, (_, message) in BAD.items():
        failed[name].refresh_from_db()
        assert failed[name].status == "failed"
        assert message in failed[name].error
    assert Source.objects.count() == 1


@pytest.mark.needs("tesseract")
def test_scanned_pages_are_found_by_their_words(upload):
    document = outcome(upload(files.mixed_pdf("Cover.", "scan:Twelve barrels of oil."), "scan.pdf"))
    assert (document.status, document.error) == ("ready", "")
    assert Passage.objects.get(page=2).text == "Twelve barrels of oil."


def test_a_title_that_a_person_gave_is_kept(upload):
    document = outcome(upload("# Travel\n\nTrains first.", "travel.md", title="How we travel"))
    assert document.title == Source.objects.get().title == "How we travel"


def test_a_title_given_while_it_is_read_is_kept(upload):
    document = upload("# Travel\n\nTrains first.", "travel.md")
    held = claim("test")
    read_before = Document.objects.select_related("collection").get(pk=document.pk)
    services.relabel(document, title="How we travel", sensitivity=Sensitivity.PUBLIC)
    ingest.ingest(held, read_before)
    document.refresh_from_db()
    assert document.title == Source.objects.get().title == "How we travel"


def test_without_a_model_a_document_is_still_read(upload):
    document = outcome(upload())
    assert (document.status, document.passages) == ("ready", 1)
    assert not Passage.objects.get().vectors.exists()


def test_a_failure_says_why_and_a_retry_goes_through(upload):
    document = outcome(upload(files.pdf("Secret", password="x"), "secret.pdf"))
    assert document.status == "failed"
    assert "password-protected" in document.error
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


def test_a_label_raised_while_it_is_read_holds_from_the_moment_it_is_found(upload):
    upload()
    seen = []

    class Relabelled(Claim):
        """A claim during which the label is raised after the passages got theirs."""

        def update(self, **values):
            super().update(**values)
            if values.get("stage") == "embedding":
                Document.objects.update(sensitivity=Sensitivity.CONFIDENTIAL)
            if values.get("status") == "ready":
                transaction.on_commit(lambda: seen.append(Source.objects.get(live=True).label))

    held = claim("test")
    tasks.work_on(Relabelled(held.document, held.holder))
    assert seen == [Sensitivity.CONFIDENTIAL]


def test_a_label_raised_before_it_is_read_holds(upload):
    document = upload()
    services.relabel(document, title=document.title, sensitivity=Sensitivity.CONFIDENTIAL)
    outcome(document)
    assert Source.objects.get().label == Sensitivity.CONFIDENTIAL
