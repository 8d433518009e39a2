"""Reads mails: who wrote when to whom about what, and the text. Attachments are named, not opened."""

from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.errors import CloseBoundaryNotFoundDefect, MessageError, StartBoundaryNotFoundDefect
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from documents.extraction.encodings import clean, decode, decoded
from documents.extraction.layout import paged
from documents.extraction.types import Extracted, ExtractionError, Limits
from documents.names import shown_name

NOT_ONE = "This is not a mail, though its name says so: it has no sender, date or subject. Save it again as .eml."
CUT = "This mail is not complete: its end is missing. Save or download it again."
LOCKED = "This mail is encrypted. Save its text without encryption and upload that."

SHOWN = ("Subject", "From", "To", "Cc", "Date")
ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
# Exceptions of the standard library's header parsers for malformed headers of many kinds.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, MessageError)
PLACE_CHARACTERS = 100

# The time to parse a header grows with the square of its length. If it is longer, its words are decoded or it is
# shown unchanged.
PARSED_CHARACTERS = 4000
DECODED_CHARACTERS = 100_000
MAX_PARTS = 1000
MAX_DEPTH = 50
MAX_TYPE_CHARACTERS = 200_000
TOO_MANY_PARTS = f"This mail has more than {MAX_PARTS:,} parts. Save the files in it and upload those."
TOO_DEEP = f"This mail nests its parts more than {MAX_DEPTH} levels deep. Save the mails in it as files."
TOO_LONG = (
    "This mail describes its parts in headers that are too long to be read. Save its text, and the files in it, and "
    "upload those."
)


def extract(path: Path, limits: Limits) -> Extracted:
    with path.open("rb") as file:
        message = BytesParser(_class=Bounds().part, policy=policy.default).parse(file)  # type: ignore[arg-type]
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


class Bounds:
    """Creates the parts of one mail, and refuses the mail if it has too many or their types are too long."""

    def __init__(self) -> None:
        self._parts = self._type_characters = 0

    def part(self, policy: policy.Policy) -> EmailMessage:
        self._parts += 1
        # The parser creates one more than it needs.
        if self._parts > MAX_PARTS + 1:
            raise ExtractionError(TOO_MANY_PARTS)
        return MailPart(self, policy)

    def count(self, name: str, value: str) -> None:
        """Count a header that says how to read its part: it is parsed several times, the others at most once."""
        if name.lower().startswith("content-"):
            self._type_characters += len(value)
            if len(value) > PARSED_CHARACTERS or self._type_characters > MAX_TYPE_CHARACTERS:
                raise ExtractionError(TOO_LONG)


class MailPart(EmailMessage):
    """A mail or a part of one; it reports each header to its bounds before anything parses the header."""

    def __init__(self, bounds: Bounds, policy: policy.Policy) -> None:
        super().__init__(policy)
        self._bounds, self._depth = bounds, 0

    def attach(self, payload: "MailPart") -> None:  # type: ignore[override]
        """Check the depth when the parser attaches a part: it compares every line with all boundaries above."""
        payload._depth = self._depth + 1
        if payload._depth > MAX_DEPTH:
            raise ExtractionError(TOO_DEEP)
        super().attach(payload)

    def set_raw(self, name: str, value: str) -> None:
        self._bounds.count(name, value)
        super().set_raw(name, value)


def _header(message: EmailMessage, name: str) -> str:
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    try:
        value = str(message.get(name, "")) if len(raw) <= PARSED_CHARACTERS else _decoded_header(raw)
    except MALFORMED:
        value = _decoded_header(raw)
    return " ".join(value.split())


def _decoded_header(raw: str) -> str:
    try:
        return str(make_header(decode_header(raw))) if len(raw) <= DECODED_CHARACTERS else raw
    except MALFORMED:
        return raw


def _refuse_cut_and_locked(message: EmailMessage) -> None:
    if message.get_content_type() in ENCRYPTED and message.get_param("smime-type") != "signed-data":
        raise ExtractionError(LOCKED)
    for part in message.walk():
        if any(isinstance(d, CloseBoundaryNotFoundDefect | StartBoundaryNotFoundDefect) for d in part.defects):
            raise ExtractionError(CUT)


def _body(message: EmailMessage) -> str:
    """Return the mail's text; if it has none, its HTML as a person sees it."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = _content(part)
    if part.get_content_subtype() != "html":
        return text.strip()
    from documents.extraction.html import read

    return read(clean(text)).text


def _content(part: MIMEPart) -> str:
    """Decode a part. What a mail declares as its encoding is mostly right, unlike what a web page declares."""
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
    """Return where a passage is: `from Ada Lovelace, 3 May 2024`."""
    name, address = parseaddr(sender[:PARSED_CHARACTERS])
    author = (name or address)[:PLACE_CHARACTERS]
    return ", ".join(filter(None, (f"from {clean(author)}" if author else "", _day(date))))


def _day(date: str) -> str:
    try:
        moment: datetime = parsedate_to_datetime(date[:PARSED_CHARACTERS])
    except MALFORMED:
        return ""
    return f"{moment.day} {moment:%B %Y}"
