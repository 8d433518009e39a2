"""Reads mailboxes: the mails that a mail program keeps or exports in one file, each with what is in it."""

import re
from pathlib import Path

from documents.extraction import mail_parts
from documents.extraction.mail import MailWriter
from documents.extraction.reading import note
from documents.extraction.types import Extracted, ExtractionError, Limits, Unread

NOT_ONE = "This is not a mailbox, though its name says so: no mail begins in it. Export it again as .mbox."
# The line before each mail. In texts of mails, such lines begin with a mark.
START = re.compile(rb"^From [^\n]{1,500}\n", re.MULTILINE)
MAX_MAILS = 5000
TOO_MANY = f"This mailbox has more than {MAX_MAILS:,} mails. Split it into several files."


def extract(path: Path, limits: Limits) -> Extracted:
    data = path.read_bytes().replace(b"\r\n", b"\n")
    starts = [match for match in START.finditer(data) if match.start() == 0 or data[match.start() - 2 :][:2] == b"\n\n"]
    if not starts:
        raise ExtractionError(NOT_ONE)
    if len(starts) > MAX_MAILS:
        raise ExtractionError(TOO_MANY)
    writer, ends = MailWriter(limits), [*(match.start() for match in starts[1:]), len(data)]
    for number, (match, end) in enumerate(zip(starts, ends, strict=True), start=1):
        try:
            one = mail_parts.parsed(data[match.end() : end])
        except ExtractionError as error:
            note(Unread.PART, f"mail {number}: {error.message}")
            continue
        writer.write(one, f"mail {number}")
    return writer.extracted("")
