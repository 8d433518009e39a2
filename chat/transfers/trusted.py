"""Reads what only LangAI's own exports contain. A person can have changed such a file, so nothing of it is trusted."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, get_args, get_type_hints
from uuid import UUID

from chat.conversations import labels
from chat.models import Citation, Message
from chat.models.feedback import Reason
from chat.transfers import schema
from chat.transfers.readers.values import list_of, mapping_of, moment, text_of
from chat.turns.receipt import Receipt
from langai_site import sentences
from langai_site.sensitivity import Sensitivity

ENDED = frozenset(set(Message.Status.values) - {Message.Status.STREAMING})
# More than any answer has.
MOST_CITED = 100
COMMENT_MAX = 1_000
# The numbers of a citation with the largest, and its texts with their longest.
_WHOLE = {"number": 2**15 - 1, "version": 2**31 - 1, "page": 2**31 - 1, "start": 2**31 - 1, "end": 2**31 - 1}
_TEXTS = {"title": 300, "heading": 300, "location": 200, "language": 2}
_BY_SLUG = {label.slug: label for label in Sensitivity}


def label_of(slug: object) -> Sensitivity:
    return _BY_SLUG.get(text_of(slug), Sensitivity.PUBLIC)


def status_of(details: Mapping[str, Any]) -> str:
    status = text_of(details.get("status"))
    return status if status in ENDED else Message.Status.INTERRUPTED if status else Message.Status.COMPLETE


def receipt_of(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receipt as a row stores it; none if a value is not of its kind."""
    try:
        # That an owner verified an answer is true only where it was shown.
        row = {**mapping_of(details.get("receipt")), **schema.NOT_IN_RECEIPTS, "verified": None}
        receipt = Receipt.from_json(row)
        if not all(map(sentences.is_true, receipt.sentences)):
            receipt = Receipt.from_json(sentences.without_codes(row))
        return receipt.to_json() if all(map(_fits, _kinds(), (receipt,) * len(_kinds()))) else {}
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return {}


@cache
def _kinds() -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """Return the fields of a receipt with the plain types that their values may have."""
    return tuple((name, get_args(hint) or (hint,)) for name, hint in get_type_hints(Receipt).items())


def _fits(kind: tuple[str, tuple[Any, ...]], receipt: Receipt) -> bool:
    name, types = kind
    value = getattr(receipt, name)
    if isinstance(value, tuple):
        return all(isinstance(one, str) for one in value) or name in ("label_causes", "rejected")
    plain = tuple(one for one in types if one in (int, str, bool, Decimal, type(None)))
    return not plain or (isinstance(value, plain) and isinstance(value, bool) <= (bool in plain))


def citations_of(details: Mapping[str, Any], reply: UUID) -> Iterator[Citation]:
    numbers: set[int] = set()
    for row in map(mapping_of, list_of(details.get("citations"))[:MOST_CITED]):
        source, whole = uuid_of(row.get("source")), {name: row.get(name) for name in _WHOLE}
        are_whole = all(type(value) is int and 0 <= value <= _WHOLE[name] for name, value in whole.items())
        if source is None or not are_whole or row["number"] in numbers:
            continue
        numbers.add(row["number"])
        texts = {name: text_of(row.get(name)).replace("\0", "")[:most] for name, most in _TEXTS.items()}
        yield Citation(reply_id=reply, source=source, **whole, **texts)


def given_of(details: Mapping[str, Any]) -> list[UUID]:
    """Return the documents whose passages the answer was given."""
    found = map(uuid_of, list_of(details.get("given_documents"))[:MOST_CITED])
    return list(dict.fromkeys(key for key in found if key))


def causes_of(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = map(mapping_of, list_of(details.get("causes"))[:50])
    return labels.written(labels.Cause(label_of(row.get("label")), _words_of(row)) for row in rows)


def _words_of(row: Mapping[str, Any]) -> str:
    """Return the words of a cause as the sentence that they are, if their code and values say the same."""
    text = text_of(row.get("words"))[:300]
    found = sentences.with_code(text, row.get("sentence"))
    return found if sentences.is_true(found) else text


def opinion_of(details: Mapping[str, Any]) -> tuple[Sequence[str], str]:
    """Return the reasons and the comment of a person's opinion."""
    said = mapping_of(details.get("feedback"))
    reasons = [reason for reason in Reason.values if reason in list_of(said.get("reasons"))]
    return reasons, text_of(said.get("comment")).replace("\0", "")[:COMMENT_MAX]


def shown_at(details: Mapping[str, Any]) -> datetime | None:
    return moment(details.get("shown_at"))


def uuid_of(value: object) -> UUID | None:
    """Return an id; None for anything else."""
    try:
        return UUID(text_of(value))
    except ValueError:
        return None
