"""Formats of other programs: Outlook's mails, mailboxes, calendars, books, subtitles, notebooks, code."""

from dataclasses import replace

import pytest

from documents import chunking
from documents.extraction import (
    calendars,
    code,
    epub,
    marked_text,
    mbox,
    notebook,
    odp,
    ods,
    outlook,
    reading,
    subtitles,
)
from documents.extraction.types import Extracted, ExtractionError
from search.types import PageText
from tests.documents import files
from tests.documents.files import LIMITS, written
from tests.documents.test_text_formats import headed, words


def labelled(extracted: Extracted) -> list[tuple[str, str]]:
    return [(page.label, page.text) for page in extracted.pages]


def test_a_mail_of_outlook_is_read_with_its_files_and_the_mails_in_it(tmp_path):
    offer = "Ten barrels. " * 500
    data = files.msg("Oil", "Twelve.", {"offer.txt": offer.encode()}, files.msg_tree("Inner", "Pay by Friday."))
    extracted = outlook.extract(written(tmp_path, "a.msg", data), LIMITS)
    assert extracted.title == "Oil"
    assert labelled(extracted) == [
        ("from Ada", "Subject: Oil\nFrom: Ada\n\nTwelve.\n\nAttachments: offer.txt, forwarded mail “Inner”"),
        ("attachment offer.txt", offer),
        ("forwarded mail “Inner”, from Ada", "Subject: Inner\nFrom: Ada\n\nPay by Friday."),
    ]


# The examples of Microsoft's description of the format.
HELLO = "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
REPEATED = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0"


def msg_of_rich_text(data: bytes) -> bytes:
    tree = files.msg_tree("Oil", "")
    return files.compound({**tree, "__substg1.0_10090102": data})


@pytest.mark.parametrize(("packed", "text"), [(HELLO, "hello world"), (REPEATED, "WXYZWXYZWXYZWXYZWXYZ")])
def test_a_mail_of_outlook_that_has_only_rich_text_is_read(tmp_path, packed, text):
    data = msg_of_rich_text(bytes.fromhex(packed))
    (page,) = outlook.extract(written(tmp_path, "a.msg", data), LIMITS).pages
    assert page.text == f"Subject: Oil\nFrom: Ada\n\n{text}"


@pytest.mark.parametrize("packed", [HELLO[:60], "2d0000002b0000004c5a4675f1c5c7a7ffffff", "00" * 9])
def test_rich_text_that_is_damaged_is_told(tmp_path, packed):
    with reading.begin() as notes:
        outlook.extract(written(tmp_path, "a.msg", msg_of_rich_text(bytes.fromhex(packed))), LIMITS)
    assert [str(note.value) for note in notes.notes()] == ["the text of a mail, which is damaged or too large"]


def test_attachments_of_outlook_beyond_the_most_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(outlook, "MAX_ATTACHMENTS", 1)
    data = files.msg("Oil", "Twelve.", {f"{number}.txt": b"Ten. " * 1000 for number in range(3)})
    with reading.begin() as notes:
        outlook.extract(written(tmp_path, "a.msg", data), LIMITS)
    assert [(str(note.value), note.count) for note in notes.notes()] == [
        ("attachments of a mail. At most 200 files in a mail are read", 2)
    ]


def test_a_container_without_a_mail_says_so(tmp_path):
    with pytest.raises(ExtractionError, match=r"not a mail of Outlook|damaged"):
        outlook.extract(written(tmp_path, "a.msg", files.compound({"__nameid_version1.0": {}, "x": b"y"})), LIMITS)


def test_each_mail_of_a_mailbox_has_its_place(tmp_path):
    data = (
        b"From a@b Fri May  3 10:00:00 2024\nSubject: Oil\nFrom: Ada <a@b>\n\nTwelve.\nFrom here on, nothing.\n\n"
        b"From a@b Fri May  3 11:00:00 2024\nSubject: Re: Oil\nFrom: Bob <b@b>\n\nThirteen.\n"
    )
    extracted = mbox.extract(written(tmp_path, "a.mbox", data), LIMITS)
    assert [page.label for page in extracted.pages] == ["mail 1, from Ada", "mail 2, from Bob"]
    assert extracted.pages[0].text.endswith("From here on, nothing.")


