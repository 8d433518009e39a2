"""Reads mails: who wrote when to whom about what, the text, the mails forwarded in it and the files attached to it."""

from pathlib import Path

from documents.extraction import inner_files, mail_parts
from documents.extraction.collected import TOO_MUCH_IN_ALL, CollectedParts
from documents.extraction.encodings import clean
from documents.extraction.grids import barred_tables
from documents.extraction.layout import paged
from documents.extraction.mail_parts import SHOWN, Mail, MailFile, day_of, sender_of
from documents.extraction.quoted_mails import QuotedMail, own_text, quoted_mails
from documents.extraction.reading import note
from documents.extraction.types import Extracted, ExtractionError, LimitReachedError, Limits, Unread
from documents.sentences import said
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop(
    "This is not a mail, though its name says so: it has no sender, recipient, date or subject. Save it again as .eml."
)
PLACE_CHARACTERS = 80
# How many files are read in one mail, and how many mails deep.
MAX_FILES = 200
MAX_DEPTH = 8
# The value of a note: documents.notes makes a sentence of it.
NOT_READ = "%(name)s: %(reason)s"
TOO_MANY = said(gettext_noop("At most %(max_files)s files in a mail are read."), max_files=str(MAX_FILES))
LEFT_OUT = gettext_noop("mails for which one document has no room, the first: %(first)s")
TOO_DEEP = said(gettext_noop("It is more than %(max_depth)s mails deep."), max_depth=str(MAX_DEPTH))


def extract(path: Path, limits: Limits) -> Extracted:
    mail = mail_parts.parsed(path.read_bytes())
    if not mail.is_one:
        raise ExtractionError(NOT_ONE)
    return read(mail, limits)


def read(mail: Mail, limits: Limits) -> Extracted:
    """Return a mail with everything in it, each part with its own place."""
    writer = MailWriter(limits)
    writer.write(mail)
    return writer.extracted(mail.headers.get("Subject", ""))


class MailWriter:
    """Collects the pages of mails and of the files in them."""

    def __init__(self, limits: Limits) -> None:
        self._parts = CollectedParts(limits)
        self._files = 0
        # Where texts are for which there was no room.
        self._left_out: list[str] = []

    def extracted(self, title: str) -> Extracted:
        if self._left_out:
            note(Unread.PART, said(LEFT_OUT, first=self._left_out[0]), count=len(self._left_out))
        return Extracted(clean(title)[:300], tuple(self._parts.pages), tuple(self._parts.headings))

    def write(self, mail: Mail, place: str = "", depth: int = 0) -> None:
        """Add a mail. `place` says where it is in the document: empty for the mail that is the document."""
        self._write_text(mail, place)
        for attached in mail.attached:
            if isinstance(attached, Mail):
                self._write_inner(attached, place, depth)
            else:
                self._write_file(attached, place, depth)

    def _write_text(self, mail: Mail, place: str) -> None:
        body, quoted = clean(mail.body), quoted_mails(clean(mail.body))
        blocks = (
            "\n".join(f"{name}: {mail.headers[name]}" for name in SHOWN if mail.headers.get(name)),
            own_text(body, quoted),
            f"Attachments: {', '.join(map(_named, mail.attached))}" if mail.attached else "",
        )
        heading = mail.headers.get("Subject", "") if place else ""
        self._add(clean("\n\n".join(filter(None, blocks))), _joined(place, _written(mail)), heading)
        for one in quoted:
            self._add(body[one.start : one.end].strip(), _joined(place, _quoted(one)))

    def _add(self, text: str, place: str, heading: str = "") -> None:
        """Add a text. If there is no more room for it, what was read is kept and a note tells of the rest."""
        if not text.strip():
            return
        try:
            self._parts.add(paged(text, barred_tables(text)), place, heading)
        except ExtractionError:
            if not self._parts.pages:
                raise
            self._left_out.append(place)

    def _write_inner(self, mail: Mail, place: str, depth: int) -> None:
        if depth < MAX_DEPTH:
            self.write(mail, _joined(place, _named(mail)), depth + 1)
        else:
            note(Unread.ATTACHMENT, said(NOT_READ, name=_named(mail), reason=TOO_DEEP))

    def _write_file(self, file: MailFile, place: str, depth: int) -> None:
        self._files += 1
        where = _joined(place, f"attachment {_short(file.name)}")
        try:
            self._read_file(file, where, depth)
        except LimitReachedError:
            raise
        except ExtractionError as error:
            note(Unread.ATTACHMENT, said(NOT_READ, name=_short(file.name), reason=error.sentence))

    def _read_file(self, file: MailFile, where: str, depth: int) -> None:
        if self._files > MAX_FILES:
            raise ExtractionError(TOO_MANY)
        suffix = inner_files.suffix_of(file.name, file.media_type)
        if suffix == ".eml":
            if depth >= MAX_DEPTH:
                raise ExtractionError(TOO_DEEP)
            inner = mail_parts.parsed(file.data())
            if not inner.is_one:
                raise ExtractionError(NOT_ONE)
            self.write(inner, where, depth + 1)
        else:
            if not self._parts.rest().max_pages:
                raise ExtractionError(TOO_MUCH_IN_ALL)
            extracted = inner_files.read(file.name, file.media_type, file.data(), self._parts.rest())
            self._parts.add(extracted, where, file.name)


def _joined(*places: str) -> str:
    return ", ".join(filter(None, places))


def _named(attached: MailFile | Mail) -> str:
    """Return what an attachment is called in the list of them and in places."""
    if isinstance(attached, MailFile):
        return attached.name
    subject = _short(attached.headers.get("Subject", ""))
    return f"forwarded mail “{subject}”" if subject else "a forwarded mail"


def _written(mail: Mail) -> str:
    """Return who wrote a mail when: `from Ada Lovelace, 3 May 2024`."""
    author = _short(sender_of(mail.headers.get("From", "")))
    return _joined(f"from {author}" if author else "", day_of(mail.headers.get("Date", "")))


def _quoted(mail: QuotedMail) -> str:
    kind, author = "forwarded mail" if mail.forwarded else "quoted mail", _short(sender_of(mail.sender))
    return _joined(f"{kind} from {author}" if author else kind, day_of(mail.date) or _short(mail.date))


def _short(text: str) -> str:
    return " ".join(clean(text).split())[:PLACE_CHARACTERS].strip()
