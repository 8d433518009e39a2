"""A language in which every translated text stands in brackets, so that a test sees what is not translated."""

import re
from collections.abc import Callable, Collection, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation

OPEN, CLOSE = "⟦", "⟧"
_TRANSLATED = re.compile(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
# Attributes that people see or hear, and elements without words for them.
SPOKEN = ("title", "aria-label", "placeholder", "alt")
SILENT = ("script", "style", "code", "time", "kbd", "svg")
VOID = {"input", "br", "img", "link", "meta", "hr", "use", "path", "rect", "source"}


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all pages speak it."""
    translations: Any = translation._trans  # type: ignore[attr-defined]
    for name in ("gettext", "pgettext", "ngettext", "npgettext"):
        monkeypatch.setattr(translations, name, _bracketed(getattr(translations, name)))


def _bracketed(translate: Callable[..., str]) -> Callable[..., str]:
    def translated(*texts: Any) -> str:
        text = translate(*texts)
        return f"{OPEN}{text}{CLOSE}" if text.strip() else text

    return translated


class _Words(HTMLParser):
    """Collects the texts of `<main>`, or of the admin's content, outside silent elements."""

    def __init__(self, within: str) -> None:
        super().__init__()
        self._within = within
        self._silent = 0
        self._depth = 0
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if not self._depth and self._within not in (tag, values.get("id")):
            return
        if tag not in VOID:
            self._depth += 1
            self._silent += bool(self._silent or tag in SILENT)
        if not self._silent:
            self.found += [value for name in SPOKEN if (value := values.get(name))]
            if tag == "input" and values.get("type") == "submit":
                self.found.append(values.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in VOID:
            self._depth -= 1
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if self._depth and not self._silent:
            self.found.append(data)


def untranslated(html: str, data: Collection[str], within: str = "main") -> Iterator[str]:
    """Yield the texts with letters outside brackets, as far as they are not `data` that a person wrote."""
    words = _Words(within)
    words.feed(html)
    left = "\n".join(" ".join(text.split()) for text in words.found)
    while (shorter := _TRANSLATED.sub("", left)) != left:
        left = shorter
    for known in sorted(data, key=len, reverse=True):
        left = left.replace(known, "")
    yield from (line for line in left.split("\n") if re.search(r"[A-Za-z]{2,}", line))
