"""Pure: a verified answer that was found for a question."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from chat.llm.types import Numbered
from chat.values import VerifiedBy
from langai_site.sensitivity import Sensitivity
from search.types import VERIFIED_ANSWER, Hit


@dataclass(frozen=True)
class VerifiedMatch:
    """A verified answer to a question: its text, the passages that it cites, and the label of all of it.

    `documents` are those that its text comes from, and the answer itself.
    """

    by: VerifiedBy
    question: str
    text: str
    passages: tuple[Numbered, ...]
    label: Sensitivity
    documents: tuple[UUID, ...]


def found_answers(hits: Iterable[Hit]) -> tuple[UUID, ...]:
    """Return the sources among the hits that are verified answers, the best first."""
    return tuple(dict.fromkeys(hit.source_id for hit in hits if hit.media_type == VERIFIED_ANSWER))
