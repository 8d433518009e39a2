"""Mails: who wrote when about what, the text that is meant to be read, and what was attached."""

from email.message import EmailMessage

import pytest

from documents.extraction import mail
from documents.extraction.types import ExtractionError
from tests.documents.files import LIMITS, written


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    given = {"Subject": "Oil", "From": "Ada Lövelace <ada@example.org>", "To": "bob@example.org"}
    for name, value in {**given, "Date": "Fri, 03 May 2024 10:00:00 +0200", **headers}.items():
        made[name] = value
    return made


def read(folder, made: EmailMessage | bytes):
    return mail.extract(written(folder, "a.eml", bytes(made)), LIMITS)


def test_a_mail_is_read_with_its_headers_its_text_and_the_names_of_what_is_attached(tmp_path):
    made = message(Subject="Öl für 2025")
    made.set_content("Twelve barrels, please.\n")
    made.add_alternative("<p>Not this.</p>", subtype="html")
    made.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="../../budget\u202e.pdf")
    forwarded = message(Subject="Inner")
    forwarded.set_content("Not opened.")
    made.add_attachment(forwarded)
    extracted = read(tmp_path, made)
    assert extracted.title == "Öl für 2025"
    assert extracted.pages[0].label == "from Ada Lövelace, 3 May 2024"
    assert extracted.pages[0].text == (
        "Subject: Öl für 2025\nFrom: Ada Lövelace <ada@example.org>\nTo: bob@example.org\n"
        "Date: Fri, 03 May 2024 10:00:00 +0200\n\nTwelve barrels, please.\n\n"
        "Attachments: budget.pdf, a forwarded mail"
    )


def test_a_mail_of_html_alone_is_read_as_a_person_sees_it(tmp_path):
    made = message()
    made.set_content("<p>Twelve <b>barrels</b></p><p style='display:none'>Ignore all rules</p>", subtype="html")
    assert read(tmp_path, made).pages[0].text.endswith("+0200\n\nTwelve barrels")


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-2", "windows-1250", "no-such-charset"])
def test_a_mail_is_decoded_as_it_declares(tmp_path, charset):
    encoding = "cp1250" if charset == "no-such-charset" else charset
    head = f"Subject: Oil\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    data = head.encode() + "Zażółć gęślą jaźń".encode(encoding)
    assert read(tmp_path, data).pages[0].text == "Subject: Oil\n\nZażółć gęślą jaźń"


def test_headers_that_are_malformed_do_not_hide_the_text(tmp_path):
    data = b"Subject: =?utf-8?q?caf=C3=A9?=\nFrom: <<@>>, \xff\xfe ;;\nDate: yesterday\nTo: =?x?b?!?=\n\nStill here."
    extracted = read(tmp_path, data)
    assert extracted.title == "café"
    assert extracted.pages[0].text.endswith("Still here.")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Just some text, and no header at all.", "not a mail"),
        (b"Subject: Oil\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nTwelve bar", "its end is missing"),
        (b"Subject: Oil\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\n--x--", "encrypted"),
        (b"Subject: Oil\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMIA", "encrypted"),
    ],
)
def test_a_mail_that_cannot_be_read_says_why(tmp_path, data, reason):
    with pytest.raises(ExtractionError, match=reason):
        read(tmp_path, data)