ENVELOPE = b"From a@b Fri May  3 10:00:00 2024\n"


def test_sentences_that_begin_like_the_line_above_a_mail_stay_in_their_mail(tmp_path):
    data = (
        ENVELOPE + b"Subject: Oil\n\nHello all.\n\nFrom Monday on the office is closed.\nThe key code is 4711.\n\n"
        b"From the minutes of 3 May 2024, at 10:00:\nNote: closed.\n\n"
        b"From bob@example.org\nSubject: Re: Oil\nFrom: Bob <b@b>\n\nThirteen.\n"
    )
    first, second = mbox.extract(written(tmp_path, "a.mbox", data), LIMITS).pages
    assert "office is closed.\nThe key code is 4711.\n\nFrom the minutes" in first.text
    assert first.text.endswith("Note: closed.")
    assert second.text.endswith("Thirteen.")


@pytest.mark.parametrize("headers", [b"To: bob@b\nMessage-ID: <1@b>", b"Message-ID: <1@b>"])
def test_a_draft_in_a_mailbox_keeps_its_text(tmp_path, headers):
    data = ENVELOPE + headers + b"\n\nNot sent yet.\n"
    (page,) = mbox.extract(written(tmp_path, "a.mbox", data), LIMITS).pages
    assert page.text.endswith("Not sent yet.")


def test_a_mailbox_with_more_mails_than_pages_keeps_the_first_ones_and_tells_of_the_others(tmp_path):
    data = b"".join(ENVELOPE + b"Subject: Oil\n\nNumber %d.\n\n" % number for number in range(5))
    with reading.begin() as notes:
        extracted = mbox.extract(written(tmp_path, "a.mbox", data), replace(LIMITS, max_pages=2))
    assert [page.label for page in extracted.pages] == ["mail 1", "mail 2"]
    assert [(str(note.value), note.count) for note in notes.notes()] == [
        ("mails for which one document has no room, the first: mail 3", 3)
    ]


def test_a_file_for_which_a_mail_has_no_page_left_is_told_without_false_numbers(tmp_path):
    data = files.msg("Oil", "Twelve.", {"offer.txt": b"Ten."})
    with reading.begin() as notes:
        outlook.extract(written(tmp_path, "a.msg", data), replace(LIMITS, max_pages=1))
    assert [str(note.value) for note in notes.notes()] == [
        "offer.txt: it would be more text than one document may have"
    ]


