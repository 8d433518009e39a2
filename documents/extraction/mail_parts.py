"""Parses mails: their headers, the text that is meant to be read, and the files in them, within limits."""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.errors import CloseBoundaryNotFoundDefect, MessageError, StartBoundaryNotFoundDefect
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime

from documents.extraction.encodings import clean, decode, decoded
from documents.extraction.types import ExtractionError
from documents.names import shown_name
from documents.sentences import said
from langai_site.words import gettext_noop

CUT = gettext_noop("This mail is not complete: its end is missing. Save or download it again.")
LOCKED = gettext_noop("This mail is encrypted. Save its text without encryption and upload that.")

SHOWN = ("Subject", "From", "To", "Cc", "Date")
# They prove who wrote a mail, and say nothing.
SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
# Exceptions of the standard library's header parsers for malformed headers of many kinds.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, MessageError)

# The time to parse a header grows with the square of its length. If it is longer, its words are decoded or it is
# shown unchanged.
PARSED_CHARACTERS = 4000
DECODED_CHARACTERS = 100_000
MAX_PARTS = 1000
MAX_DEPTH = 50
MAX_TYPE_CHARACTERS = 200_000
TOO_MANY_PARTS = said(
    gettext_noop("This mail has more than %(max_parts)s parts. Save the files in it and upload those."),
    max_parts=MAX_PARTS,
)
TOO_DEEP = said(
    gettext_noop("This mail nests its parts more than %(max_depth)s levels deep. Save the mails in it as files."),
    max_depth=str(MAX_DEPTH),
)
TOO_LONG = gettext_noop(
    "This mail describes its parts in headers that are too long to be read. Save its text, and the files in it, and "
    "upload those."
)
# If another version of the text is longer than this many times the first, the first only says to read the other.
MUCH_LONGER = 4


@dataclass(frozen=True)
class MailFile:
    """A file in a mail. `data` decodes its bytes when they are needed."""

    name: str
    media_type: str
    data: Callable[[], bytes]


@dataclass(frozen=True)
class Mail:
    """A mail as people read it; `headers` by the names in SHOWN, empty if it does not have them."""

    headers: dict[str, str]
    body: str
    attached: "tuple[MailFile | Mail, ...]" = ()

    @property
    def is_one(self) -> bool:
        return any(self.headers.get(name) for name in SHOWN)


def parsed(data: bytes, *, is_one: bool = False) -> Mail:
    """Parse the bytes of a mail. Raises ExtractionError if it is cut, encrypted or exceeds the limits.

    `is_one`: it is known to be a mail, even without one of the headers in SHOWN.
    """
    message = BytesParser(_class=Bounds().part, policy=policy.default).parsebytes(data)  # type: ignore[arg-type]
    return read_message(message, is_one=is_one)


def read_message(message: EmailMessage, *, is_one: bool = False) -> Mail:
    mail = Mail({name: _header(message, name) for name in SHOWN}, "")
    if not is_one and not mail.is_one:
        return mail
    _refuse_cut_and_locked(message)
    parts = _parts(message)
    body = "\n\n".join(filter(None, (text.strip() for text in parts.texts)))
    return Mail(mail.headers, body, tuple(_attached(parts.files)))


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


@dataclass
class MailTexts:
    """The texts of a mail that are meant to be read one after the other, and the parts that are files."""

    texts: list[str] = field(default_factory=list)
    files: list[EmailMessage] = field(default_factory=list)

    def characters(self) -> int:
        return sum(len(text.strip()) for text in self.texts)


def _parts(part: EmailMessage) -> MailTexts:
    """Return the texts of a part and the files in it, however deep; the depth is bounded by the parser."""
    kind = part.get_content_type()
    if kind.startswith("multipart/"):
        inner = [_parts(one) for one in _inner(part)]
        shown = [_chosen(inner)] if kind == "multipart/alternative" else inner
        return MailTexts([text for one in shown for text in one.texts], [file for one in inner for file in one.files])
    if kind in ("text/plain", "text/html") and not _is_file(part):
        return MailTexts(texts=[_text(part)])
    if kind in ("message/delivery-status", "text/rfc822-headers"):
        return MailTexts(texts=["\n\n".join(str(one).strip() for one in _inner(part)) or _text(part)])
    return MailTexts(files=[part])


def _inner(part: EmailMessage) -> Iterable[EmailMessage]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, EmailMessage)] if isinstance(payload, list) else []


def _is_file(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _chosen(versions: list[MailTexts]) -> MailTexts:
    """Return the version of a text that says most with least markup.

    The first is the plain one, unless it only tells programs without HTML that there is more.
    """
    told = [version for version in versions if version.characters()]
    longest = max(told, key=MailTexts.characters, default=MailTexts())
    return longest if not told or longest.characters() > MUCH_LONGER * told[0].characters() else told[0]


def _text(part: MIMEPart) -> str:
    """Return a part's words; HTML as a person sees it."""
    text = _content(part)
    if part.get_content_subtype() != "html":
        return text
    from documents.extraction.html import read

    return read(clean(text)).text


def _content(part: MIMEPart) -> str:
    """Decode a part. What a mail declares as its encoding is mostly right, unlike what a web page declares."""
    data, declared = part.get_payload(decode=True), part.get_content_charset("")
    if not isinstance(data, bytes):
        return ""
    return (None if declared in ("", "us-ascii") else decoded(data, declared)) or decode(data)


def _attached(parts: Iterable[EmailMessage]) -> Iterable["MailFile | Mail"]:
    for part in parts:
        name, kind = _file_name(part), part.get_content_type()
        if kind in SIGNATURES:
            continue
        if kind == "message/rfc822" and (mail := _inner_mail(part)):
            yield mail
        else:
            yield MailFile(shown_name(name) if name else f"a file ({kind})", kind, lambda part=part: _bytes(part))  # type: ignore[misc]


def _inner_mail(part: EmailMessage) -> Mail | None:
    """Return a forwarded mail, also one that was encoded, which the standard forbids and programs do."""
    inner = next(iter(_inner(part)), None)
    if inner is None:
        return None
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        text = inner.get_payload()
        try:
            return parsed(base64.b64decode(text if isinstance(text, str) else "", validate=False))
        except (binascii.Error, ValueError):
            return None
    return read_message(inner)


def _bytes(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _file_name(part: EmailMessage) -> str:
    try:
        return part.get_filename() or ""
    except MALFORMED:
        return ""


def sender_of(header: str) -> str:
    """Return the name in a header with addresses, or the address if it has no name."""
    if "@" not in header:
        return header.strip()
    name, address = parseaddr(header[:PARSED_CHARACTERS])
    return name or address


def day_of(date: str) -> str:
    """Return the day of a date header as people write it, `3 May 2024`; "" if it is not a date."""
    try:
        moment: datetime = parsedate_to_datetime(date[:PARSED_CHARACTERS])
    except MALFORMED:
        return ""
    return f"{moment.day} {moment:%B %Y}"
