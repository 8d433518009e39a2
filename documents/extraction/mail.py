"""Mails: who wrote when to whom about what, and the text. Attachments are named, not opened."""

from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from documents.extraction.encodings import clean, decode, decoded
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, ExtractionError, Limits
from documents.names import shown_name

NOT_ONE = "This is not a mail, though its name says so: it has no sender, date or subject. Save it anew as .eml."
CUT = "This mail is not complete: its end is missing. Save or download it again."
LOCKED = "This mail is encrypted. Save its text without encryption and upload that."

SHOWN = ("Subject", "From", "To", "Cc", "Date")
ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
# What the standard library's parsers of headers raise on headers that are malformed in their many ways.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError)
PLACE_CHARACTERS = 100


def extract(path: Path, limits: Limits) -> Extracted:
    with path.open("rb") as file:
        message = BytesParser(_class=EmailMessage, policy=policy.default).parse(file)
    headers = {name: _header(message, name) for name in SHOWN}
    if not any(headers[name] for name in ("Subject", "From", "Date")):
        raise ExtractionError(NOT_ONE)
    _refuse_cut_and_locked(message)
    attachments = list(_attachments(message))
    blocks = (
        "\n".join(f"{name}: {value}" for name, value in headers.items() if value),
        _body(message),
        f"Attachments: {', '.join(attachments)}" if attachments else "",
    )
    text = clean("\n\n".join(filter(None, blocks)))
    return paged(text, title=clean(headers["Subject"]), label=_place(headers["From"], headers["Date"]))


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = str(message.get(name, ""))
    except MALFORMED:
        value = _raw_header(message, name)
    return " ".join(value.split())


def _raw_header(message: EmailMessage, name: str) -> str:
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    try:
        return str(make_header(decode_header(raw)))
    except MALFORMED:
        return raw


def _refuse_cut_and_locked(message: EmailMessage) -> None:
    if message.get_content_type() in ENCRYPTED and message.get_param("smime-type") != "signed-data":
        raise ExtractionError(LOCKED)
    for part in message.walk():
        if any(isinstance(d, CloseBoundaryNotFoundDefect | StartBoundaryNotFoundDefect) for d in part.defects):
            raise ExtractionError(CUT)


def _body(message: EmailMessage) -> str:
    """The mail's text; where it has none, its HTML as a person reads it."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = _content(part)
    if part.get_content_subtype() != "html":
        return text.strip()
    from documents.extraction.html import read

    return read(clean(text)).text


def _content(part: MIMEPart) -> str:
    """What a mail says of its encoding is mostly right, unlike what a web page says."""
    data, declared = part.get_payload(decode=True), part.get_content_charset("")
    if not isinstance(data, bytes):
        return ""
    return (None if declared in ("", "us-ascii") else decoded(data, declared)) or decode(data)


def _attachments(message: EmailMessage) -> Iterator[str]:
    for part in message.iter_attachments():
        try:
            name = part.get_filename()
        except MALFORMED:
            name = None
        yield shown_name(name) if name else _nameless(part)


def _nameless(part: EmailMessage) -> str:
    return "a forwarded mail" if part.get_content_type() == "message/rfc822" else f"a file ({part.get_content_type()})"


def _place(sender: str, date: str) -> str:
    """Where a passage stands: `from Ada Lovelace, 3 May 2024`."""
    name, address = parseaddr(sender)
    who = (name or address)[:PLACE_CHARACTERS]
    return ", ".join(filter(None, (f"from {clean(who)}" if who else "", _day(date))))


def _day(date: str) -> str:
    try:
        moment: datetime = parsedate_to_datetime(date)
    except MALFORMED:
        return ""
    return f"{moment.day} {moment:%B %Y}"
