"""The results as the search page shows them: passages by document, cut to the matching part, words marked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from search.language_names import in_language
from search.pages.forms import SearchForm
from search.pages.plain_words import plain_words
from search.pages.snippets import Match, SnippetPiece, snippet
from search.places import page_text, place_text
from search.types import VERIFIED_ANSWER, Hit

# Passages of a document that are shown at first; a click shows the others.
SHOWN = 3

MARKDOWN = "text/markdown"
KINDS = {
    "application/json": "JSON",
    "application/pdf": "PDF",
    "application/rtf": "RTF",
    "application/vnd.oasis.opendocument.text": "OpenDocument",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "message/rfc822": gettext_noop("E-mail"),
    "text/csv": "CSV",
    "text/html": gettext_noop("Web page"),
    MARKDOWN: "Markdown",
    "text/plain": gettext_noop("Text"),
    "text/tab-separated-values": "TSV",
    "text/x-rst": "reStructuredText",
    VERIFIED_ANSWER: gettext_noop("Verified answer"),
}

Matcher = Callable[[str], Sequence[Match]]


def kind_of(media_type: str) -> str:
    """Return the usual name of a media type."""
    return _(KINDS[media_type]) if media_type in KINDS else media_type.rpartition("/")[2]


@dataclass(frozen=True)
class ShownPassage:
    """A found passage with its address; `pieces` are its text, marked or not."""

    hit: Hit
    url: str
    pieces: list[SnippetPiece]
    asked_in: str = ""

    @property
    def language(self) -> str:
        """Return "in" and its language if that is another than the question's; "" if not, or if it is unclear."""
        return in_language(self.hit.language) if self.asked_in not in ("", self.hit.language) else ""

    @property
    def heading(self) -> str:
        return words_of(self.hit, self.hit.heading)

    @property
    def place(self) -> str:
        """Return where in the document it is, as people say it; empty if the document has one page."""
        return place_text(self.hit.location) or (page_text(self.hit.page) if self.hit.pages > 1 else "")

    @property
    def details(self) -> str:
        """Return its place, its heading and, if that is not the question's, its language."""
        return " · ".join(filter(None, (self.place, self.heading, self.language)))


@dataclass(frozen=True)
class FoundDocument:
    """A document with the passages found in it, best first."""

    passages: list[ShownPassage]

    @property
    def hit(self) -> Hit:
        return self.passages[0].hit

    @property
    def kind(self) -> str:
        return kind_of(self.hit.media_type)

    @property
    def shown(self) -> list[ShownPassage]:
        return self.passages[:SHOWN]

    @property
    def others(self) -> list[ShownPassage]:
        return self.passages[SHOWN:]


@dataclass(frozen=True)
class ChosenFilter:
    """The choice in a filter, in words; `some`: whether it narrows the search."""

    text: str
    some: bool


def by_document(hits: Sequence[Hit], matches: Matcher, asked_in: str = "") -> list[FoundDocument]:
    """Return the documents in the order of their best passages. `asked_in` is the code of the question's language."""
    found: dict[object, FoundDocument] = {}
    for hit in hits:
        text = words_of(hit, hit.text)
        passage = ShownPassage(hit, passage_url(hit), snippet(text, matches(text)), asked_in)
        found.setdefault(hit.source_id, FoundDocument([])).passages.append(passage)
    return list(found.values())


def words_of(hit: Hit, text: str) -> str:
    """Return a text of the found passage without signs of markdown, if its document has any."""
    return plain_words(text) if hit.media_type == MARKDOWN else text


def chosen(form: SearchForm, collections: Mapping[int, str]) -> dict[str, ChosenFilter]:
    """Return the texts of the filter buttons."""
    names = [collections[pk] for pk in form.collections if pk in collections]
    kinds = [kind_of(media_type) for media_type in form.types]
    return {
        "collections": ChosenFilter(_collections(names, form), bool(form.collections)),
        "types": ChosenFilter(_types(kinds), bool(form.types)),
        "dates": ChosenFilter(_days(form) or _("Any date"), bool(form.since or form.until)),
    }


def _collections(names: Sequence[str], form: SearchForm) -> str:
    if len(names) > 1:
        return ngettext("%(count)s collection", "%(count)s collections", len(names)) % {"count": len(names)}
    if names:
        return names[0]
    return _("No collection") if form.collections else _("All collections")


def _types(kinds: Sequence[str]) -> str:
    if len(kinds) > 1:
        return ngettext("%(count)s type", "%(count)s types", len(kinds)) % {"count": len(kinds)}
    return kinds[0] if kinds else _("Any type")


def found_words(passages: int, documents: int) -> str:
    """Return how much was found: `3 passages in 2 documents`."""
    found = ngettext("%(count)s passage", "%(count)s passages", passages) % {"count": passages}
    among = ngettext("%(found)s in %(count)s document", "%(found)s in %(count)s documents", documents)
    return among % {"found": found, "count": documents}


def _days(form: SearchForm) -> str:
    since, until = (day and date_format(day, "j M Y") for day in (form.since, form.until))
    if since and until:
        return since if since == until else _("%(first)s to %(last)s") % {"first": since, "last": until}
    if since:
        return _("Since %(day)s") % {"day": since}
    return _("Until %(day)s") % {"day": until} if until else ""


def passage_url(hit: Hit) -> str:
    query = urlencode({"page": hit.page, "start": hit.start, "end": hit.end})
    return f"{reverse('search:source', args=[hit.source_id])}?{query}#marked"
