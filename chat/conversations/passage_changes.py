"""Says which passages that answers cite have changed, to a person who may read both versions. Synchronous."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch
from django.forms import model_to_dict

from chat.conversations import verified_state
from chat.models import Citation, Message, PassageChange
from search import passage_changes
from search.services import version_texts
from search.services.version_texts import Span

# Reads the citations of messages together with what became of their passages.
WITH_CHANGES = Prefetch("citations", Citation.objects.select_related("change"))


@dataclass(frozen=True)
class ShownChange:
    """A cited passage in the version that was cited and in the newer one; `new` is empty if it is gone there."""

    citation: Citation
    change: PassageChange
    old: str
    new: str

    @property
    def number(self) -> int:
        return self.citation.number

    @property
    def is_gone(self) -> bool:
        return self.change.state == PassageChange.State.GONE

    def in_short(self, answer: str) -> str:
        """Return what changed in a few words, with what the answer repeats first; empty if the passage is gone."""
        return "" if self.is_gone else passage_changes.in_short(self.old, self.new, answer)


def shown_changes(reader: int, citations: Iterable[Citation]) -> list[ShownChange]:
    """Return the changes that matter of these citations, with their texts: only where the person may read both.

    Costs nothing if there are none, as usual. The citations must have been read with their changes.
    """
    found = [(citation, change) for citation in citations if (change := _change(citation)) and change.matters]
    if not found:
        return []
    texts = version_texts.texts((span for pair in found for span in _spans(*pair)), reader)
    return [
        ShownChange(citation, change, *(texts[span] if span.end else "" for span in _spans(citation, change)))
        for citation, change in found
        if all(span in texts for span in _spans(citation, change))
    ]


def _change(citation: Citation) -> PassageChange | None:
    return getattr(citation, "change", None)


def _spans(citation: Citation, change: PassageChange) -> tuple[Span, Span]:
    old = Span(citation.source, citation.page, citation.start, citation.page, citation.end)
    return old, Span(change.source, change.page, change.start, change.end_page, change.end)


def attach(reader: int, messages: Sequence[Message]) -> Sequence[Message]:
    """Set `passage_changes` and `verified_state` of the messages that need it, and return all of them."""
    verified_state.attach(reader, messages)
    by_reply: dict[object, list[ShownChange]] = {}
    citations = [citation for message in messages for citation in message.citations.all()]
    for shown in shown_changes(reader, citations):
        by_reply.setdefault(shown.citation.reply_id, []).append(shown)
    for message in messages:
        message.passage_changes = by_reply.get(message.pk, ())
    return messages


def copy(replies: Mapping[UUID, UUID]) -> None:
    """Copy what became of the passages that these answers cite to the citations of their copies."""
    copies = {(row.reply_id, row.number): row.pk for row in Citation.objects.filter(reply__in=replies.values())}
    found = PassageChange.objects.filter(citation__reply__in=replies).select_related("citation")
    PassageChange.objects.bulk_create(
        PassageChange(
            citation_id=copies[replies[row.citation.reply_id], row.citation.number],
            **model_to_dict(row, exclude=["id", "citation"]),
        )
        for row in found
    )