CALENDAR = """BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Board\\, meeting
DTSTART;TZID=Europe/Berlin:20240503T100000
DTEND:20240503T120000Z
LOCATION:Room 4
ORGANIZER;CN="Ada, Countess":MAILTO:ada@example.org
DESCRIPTION:Bring the plan.\\nAnd
  the budget.
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_an_event_is_read_with_when_where_and_with_whom(tmp_path):
    extracted = calendars.extract(written(tmp_path, "a.ics", CALENDAR.replace("\n", "\r\n")), LIMITS)
    assert words(extracted) == (
        "Board, meeting\nBegins: 2024-05-03 10:00\nEnds: 2024-05-03 12:00 UTC\nWhere: Room 4\n"
        "Organizer: Ada, Countess <ada@example.org>\nDescription: Bring the plan.\nAnd the budget.\n"
        "Description: Reminder"
    )
    assert headed(extracted) == [("Board, meeting", "Board, meeting")]


def test_a_book_is_read_in_the_order_of_its_chapters(tmp_path):
    extracted = epub.extract(written(tmp_path, "a.epub", files.epub("One", "Two")), LIMITS)
    assert extracted.title == "A book"
    assert labelled(extracted) == [("One", "One\n\nWords 0."), ("Two", "Two\n\nWords 1.")]


def test_a_chapter_that_cannot_be_read_is_noted(tmp_path):
    with reading.begin() as notes:
        data = files.epub("One", "<div>" * 1100)
        assert len(epub.extract(written(tmp_path, "a.epub", data), LIMITS).pages) == 1
    assert "levels deep" in str(notes.notes()[0].value)


def test_an_opendocument_spreadsheet_is_read_as_it_is_shown_without_its_endless_rest(tmp_path):
    data = files.ods([["Item", "Sum"], ["Rent", "1.250,00 €"], [], ["Oil", "3"]])
    extracted = ods.extract(written(tmp_path, "a.ods", data), LIMITS)
    assert labelled(extracted) == [("Costs", "Item | Sum\nRent | 1.250,00 €\n\nOil | 3")]


def test_an_opendocument_presentation_is_read_slide_by_slide(tmp_path):
    extracted = odp.extract(written(tmp_path, "a.odp", files.odp("Plan", "Costs")), LIMITS)
    assert labelled(extracted) == [("slide 1", "Plan"), ("slide 2", "Costs")]


SUBTITLES = {
    "a.srt": "1\n00:01:05,000 --> 00:01:07,000\n<i>Hello</i>\nthere.\n\n2\n00:02:00,000 --> 00:02:01,000\nBye.\n",
    "a.vtt": "WEBVTT\n\nNOTE not said\n\n01:05.000 --> 01:07.000 line:0\n<v Ada>Hello there.\n\n"
    "02:00.000 --> 02:01.000\nBye.\n",
}  # fmt: skip


@pytest.mark.parametrize("name", SUBTITLES)
def test_subtitles_are_read_with_their_times(tmp_path, name):
    said = words(subtitles.extract(written(tmp_path, name, SUBTITLES[name]), LIMITS))
    assert said.replace("00:0", "0") in ("01:05 Hello there.\n02:00 Bye.", "1:05 Hello there.\n2:00 Bye.")


def test_a_notebook_is_read_with_its_results(tmp_path):
    cells = (
        '{"cells": [{"cell_type": "markdown", "source": ["# Sales\\n", "By city."]},'
        '{"cell_type": "code", "source": "total()", "outputs": [{"data": {"text/plain": ["42"], "image/png": "i"}}]}]}'
    )
    extracted = notebook.extract(written(tmp_path, "a.ipynb", cells), LIMITS)
    assert words(extracted) == "# Sales\nBy city.\n\n```\ntotal()\n```\n\nResult:\n\n```\n42\n```"
    assert extracted.title == "Sales"


@pytest.mark.parametrize(
    ("name", "text", "headings"),
    [
        ("a.tex", "\\title{Oil}\n\\section*{Lamps}\nText.\n\\subsection[short]{Wicks}", ["Oil", "Lamps", "Wicks"]),
        ("a.adoc", "= Oil\n\n== Lamps\n\n----\n= code\n----\n", ["Oil", "Lamps"]),
        ("a.org", "#+TITLE: Oil\n* TODO Lamps\n#+begin_src\n* code\n#+end_src\n** Wicks", ["Oil", "Lamps", "Wicks"]),
    ],
)
def test_headings_of_marked_texts_are_known(tmp_path, name, text, headings):
    extracted = marked_text.extract(written(tmp_path, name, text), LIMITS)
    assert [heading.text for heading in extracted.headings] == headings
    assert words(extracted) == text


def test_passages_of_code_say_which_lines_they_are_and_what_is_defined_there(tmp_path):
    text = "import os\n\n\nclass Lamp:\n" + "    oil = 1\n" * 60 + "\n\ndef burn(lamp):\n" + "    lamp.oil -= 1\n" * 60
    extracted = code.extract(written(tmp_path, "a.py", text), LIMITS)
    pages = [PageText(1, page.text, page.label, page.first_row, page.unit) for page in extracted.pages]
    spans = chunking.split(pages, chunking.splitter(markdown=False), extracted.headings)
    assert spans[0].location.startswith("lines 1 to ")
    assert spans[-1].location.endswith(f" to {text.count(chr(10))}")
    assert [heading.text for heading in extracted.headings] == ["class Lamp", "def burn(lamp)"]
    assert spans[-1].heading == "def burn(lamp)"


@pytest.mark.parametrize(
    "line", ["[server.http]", "CREATE OR REPLACE VIEW sales AS", "export default async function main() {"]
)
def test_sections_and_definitions_of_other_languages_are_known(line):
    assert len(code.by_lines(f"a\n{line}\nb").headings) == 1


def test_a_binary_file_without_an_ending_is_refused(tmp_path):
    with pytest.raises(ExtractionError, match="not look like a text file"):
        code.extract(written(tmp_path, "program", bytes(range(256)) * 8), LIMITS)
