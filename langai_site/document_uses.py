"""What is kept of documents elsewhere: quotations, citations, labels. The rooms that keep it register here."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from langai_site.sensitivity import Sensitivity


class LabelHistory(Protocol):
    """The labels that some documents had at earlier times."""

    def between(self, document: UUID, start: datetime, end: datetime) -> tuple[Sensitivity, Sensitivity] | None:
        """Return the lowest and the highest label of `document` from `start` to `end`; None if they are not known."""


class _NoHistory:
    def between(self, document: UUID, start: datetime, end: datetime) -> tuple[Sensitivity, Sensitivity] | None:
        return None


# From the text before a passage, the passage, and the text after it to HTML; None if it cannot be marked there.
PassageDrawing = Callable[[str, str, str], str | None]


class Quotations(Protocol):
    """The reactions of the app that keeps conversations when the label of a document or a collection rises."""

    def count_quoting(self, labelled: Any) -> int:  # noqa: ANN401 - a value of search, which is not known here
        """Return how many conversations quote it; `labelled` is search's."""

    def begin(self, rise: int) -> None:
        """Start working on the row of a rise, inside the transaction that created it."""


_quotations: list[Quotations] = []
_replacements: list[Callable[[UUID], object]] = []
_relabelled: list[Callable[[UUID], object]] = []
_answer_counts: list[Callable[[Any], Mapping[UUID, int]]] = []
_passage_drawings: list[PassageDrawing] = []
_looked_after: list[Callable[[Any], Any]] = []
_histories: list[Callable[[Iterable[UUID]], LabelHistory]] = []


def history_of_labels(read: Callable[[Iterable[UUID]], LabelHistory]) -> None:
    """Register `read(documents)`, which reads the recorded labels of these documents."""
    _histories[:] = [read]


def label_history(documents: Iterable[UUID]) -> LabelHistory:
    """Return what is known of the labels that these documents had."""
    return _histories[0](documents) if _histories else _NoHistory()


def draw_passages(draw: PassageDrawing) -> None:
    """Register the function that draws passages of markdown documents."""
    _passage_drawings[:] = [draw]


def passage_drawing() -> PassageDrawing | None:
    """Return the function that draws passages of markdown documents, if there is one."""
    return _passage_drawings[0] if _passage_drawings else None


def quotations(kept: Quotations) -> None:
    """Register `kept`, which knows the conversations that quote documents."""
    _quotations[:] = [kept]


def quoting_conversations(labelled: object) -> int:
    """Return how many conversations quote a document or a collection."""
    return sum(kept.count_quoting(labelled) for kept in _quotations)


def label_rose(rise: int) -> None:
    """Raise the first of the conversations that quote what a rise is about."""
    for kept in _quotations:
        kept.begin(rise)


def after_replacement(begin: Callable[[UUID], object]) -> None:
    """Register `begin(source)`, called in the transaction in which a version goes live in place of another."""
    _replacements[:] = [begin]


def version_replaced(source: UUID) -> None:
    """Say that this version of a document has gone live in place of another."""
    for begin in _replacements:
        begin(source)


def after_relabelling(follow: Callable[[UUID], object]) -> None:
    """Register `follow(document)`, called in the transaction in which a document gets another label or collection."""
    _relabelled.append(follow)


def relabelled(document: UUID) -> None:
    """Say that a document may have another label now, or other readers."""
    for follow in _relabelled:
        follow(document)


def answer_counts(read: Callable[[Any], Mapping[UUID, int]]) -> None:
    """Register `read(documents)`: how many answers cite each of these documents, given as ids or a query of them."""
    _answer_counts[:] = [read]


def answers_citing(documents: object) -> Mapping[UUID, int]:
    """Return how many answers cite each of these documents, ids or a query of them; not cited: left out."""
    return _answer_counts[0](documents) if _answer_counts else {}


def documents_looked_after(read: Callable[[Any], Any]) -> None:
    """Register `read(person)`: a query of the ids of the documents that the person manages or owns."""
    _looked_after[:] = [read]


def looked_after_by(person: Any) -> Any:  # noqa: ANN401 - a user and a query, whose classes are not known here
    """Return a query of the ids of the documents that a person manages or owns; an empty list without documents."""
    return _looked_after[0](person) if _looked_after else []
