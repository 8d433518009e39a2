"""Reads mailboxes: the mails that a mail program keeps or exports in one file, each with what is in it."""

import re
from pathlib import Path

from documents.extraction import mail_parts
from documents.extraction.mail import MailWriter
from documents.extraction.reading import note
from documents.extraction.types import Extracted, ExtractionError, Limits, Unread
from documents.sentences import said
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop(
    "This is not a mailbox, though its name says so: no mail begins in it. Export it again as .mbox."
)
# The line before each mail. In texts of mails, such lines should begin with a mark, and not all programs set it.
START = re.compile(rb"^From [^\n]{1,500}\n", re.MULTILINE)
# A sender and the moment: `From ada@example.org Fri May  3 10:00:00 2024`.
ENVELOPE = re.compile(
    rb"From .{0,300}\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2})"
    rb"(?:,? +\d{4})? +\d{1,2}:\d\d.{0,60}\n"
)
HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,70}:|[ \t]+\S")
# A mail has one of these among its headers.
KNOWN_HEADER = re.compile(
    rb"^(?:From|To|Cc|Subject|Date|Sender|Reply-To|Return-Path|Received|Delivered-To|Message-ID|MIME-Version|"
    rb"Content-Type|Status|X-[A-Za-z0-9-]+):",
    re.IGNORECASE | re.MULTILINE,
)
HEADER_BYTES = 8000
MAX_MAILS = 5000
MAIL = gettext_noop("mail %(number)s: %(reason)s")
TOO_MANY = said(
    gettext_noop("This mailbox has more than %(max_mails)s mails. Split it into several files."), max_mails=MAX_MAILS
)


def extract(path: Path, limits: Limits) -> Extracted:
    data = path.read_bytes().replace(b"\r\n", b"\n")
    starts = [match for match in START.finditer(data) if _begins_mail(data, match)]
    if not starts:
        raise ExtractionError(NOT_ONE)
    if len(starts) > MAX_MAILS:
        raise ExtractionError(TOO_MANY)
    writer, ends = MailWriter(limits), [*(match.start() for match in starts[1:]), len(data)]
    for number, (match, end) in enumerate(zip(starts, ends, strict=True), start=1):
        try:
            one = mail_parts.parsed(data[match.end() : end], is_one=True)
        except ExtractionError as error:
            note(Unread.PART, said(MAIL, number=str(number), reason=error.sentence))
            continue
        writer.write(one, f"mail {number}")
    return writer.extracted("")


def _begins_mail(data: bytes, line: re.Match[bytes]) -> bool:
    """Return whether a mail begins below a line, which otherwise is a sentence of the mail before."""
    if line.start() == 0:
        return True
    return data[line.start() - 2 : line.start()] == b"\n\n" and (
        bool(ENVELOPE.fullmatch(line[0])) or _has_headers(data[line.end() : line.end() + HEADER_BYTES])
    )


def _has_headers(below: bytes) -> bool:
    headers = below.partition(b"\n\n")[0]
    # The last line may be cut.
    lines = headers.split(b"\n")[: None if len(headers) < len(below) else -1]
    return bool(lines) and all(map(HEADER.match, lines)) and bool(KNOWN_HEADER.search(headers))
