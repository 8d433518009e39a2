"""Reads mails as Outlook saves them, `.msg`: a container with a stream for each property of the mail."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from documents.extraction import compressed_rtf, mail, rtf
from documents.extraction.encodings import clean, decode
from documents.extraction.mail_parts import Mail, MailFile
from documents.extraction.reading import note
from documents.extraction.types import Extracted, ExtractionError, Limits, Unread
from documents.names import shown_name
from documents.sentences import said
from langai_site.words import gettext_noop

if TYPE_CHECKING:
    from olefile import OleFileIO

DAMAGED = gettext_noop("This mail is damaged or not complete. Save it again as .msg or .eml.")
NOT_ONE = gettext_noop("This is not a mail of Outlook, though its name says so. Save it again as .msg or .eml.")
OTHERS = gettext_noop("attachments of a mail. At most %(most)s files in a mail are read")
NO_RICH_TEXT = gettext_noop("the text of a mail, which is damaged or too large")
DAMAGES = (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error)

SUBJECT, BODY, HTML, RICH_TEXT = "0037", "1000", "1013", "1009"
TO, CC = "0E04", "0E03"
SENDER, SENDER_ADDRESS, SENDER_SMTP = "0C1A", "0C1F", "5D01"
SENT, DELIVERED = 0x00390040, 0x0E060040
FILE_LONG, FILE_SHORT, FILE_TYPE, FILE_DATA = "3707", "3704", "370E", "3701"
UNICODE, ANSI, BINARY, OBJECT = "001F", "001E", "0102", "000D"
PROPERTIES = "__properties_version1.0"
ATTACHMENT = "__attach_version1.0_"
# The properties of the mail itself begin after 32 bytes, those of one in it after 24.
OUTER_HEADER, INNER_HEADER, PROPERTY_BYTES = 32, 24, 16
SINCE_1601 = datetime(1601, 1, 1, tzinfo=UTC)
MAX_DEPTH, MAX_ATTACHMENTS = mail.MAX_DEPTH, mail.MAX_FILES

Place = tuple[str, ...]


def extract(path: Path, limits: Limits) -> Extracted:
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as container:
            read = MsgReader(container, limits).mail()
            if not read.is_one and not read.body:
                raise ExtractionError(NOT_ONE)
            return mail.read(read, limits)
    except ExtractionError:
        raise
    except DAMAGES as error:
        raise ExtractionError(DAMAGED) from error


class MsgReader:
    """A mail's container; a mail in it is a folder of the same form."""

    def __init__(self, container: "OleFileIO", limits: Limits) -> None:
        self._container, self._limits = container, limits
        self._entries = container.listdir(streams=True, storages=True)

    def mail(self, place: Place = (), depth: int = 0) -> Mail:
        sender, address = self._text(place, SENDER), self._text(place, SENDER_SMTP) or self._text(place, SENDER_ADDRESS)
        known = f"{sender} <{address}>" if "@" in address and sender != address else sender or address
        headers = {
            "Subject": self._text(place, SUBJECT),
            "From": known,
            "To": self._text(place, TO),
            "Cc": self._text(place, CC),
            "Date": self._date(place),
        }
        shown = {name: " ".join(clean(value).replace("\0", "").split()) for name, value in headers.items()}
        return Mail(shown, self._body(place), tuple(self._attached(place, depth)))

    def _body(self, place: Place) -> str:
        plain = self._text(place, BODY).replace("\0", "")
        if plain.strip():
            return plain.strip()
        markup = decode(self._bytes((*place, f"__substg1.0_{HTML}{BINARY}"))) or self._text(place, HTML)
        if not markup:
            return self._rich_text(place)
        from documents.extraction.html import read

        return read(clean(markup)).text

    def _rich_text(self, place: Place) -> str:
        packed = self._bytes((*place, f"__substg1.0_{RICH_TEXT}{BINARY}"))
        if not packed:
            return ""
        try:
            return "".join(page.text for page in rtf.read(compressed_rtf.unpacked(packed), self._limits).pages).strip()
        except (ExtractionError, ValueError):
            note(Unread.PART, said(NO_RICH_TEXT))
            return ""

    def _attached(self, place: Place, depth: int) -> Iterator[MailFile | Mail]:
        folders = dict.fromkeys(
            tuple(entry[: len(place) + 1])
            for entry in self._entries
            if tuple(entry[: len(place)]) == place
            and len(entry) > len(place)
            and entry[len(place)].startswith(ATTACHMENT)
        )
        if len(folders) > MAX_ATTACHMENTS:
            note(Unread.PART, said(OTHERS, most=str(mail.MAX_FILES)), count=len(folders) - MAX_ATTACHMENTS)
        for folder in list(folders)[:MAX_ATTACHMENTS]:
            name = self._text(folder, FILE_LONG) or self._text(folder, FILE_SHORT)
            shown = shown_name(name.replace("\0", "")) if name else "a file"
            inner = (*folder, f"__substg1.0_{FILE_DATA}{OBJECT}")
            if not self._container.exists(list(inner)):
                data = (*folder, f"__substg1.0_{FILE_DATA}{BINARY}")
                kind = self._text(folder, FILE_TYPE) or "application/octet-stream"
                yield MailFile(shown, kind, lambda data=data: self._bytes(data))  # type: ignore[misc]
            elif depth < MAX_DEPTH:
                yield self.mail(inner, depth + 1)
            else:
                note(Unread.ATTACHMENT, said(mail.NOT_READ, name=shown, reason=mail.TOO_DEEP))

    def _text(self, place: Place, property_id: str) -> str:
        wide = self._bytes((*place, f"__substg1.0_{property_id}{UNICODE}"))
        if wide:
            return wide.decode("utf-16-le", errors="replace")
        narrow = self._bytes((*place, f"__substg1.0_{property_id}{ANSI}"))
        return decode(narrow.rstrip(b"\0")) if narrow else ""

    def _bytes(self, place: Place) -> bytes:
        if not self._container.exists(list(place)):
            return b""
        data: bytes = self._container.openstream(list(place)).read()
        return data

    def _date(self, place: Place) -> str:
        """Return when the mail was sent, otherwise when it came, as mails write it."""
        data = self._bytes((*place, PROPERTIES))
        header = INNER_HEADER if place else OUTER_HEADER
        times = {}
        for start in range(header, len(data) - PROPERTY_BYTES + 1, PROPERTY_BYTES):
            tag, _, ticks = struct.unpack_from("<IIQ", data, start)
            if tag in (SENT, DELIVERED) and 0 < ticks < 2**60:
                times[tag] = ticks
        ticks = times.get(SENT) or times.get(DELIVERED) or 0
        return format_datetime(SINCE_1601 + timedelta(microseconds=ticks // 10)) if ticks else ""
