"""Pure: finds mails that are quoted in the text of another one, as forwarding and answering programs write them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

# The names of these headers in the languages of common mail programs.
SENDER = "From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä|От|Від|Από|Kimden|差出人|发件人|寄件者|보낸 사람|מאת|من"
# A mail has one of these; other things that go from somebody to somebody do not.
SUBJECTS = (
    "Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Temat|Předmět|Тема|Konu|件名|主题|主旨|제목|"
    "נושא|الموضوع"
)
SENT = (
    "Sent|Gesendet|Envoyé|Enviado|Inviato|Enviada|Verzonden|Skickat|Sendt|Wysłano|Отправлено|Gönderildi|送信日時|"
    "发送时间"
)
DATES = "Date|Datum|Fecha|Data|Dato|Дата|Tarih|日付|日期|날짜|תאריך|التاريخ"
HEADER = r"^[> \t]*\*?(?:{names})\*?\s?[:\uff1a]\*?[ \t]*(?P<value>\S.*)?$"
FROM = re.compile(HEADER.format(names=SENDER), re.MULTILINE)
SENT_LINE = re.compile(HEADER.format(names=SENT))
SUBJECT_LINE = re.compile(HEADER.format(names=SUBJECTS))
# A line that is not blank and has no mark of a quotation.
UNMARKED = re.compile(r"^[ \t]*[^>\s]", re.MULTILINE)
TELLING = re.compile(HEADER.format(names=f"{SUBJECTS}|{SENT}"))
DATE = re.compile(HEADER.format(names=f"{SENT}|{DATES}"))
# A line above the headers that says what follows: `---------- Forwarded message ---------`, `Begin forwarded message:`.
RULE = re.compile(r"[> \t]*(?:[-_=]{5,}.*|.{3,60}[:\uff1a])\s*$")
FORWARDED = re.compile(
    r"forward|weitergeleitet|transféré|transmis|reenviad|inoltrat|encaminhad|doorgestuurd|vidarebefordra|videresend|"
    r"przekazan|пересыла|пересланн|iletilen|转发|轉寄|転送|전달",
    re.IGNORECASE,
)
HEADERS_BELOW = 5
MAX_QUOTED = 200


@dataclass(frozen=True)
class QuotedMail:
    """Where a quoted mail starts, at the line that announces it, and ends, with its sender and date as written."""

    start: int
    end: int
    sender: str
    date: str
    forwarded: bool


def quoted_mails(text: str) -> list[QuotedMail]:
    """Return the mails that are quoted in `text` with their headers, in order."""
    found: list[QuotedMail] = []
    for mail in _found(text):
        if len(found) == MAX_QUOTED:
            break
        if found:
            found[-1] = replace(found[-1], end=min(found[-1].end, mail.start))
        found.append(mail)
    return found


def own_text(text: str, quoted: Sequence[QuotedMail]) -> str:
    """Return what is before, between and below the quoted mails."""
    ends = [0, *(mail.end for mail in quoted)]
    starts = [*(mail.start for mail in quoted), len(text)]
    parts = (text[end:start].strip() for end, start in zip(ends, starts, strict=True))
    return "\n\n".join(filter(None, parts))


def _found(text: str) -> Iterator[QuotedMail]:
    for match in FROM.finditer(text):
        below = text[match.end() : match.end() + 2000].split("\n")[1 : HEADERS_BELOW + 1]
        dated = any(DATE.match(line) for line in below)
        if not any(TELLING.match(line) for line in below) and not (dated and "@" in (match["value"] or "")):
            continue
        start, announced = _announced(text, match.start())
        is_marked = match[0].lstrip().startswith(">")
        if not is_marked and not announced and not _is_header([match[0], *below]):
            continue
        # Below a quotation whose lines are marked, the mail goes on.
        unmarked = UNMARKED.search(text, match.end()) if is_marked else None
        end = unmarked.start() if unmarked else len(text)
        date = next((found["value"] for line in below if (found := DATE.match(line)) and found["value"]), "")
        yield QuotedMail(start, end, match["value"] or "", date, bool(FORWARDED.search(announced)))


def _is_header(lines: Sequence[str]) -> bool:
    """Return whether lines that nothing announces are of a mail: an address, or when it was sent about what."""
    header = list(takewhile(str.strip, lines))
    return any("@" in line for line in header) or (
        any(map(SENT_LINE.match, header)) and any(map(SUBJECT_LINE.match, header))
    )


def _announced(text: str, start: int) -> tuple[int, str]:
    """Return where the line that announces the mail starts, and the line; `start` and "" if there is none."""
    above = text[max(0, start - 300) : start].rstrip("\n> ")
    line = above.rpartition("\n")[2]
    if not line.strip() or not RULE.match(line):
        return start, ""
    return max(0, start - 300) + len(above) - len(line), line
