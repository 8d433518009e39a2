"""What travels to and from search: values, no rows."""

from dataclasses import dataclass
from uuid import UUID

from langai_site.sensitivity import Sensitivity


@dataclass(frozen=True)
class Reader:
    """A person with what they may see: ids of the collections, worked out afresh for each question."""

    user_id: int
    collections: tuple[int, ...]


@dataclass(frozen=True)
class PageText:
    """One page of a document as extraction found it; `number` from 1.

    `label` is what the page is called where that is no number: a slide, a sheet. Where each line is a row of a
    table, `first_row` is the number of the first.
    """

    number: int
    text: str
    label: str = ""
    first_row: int | None = None


@dataclass(frozen=True)
class Span:
    """A passage to be indexed: `text == page[start:end]`, offsets in characters."""

    text: str
    page: int
    start: int
    end: int
    heading: str = ""
    location: str = ""


@dataclass(frozen=True)
class SourceInfo:
    """What a new source is called and where it belongs."""

    document: UUID
    version: int
    collection_id: int
    title: str
    file_name: str
    media_type: str
    sensitivity: Sensitivity


@dataclass(frozen=True)
class Hit:
    """A passage that was found. `score` is the cosine similarity to the query, -1 to 1."""

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


@dataclass(frozen=True)
class Findings:
    """What a query found, best first; `notice` says, to the person who asked, what could not be searched."""

    hits: tuple[Hit, ...] = ()
    notice: str = ""


@dataclass(frozen=True)
class Excerpt:
    """A page of a source with the characters from `start` to `end` marked; a very long page is cut around them."""

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
