"""A language in which every translated text is in brackets: what a page shows outside of them was not translated."""

import re
from gettext import NullTranslations
from html.parser import HTMLParser

from django.utils.translation.trans_real import CONTEXT_SEPARATOR

OPEN, CLOSE = "⟦", "⟧"
# Read to people, or shown to them.
SEEN = {"alt", "aria-label", "aria-description", "aria-roledescription", "placeholder", "title"}
UNREAD = {"script", "style", "kbd", "code", "svg", "textarea"}
WORD = re.compile(r"[^\W\d_]{2,}")


class Bracketed(NullTranslations):
    """Every text, in brackets."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def language(self) -> str:
        return self._language

    to_language = language

    def gettext(self, message: str) -> str:
        # Django puts a context before the text.
        return f"{OPEN}{message.rpartition(CONTEXT_SEPARATOR)[2]}{CLOSE}" if message else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one if count == 1 else many)


class Outside(HTMLParser):
    """Collects what is outside of brackets, which may begin in one element and end in another."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unread = self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in UNREAD
        for name, value in attrs:
            if name in SEEN and value:
                self.found += outside(value)[0]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in UNREAD

    def handle_data(self, data: str) -> None:
        found, self._depth = outside(data, self._depth)
        if not self._unread:
            self.found += found


def outside(text: str, depth: int = 0) -> tuple[list[str], int]:
    """Return the pieces of a text that are in no brackets, and how many are open at its end."""
    pieces = [""]
    for sign in text:
        if sign == OPEN:
            depth += 1
        elif sign == CLOSE:
            depth -= 1
        elif depth == 0:
            pieces[-1] += sign
            continue
        pieces.append("")
    return [piece for piece in pieces if piece.strip()], depth


def untranslated(html: str, data: re.Pattern[str]) -> list[str]:
    """Return the words of a page that were not translated; what matches `data` comes from people."""
    page = Outside()
    page.feed(html)
    page.close()
    return [" ".join(text.split()) for text in page.found if WORD.search(data.sub("", text))]
