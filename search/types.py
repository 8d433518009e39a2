"""The values that search accepts and returns; no database rows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from langai_site.sensitivity import Sensitivity

# The media type of a verified answer, which is searched as a document that nobody uploaded.
VERIFIED_ANSWER = "text/x-verified-answer"


@dataclass(frozen=True)
class Reader:
    """A person with the ids of the collections that they may see, computed again for each question.

    `is_remembered`: vectors of what they ask may be cached.
    """

    user_id: int
    collections: tuple[int, ...]
    is_remembered: bool = True

    def only(self, collections: Iterable[int]) -> "Reader":
        """Return the same person limited to these collections; ids that they may not read are left out."""
        chosen = set(collections)
        return replace(self, collections=tuple(pk for pk in self.collections if pk in chosen))


@dataclass(frozen=True)
class Filters:
    """The limits of a search. None does not narrow it; an empty tuple excludes everything.

    `types` are media types. `since` and `until` are days (UTC), both included, on which a document was added.
    `max_label` leaves out passages with a higher label. `sources` are the documents that a question names.
    """

    collections: tuple[int, ...] | None = None
    types: tuple[str, ...] | None = None
    since: date | None = None
    until: date | None = None
    max_label: Sensitivity | None = None
    sources: tuple[UUID, ...] | None = None


@dataclass(frozen=True)
class PageText:
    """One page of a document as extraction found it; `number` from 1.

    `label` is the page's name if that is not a number: a slide, a sheet. If each line is a row of a table,
    `first_row` is the number of the first; `unit` says what to call them: a row, a line.
    """

    number: int
    text: str
    label: str = ""
    first_row: int | None = None
    unit: str = "row"


@dataclass(frozen=True)
class TextSpan:
    """A passage to be indexed: `text == page[start:end]`, offsets in characters."""

    text: str
    page: int
    start: int
    end: int
    heading: str = ""
    location: str = ""


@dataclass(frozen=True)
class SourceInfo:
    """The title of a new source and where it belongs; `folder` is the path of the one that it was imported from."""

    document: UUID
    version: int
    collection_id: int
    title: str
    file_name: str
    media_type: str
    sensitivity: Sensitivity
    folder: str = ""


@dataclass(frozen=True)
class Hit:
    """A passage that was found; `position` is its place in the document's reading order, from 0.

    `score` says how well it matches the query: 0 to 1, comparable within one search only. `language` is its two-letter
    code; "" if it is not clear. `foreign` is the same code if a question in another language found it for a prompt.
    `folder` is the path of the folder from which its document was imported.
    """

    passage_id: int
    source_id: UUID
    version: int
    title: str
    file_name: str
    collection: str
    page: int
    pages: int
    start: int
    end: int
    heading: str
    location: str
    text: str
    label: Sensitivity
    score: float
    collection_id: int = 0
    position: int = 0
    media_type: str = ""
    added_at: datetime | None = None
    language: str = ""
    foreign: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Findings:
    """The results of a query, best first; `notice` tells the person who asked what could not be searched."""

    hits: tuple[Hit, ...] = ()
    notice: str = ""


@dataclass(frozen=True)
class Excerpt:
    """A page of a source with the characters from `start` to `end` marked; a very long page is cut around them.

    `current` is the version that replaced it, if this one is no longer searched. `foreign` is the code of the marked
    text's language if an answer cites it for a question in another one. `document` is its id if the Library lists it.
    """

    source_id: UUID
    title: str
    file_name: str
    collection: str
    label: Sensitivity
    page: int
    pages: int
    start: int
    end: int
    heading: str
    location: str
    before: str
    marked: str
    after: str
    current: UUID | None = None
    media_type: str = ""
    foreign: str = ""
    document: UUID | None = None


@dataclass(frozen=True)
class OpenPage:
    """A page of a document as its reader opens it.

    `names` has the names of this page and its neighbours, if they are not numbers; `parts` the named parts of
    the document, such as sheets, with the page where each starts. `is_listed`: its collection has a page.
    """

    excerpt: Excerpt
    document: UUID
    version: int
    collection_id: int
    is_listed: bool
    media_type: str
    added_at: datetime
    names: dict[int, str]
    parts: tuple[tuple[int, str], ...]
